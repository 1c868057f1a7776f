"""Which defects of other products are worth laying on a product."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter

from .transplant import Transplant

LARGEST = 0.35  # of a window: what covers more of another product is hardly a defect of this one
VISIBLE = 8.0  # of 255, the least mean change under the mask: on another ground, a defect can vanish


def is_small(mask: np.ndarray, side: int) -> bool:
    """Whether a mask bool [h, w] covers little enough of every window with this side, in the mask's own pixels."""
    return bool(uniform_filter(mask.astype(np.float64), min(side, *mask.shape), mode="constant").max() <= LARGEST)


def shows(ground: np.ndarray, made: Transplant) -> bool:
    """`ground`: uint8 [h, w, 3], what the defect was laid on."""
    change = np.abs(made.image[made.mask].astype(np.float64) - ground[made.mask])
    return bool(change.mean() >= VISIBLE)
