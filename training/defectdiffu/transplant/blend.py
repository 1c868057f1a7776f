"""Blends a varied defect into its new surroundings: their tone, and a feathered border."""

from __future__ import annotations

import numpy as np

from ..sampling.composition import blurred
from .donor import Donor, ring_of, widened
from .place import Place

FEATHER = 2  # pixels by which the border is feathered, on either side of a mask that is wider by as much
SOFT = 1.0  # pixels (standard deviation): how softly a change of contrast ends at the mask's border
DARKEST = 8.0  # of 255, added to both sides of a ratio of tones
GAIN = (0.4, 2.5)  # of the tone; what lies beyond is evened out by an offset


def lay(
    photograph: np.ndarray, donor: Donor, place: Place, strength: float, contrast: float
) -> tuple[np.ndarray, np.ndarray]:
    """(image uint8 [H, W, 3], mask bool [H, W])."""
    height, width = photograph.shape[:2]
    rows, columns = _overlap(place.top, donor.mask.shape[0], height), _overlap(place.left, donor.mask.shape[1], width)
    canvas = np.s_[
        rows.start - place.top : rows.stop - place.top, columns.start - place.left : columns.stop - place.left
    ]
    ground = photograph[rows, columns].astype(np.float64)
    marked, colours, ring = donor.mask[canvas], donor.image[canvas], ring_of(donor.mask)[canvas]
    if ring.any():
        colours = _in_tone(colours, ground, ring)
    inside = blurred(marked.astype(np.float64), SOFT)[..., None]
    colours = colours + inside * (contrast - 1) * (colours - ground)
    opacity = strength * feathered(donor.mask)[canvas][..., None]
    image, mask = photograph.copy(), np.zeros((height, width), bool)
    image[rows, columns] = np.rint(np.clip(ground + opacity * (colours - ground), 0, 255)).astype(np.uint8)
    mask[rows, columns] = marked
    return image, mask


def _in_tone(colours: np.ndarray, ground: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """Colours float64 [h, w, 3] of the donor, as if lit like the photograph: the ratio of the surroundings' tones per
    channel, as the median over pixels, so that a structure which does not match does not count."""
    own, new = colours[ring], ground[ring]
    gain = np.clip(np.median((new + DARKEST) / (own + DARKEST), axis=0), *GAIN)
    offset = np.median(new - gain * own, axis=0)
    return np.asarray(gain * colours + offset)


def feathered(mask: np.ndarray) -> np.ndarray:
    """The opacity, float64 [h, w]: 1 on the mask, falling to 0 within twice FEATHER pixels of it."""
    return blurred(widened(mask, FEATHER).astype(np.float64), FEATHER / 2)


def _overlap(start: int, length: int, side: int) -> slice:
    return slice(max(start, 0), min(start + length, side))
