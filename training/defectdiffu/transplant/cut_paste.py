"""Samples for detectors that need no defect at all: a patch of one good photograph pasted into another (CutPaste)."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_erosion, gaussian_filter

from ..data.image_files import load_image
from ..data.record import Record
from ..data.windows import WindowRule

CUT_PASTE = "cut_paste"  # the folder of these samples, in the place of a defect's
FEATHER = 1.0  # pixels (standard deviation) over which a pasted border is softened


def cut_paste_sample(
    ground: Record, donor: Record, rule: WindowRule, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pastes a patch of the good photograph `donor` into one window of `ground`, as `compare` does with windows.

    Returns the sample and the photograph that it was made from, uint8 [H, W, 3], and the mask, bool [H, W].
    """
    photographs = load_image(ground.image), load_image(donor.image)
    side = min(rule.window, *(edge for each in photographs for edge in each.shape[:2]))
    (place, window), (_, patch) = (_window(each, side, rng) for each in photographs)
    sample, mask = photographs[0].copy(), np.zeros(photographs[0].shape[:2], bool)
    sample[place], mask[place] = patch_pasted(window, patch, rng)
    return sample, photographs[0], mask


def _window(photograph: np.ndarray, side: int, rng: np.random.Generator) -> tuple[tuple[slice, slice], np.ndarray]:
    """Its place, and its pixels."""
    top, left = (int(rng.integers(edge - side + 1)) for edge in photograph.shape[:2])
    place = slice(top, top + side), slice(left, left + side)
    return place, photograph[place]


def patch_pasted(ground: np.ndarray, donor: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """CutPaste of one window: a rectangle of `donor`, 1 to 10 % of its area, jittered, at another place of `ground`
    (both uint8 [S, S, 3]). Returns the image and the mask bool [S, S]."""
    size = len(ground)
    donor = jittered(donor, rng)
    area, ratio = rng.uniform(0.01, 0.1) * size**2, np.exp(rng.uniform(-1.2, 1.2))
    height, width = (int(np.clip(np.sqrt(v), 3, size - 1)) for v in (area * ratio, area / ratio))
    (top, left), (y, x) = ((rng.integers(size - height), rng.integers(size - width)) for _ in range(2))
    mask = np.zeros((size, size), bool)
    mask[top : top + height, left : left + width] = True
    return blended(ground, np.roll(donor, (top - y, left - x), (0, 1)), mask), mask


def blended(ground: np.ndarray, picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Puts the image where the mask is, with a soft border inside the mask; nothing changes outside."""
    core = binary_erosion(mask) if binary_erosion(mask).any() else mask
    weight = np.where(mask, gaussian_filter(core.astype(np.float64), FEATHER), 0)
    weight = (weight / max(weight.max(), 1e-9))[..., None]
    return (weight * picture + (1 - weight) * ground).round().clip(0, 255).astype(np.uint8)


def jittered(image: np.ndarray, rng: np.random.Generator, amount: float = 0.15) -> np.ndarray:
    """Changes brightness and contrast by up to `amount`."""
    gain, offset = 1 + rng.uniform(-amount, amount), 127 * rng.uniform(-amount, amount)
    mean = image.mean()
    return ((image - mean) * gain + mean + offset).round().clip(0, 255).astype(np.uint8)
