"""Composites a drawn defect onto a photograph: only what the model changed is put on the photograph's pixels.

The photograph is not replaced. D = decode(x_0) - decode(E(photograph)) is added to it inside the found mask, so that
the photograph keeps its grain, which latents do not hold. A slow drift of D (a region that is lighter all over) is
subtracted first. All arrays are one window of the model's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.ndimage import binary_fill_holes

from .masks import binary_mask, confidence, iterative_threshold

MINIMUM_PEAK = 20.0  # of the soft mask, 0 … 255, as for samples from noise
SLOW = 8.0  # pixels (standard deviation): what changes more slowly than this is drift
WIDE = 3  # pixels by which the mask module's mask is widened, to search it for the change
FEATHER = 1.0  # pixels (standard deviation)
MIN_CHANGE = 4.0  # of 255: a smaller change is not visible
CLOSING = 2  # pixels: gaps and notches up to twice as wide do not interrupt an outline
OUTSET = 1  # pixels: drawn defects are marked smaller than real ones


class MaskConvention(StrEnum):
    """What a mask marks."""

    CHANGE = "CHANGE"  # the pixels that changed most
    OUTLINE = "OUTLINE"  # the defect within its outline, as the annotators of the training photographs marked it


@dataclass(frozen=True)
class Composition:
    image: np.ndarray  # uint8 [S, S, 3]
    mask: np.ndarray  # bool [S, S]
    ignore: np.ndarray  # bool [S, S]: changed, but not in the mask; neither defect nor normal
    visibility: float  # mean |change| inside the mask, 0 … 255
    agreement: float  # IoU of the mask with what changed at least half as much
    seam: float  # mean |change| on the border of what changed, where that is not the mask's own, 0 … 255
    confidence: float  # of the mask module in the mask, 0 … 1


def compose(
    photograph: np.ndarray,
    drawn: np.ndarray,
    kept: np.ndarray,
    soft: np.ndarray,
    region: np.ndarray,
    convention: MaskConvention = MaskConvention.CHANGE,
) -> Composition:
    """photograph uint8 [S, S, 3]; drawn, kept float [3, S, S] in about -1 … 1; soft float [S, S] in -1 … 1; region bool
    [S, S], not empty. The convention decides how much of the change is shown, too."""
    marked = _marked(soft, region)
    if not marked.any():
        return _unchanged(photograph)
    outlined = convention is MaskConvention.OUTLINE
    if outlined:
        marked = dilated(_closed(marked) & region, OUTSET) & region
    change = (drawn - kept).transpose(1, 2, 0) * 127.5 * region[..., None]
    wide = dilated(marked, WIDE) & region
    change = change - _drift(change, region & ~wide)
    strength = blurred(np.abs(change).mean(2), FEATHER)
    mask = marked if outlined else wide & (strength >= max(MIN_CHANGE, iterative_threshold(strength[wide])))
    opacity = np.where(region, blurred(dilated(mask, 2).astype(np.float64), FEATHER), 0.0)
    opacity = np.minimum(opacity, inner_weight(region))
    visible = opacity * strength >= MIN_CHANGE  # a change with almost no weight is not visible
    mask = _closed(mask & visible) & mask if outlined else mask & visible
    if not mask.any():
        return _unchanged(photograph)
    image = np.rint(np.clip(photograph + opacity[..., None] * change, 0, 255)).astype(np.uint8)
    shown = opacity * np.abs(change).mean(2) >= MIN_CHANGE
    return Composition(image, mask, shown & ~mask, *scores(photograph, image, mask), confidence=confidence(soft, mask))


def _unchanged(photograph: np.ndarray) -> Composition:
    empty = np.zeros(photograph.shape[:2], bool)
    return Composition(photograph.copy(), empty, empty, 0.0, 0.0, 0.0, 0.0)


def _closed(mask: np.ndarray) -> np.ndarray:
    """Without narrow gaps, notches and holes."""
    return binary_fill_holes(~dilated(~dilated(mask, CLOSING), CLOSING) | mask)


def scores(before: np.ndarray, after: np.ndarray, mask: np.ndarray) -> tuple[float, float, float]:
    """visibility, agreement, seam of a change uint8 [S, S, 3] → uint8 [S, S, 3] under a mask bool [S, S]."""
    if not mask.any():
        return 0.0, 0.0, 0.0
    change = np.abs(after.astype(np.float64) - before).mean(2)
    visibility = float(change[mask].mean())
    seen = blurred(change, FEATHER) >= max(MIN_CHANGE, visibility) / 2
    agreement = float((seen & mask).sum() / (seen | mask).sum())
    touched = change > 0
    border = touched & dilated(~touched, 1) & ~mask  # if the mask ends there too, this is the edge of the defect
    return visibility, agreement, float(change[border].mean()) if border.any() else 0.0


def inner_weight(region: np.ndarray) -> np.ndarray:
    """1 well inside the region, decreasing smoothly towards its border (the square), 0 outside. The middle is 1 even if
    the region is only a line or a dot."""
    soft = blurred(region.astype(np.float64), FEATHER)
    inner = np.where(region, np.clip(2 * soft - 1, 0, 1) ** 2, 0.0)
    if not inner.any():
        inner = np.where(region, soft, 0.0)
    return inner / inner.max()


def _marked(soft: np.ndarray, region: np.ndarray) -> np.ndarray:
    """The mask module's mask within the region: the iterative threshold over the region's pixels."""
    marked = np.zeros_like(region)
    marked[region] = binary_mask(soft[region], MINIMUM_PEAK)
    return marked


def _drift(change: np.ndarray, quiet: np.ndarray) -> np.ndarray:
    """The slow part of the change, estimated from the pixels outside the mask (a normalised convolution)."""
    weight = blurred(quiet.astype(np.float64), SLOW) + 1e-6
    return np.stack([blurred(change[..., c] * quiet, SLOW) / weight for c in range(3)], -1)


def dilated(mask: np.ndarray, steps: int) -> np.ndarray:
    """Dilates with the four neighbours, `steps` times."""
    for _ in range(steps):
        padded = np.pad(mask, 1)
        mask = mask | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    return mask


def blurred(values: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian over 3 standard deviations, the border's values continue outside; float64 [S, S]."""
    radius = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padded = np.pad(values, [(radius, radius) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        length = values.shape[axis]
        slices = [np.take(padded, range(k, k + length), axis) for k in range(2 * radius + 1)]
        values = sum(weight * part for weight, part in zip(kernel, slices, strict=True))
    return values
