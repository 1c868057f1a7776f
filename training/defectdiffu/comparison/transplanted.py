"""Windows with transplanted defects: real defects, varied, at fitting places of normal photographs."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..data.layout import Pair
from ..data.windows import WindowCutter, corner_around, resized_pair
from ..evaluation.real_windows import Windows, join
from ..transplant.limits import limits_of
from ..transplant.part import part_of
from ..transplant.place import Area
from ..transplant.transfer import is_small, shows
from ..transplant.transplant import GoodPhotograph, Transplant, lay_on_best, vary_defect
from ..transplant.variation import VARIED
from .crops import Crops, no_windows
from .photographs import TooFew

PHOTOGRAPHS = 3  # normal ones that are tried for each defect
STRENGTHS = (0.6, 1.2)  # drawn evenly
SEEDS = 2**31
ATTEMPTS = 100  # to make a window


class Donors(Protocol):
    """Defects with masks: those of photographs (Crops), or drawn ones (DrawnDonors)."""

    @property
    def pairs(self) -> list[Pair]: ...

    def window(self, index: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """image uint8 [h, w, 3], mask bool [h, w]"""
        ...


def by_pair(pairs: list[Pair]) -> list[np.ndarray]:
    """The indices of each pair, int [n], in the order in which the pairs come."""
    groups: dict[Pair, list[int]] = {}
    for i, pair in enumerate(pairs):
        groups.setdefault(pair, []).append(i)
    return [np.array(group) for group in groups.values()]


class DrawnDonors:
    """Samples of a bundle. Raises TooFew when none has a mask."""

    def __init__(self, samples: dict[Pair, Windows]):
        self.pairs = [pair for pair, windows in samples.items() for mask in windows.mask if mask.any()]
        drawn = [windows.take(np.flatnonzero(windows.mask.any((1, 2)))) for windows in samples.values()]
        if not self.pairs:
            raise TooFew("no sample of other products has a mask")
        self._windows = join(drawn)

    def window(self, index: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        return self._windows.image[index], self._windows.mask[index]


class TransplantedCrops:
    """Fresh windows: no two draws show the same defect in the same way at the same place.

    `anywhere`: more varied, and laid without regard to the surroundings.
    `of_others`: the donors are other products. Each of their pairs comes as often, and a defect is resized to be as
    large in a window as it was in a window of its own product.
    """

    def __init__(
        self,
        donors: Donors,
        normal: Crops,
        anywhere: bool = False,
        of_others: bool = False,
        strength_factor: float = 1.0,
    ):
        self._donors, self._normal, self._anywhere, self._of_others = donors, normal, anywhere, of_others
        self._strength_factor = strength_factor
        self._parts: dict[WindowCutter, Area | None] = {}
        self._groups = by_pair(donors.pairs) if of_others else [np.arange(len(donors.pairs))]

    def draw(self, rng: np.random.Generator, count: int) -> Windows:
        """`Windows.source` counts the donors. Raises TooFew when the donors give no defect that shows."""
        if not count:
            return no_windows(self._normal.size)
        made = [self._one(rng) for _ in range(count)]
        return Windows(*(np.stack(part) for part in zip(*made, strict=True)))

    def _one(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.int64]:
        """image, mask, donor"""
        for _ in range(ATTEMPTS):
            donor = rng.choice(self._groups[rng.integers(len(self._groups))])
            image, mask = self._donors.window(donor, rng)
            cutters = [self._normal.cutters[i] for i in rng.integers(len(self._normal), size=PHOTOGRAPHS)]
            places = [cutter.place(rng) for cutter in cutters]
            side = places[0][2]
            if self._of_others:
                image, mask = resized_pair(image, mask, (side, side))
            if not mask.any() or (self._of_others and not is_small(mask, side)):
                continue
            cut_off = _reaches_border(mask)  # by the border of its own window: so it has to be by that of the new one
            grounds = [
                self._ground(cutter, place if cut_off else None) for cutter, place in zip(cutters, places, strict=True)
            ]
            seed, strength = int(rng.integers(SEEDS)), self._strength_factor * float(rng.uniform(*STRENGTHS))
            variants = vary_defect(image, mask, seed, VARIED if self._anywhere else limits_of(cutters[0].rule))
            laid = lay_on_best(grounds, variants, strength, self._anywhere)
            if laid is None:
                continue
            index, made = laid
            if not made.mask.any() or (self._of_others and not shows(grounds[index].photograph, made)):
                continue
            return *cutters[0].finish(*_window_of(made, side, rng), rng), donor
        raise TooFew(f"none of {ATTEMPTS} transplanted defects shows")

    def _ground(self, cutter: WindowCutter, window: tuple[int, int, int] | None) -> GoodPhotograph:
        """The whole photograph, or a window of it. The part is looked for once."""
        if cutter not in self._parts:
            self._parts[cutter] = part_of(cutter.image)
        photograph, part = cutter.image, self._parts[cutter]
        if window is not None:
            top, left, side = window
            photograph = photograph[top : top + side, left : left + side]
            part = part and part._replace(pixels=part.pixels[top : top + side, left : left + side])
        return GoodPhotograph(photograph, part)


def _reaches_border(mask: np.ndarray) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def _window_of(made: Transplant, side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A square with a pixel of the defect in its middle half, as far as the photograph's border allows."""
    height, width = made.mask.shape
    side = min(side, height, width)
    top, left = corner_around(np.argwhere(made.mask), (height, width), side, rng)
    return made.image[top : top + side, left : left + side], made.mask[top : top + side, left : left + side]
