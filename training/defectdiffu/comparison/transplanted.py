"""Windows with transplanted defects: real defects, varied, at fitting places of normal photographs."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ..data.windows import WindowCutter
from ..evaluation.real_windows import Windows
from ..transplant.limits import limits_of
from ..transplant.transplant import Transplant, best_photograph, lay_fit, vary_defect
from .crops import Crops, no_windows

PHOTOGRAPHS = 3  # normal ones that are tried for each defect
STRENGTHS = (0.6, 1.2)  # drawn evenly
SEEDS = 2**31


class TransplantedCrops:
    """Fresh windows: no two draws show the same defect in the same way at the same place.

    `of_others`: the donors are other products. Each of their pairs comes as often, and a defect is resized to be as
    large in a window as it was in a window of its own product.
    """

    def __init__(self, donors: Crops, normal: Crops, of_others: bool = False, strength_factor: float = 1.0):
        self._donors, self._normal, self._of_others = donors, normal, of_others
        self._strength_factor = strength_factor
        groups: dict[tuple[str, str], list[int]] = {}
        for i, record in enumerate(donors.records):
            groups.setdefault((record.product, record.defect) if of_others else ("", ""), []).append(i)
        self._groups = [np.array(group) for group in groups.values()]

    def draw(self, rng: np.random.Generator, count: int) -> Windows:
        """`Windows.source` counts the donors."""
        if not count:
            return no_windows(self._normal.size)
        chosen = np.array([rng.choice(self._groups[rng.integers(len(self._groups))]) for _ in range(count)])
        made = [self._one(self._donors.cutters[i], rng) for i in chosen]
        return Windows(np.stack([image for image, _ in made]), np.stack([mask for _, mask in made]), chosen)

    def _one(self, donor: WindowCutter, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A window of the first of the best photographs that has a place for the defect."""
        while True:
            image, mask = donor.cut_plain(rng)
            cutters = [self._normal.cutters[i] for i in rng.integers(len(self._normal), size=PHOTOGRAPHS)]
            places = [cutter.place(rng) for cutter in cutters]
            side = places[0][2]
            if self._of_others:
                image, mask = _resized(image, mask, side)
            if not mask.any():
                continue
            cut_off = _reaches_border(mask)  # by the border of its own window: so it has to be by that of the new one
            grounds = [
                cutter.image[top : top + width, left : left + width] if cut_off else cutter.image
                for cutter, (top, left, width) in zip(cutters, places, strict=True)
            ]
            variants = vary_defect(image, mask, int(rng.integers(SEEDS)), limits_of(cutters[0].rule))
            best = best_photograph(grounds, variants)
            if best is not None:
                made = lay_fit(grounds[best[0]], best[1], self._strength_factor * float(rng.uniform(*STRENGTHS)))
                return cutters[0].finish(*_window_of(made, side, rng), rng)


def _resized(image: np.ndarray, mask: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    grey = Image.fromarray(mask.astype(np.uint8) * 255).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)), np.asarray(grey) > 127


def _reaches_border(mask: np.ndarray) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def _window_of(made: Transplant, side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A square with a pixel of the defect in its middle half, as far as the photograph's border allows."""
    height, width = made.mask.shape
    side = min(side, height, width)
    pixels = np.argwhere(made.mask)
    y, x = pixels[rng.integers(len(pixels))]
    offset_y, offset_x = rng.uniform(0.25, 0.75, 2) * side
    top, left = int(np.clip(y - offset_y, 0, height - side)), int(np.clip(x - offset_x, 0, width - side))
    return made.image[top : top + side, left : left + side], made.mask[top : top + side, left : left + side]
