"""Windows with transplanted defects: a real defect, varied, at a fitting place of a normal photograph."""

from __future__ import annotations

import numpy as np

from ..data.windows import WindowCutter
from ..evaluation.real_windows import Windows
from ..transplant.limits import limits_of
from ..transplant.transplant import Transplant, best_photograph, lay_fit, vary_defect
from ..transplant.variation import VariationLimits
from .crops import Crops, no_windows

PHOTOGRAPHS = 4  # normal ones that are tried for each defect
STRENGTHS = (0.6, 1.2)  # drawn evenly
SEEDS = 2**31


class TransplantedCrops:
    """Fresh windows: no two draws show the same defect in the same way at the same place."""

    def __init__(self, defective: Crops, normal: Crops, strengths: tuple[float, float] = STRENGTHS):
        self._defective, self._normal, self._strengths = defective, normal, strengths

    def draw(self, rng: np.random.Generator, count: int) -> Windows:
        if not count:
            return no_windows(self._normal.size)
        chosen = rng.integers(len(self._defective), size=count)
        made = [self._one(self._defective.cutters[i], rng) for i in chosen]
        return Windows(np.stack([image for image, _ in made]), np.stack([mask for _, mask in made]), chosen)

    def _one(self, cutter: WindowCutter, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        top, left, side = cutter.place(rng)
        image, mask = (part[top : top + side, left : left + side] for part in (cutter.image, cutter.mask))
        made = self._transplant(image, mask, limits_of(cutter.rule), rng)
        if made is None:
            return cutter.finish(image, mask, rng)
        return cutter.finish(*_window_of(made, side, rng), rng)

    def _transplant(
        self, image: np.ndarray, mask: np.ndarray, limits: VariationLimits, rng: np.random.Generator
    ) -> Transplant | None:
        """On the normal photograph of a few where the surroundings fit best."""
        grounds = [
            self._ground(self._normal.cutters[i], mask, rng) for i in rng.integers(len(self._normal), size=PHOTOGRAPHS)
        ]
        best = best_photograph(grounds, vary_defect(image, mask, int(rng.integers(SEEDS)), limits))
        return lay_fit(grounds[best[0]], best[1], float(rng.uniform(*self._strengths))) if best is not None else None

    def _ground(self, cutter: WindowCutter, mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The whole photograph, or a window of it for a defect that is cut off by the border of its own window."""
        if not _reaches_border(mask):
            return cutter.image
        top, left, side = cutter.place(rng)
        return cutter.image[top : top + side, left : left + side]


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
