"""Measures whether masks lie on the defects, for real held-out defects and for generated ones."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from ..sampling.generator import LATE_TIMESTEP, MINIMUM_PEAK, Generator
from ..sampling.guidance import PlanRow
from ..sampling.masks import binary_mask, iterative_threshold
from ..sampling.seeded_noise import seeded_noise
from .features import as_tensor
from .generated_samples import GeneratedSamples
from .real_windows import Windows
from .segmentation_figures import mask_iou

TIMESTEPS = tuple(range(5, LATE_TIMESTEP, 20))  # the last tenth of the noise levels
BATCH = 8
TEACHER = "DPM_SOLVER_PP"  # the sampler whose masks are measured
CHANGE_BLUR = 1.0  # pixels


@torch.no_grad()
def predicted_masks(
    generator: Generator, windows: Windows, product: str, defect: str, knowing_product: bool
) -> np.ndarray:
    """Masks bool [n, S, S] that the model predicts for real windows, slightly noised, under one condition.

    As in sampling: M_f of the row (defect, product), or (defect, ∅) without `knowing_product`, averaged over noise
    levels t < 100, decoded, thresholded.
    """
    row = PlanRow(defect, product if knowing_product else None, 1.0)
    masks = []
    for start in range(0, len(windows), BATCH):
        x0 = generator.autoencoder.encode(as_tensor(windows.image[start : start + BATCH]))
        rows = generator.rows([[row]] * len(x0), [product] * len(x0))
        noise = torch.from_numpy(np.stack([seeded_noise(start + i, 0, x0.shape[1:]) for i in range(len(x0))]))
        feature = torch.zeros_like(x0)
        for t in TIMESTEPS:
            ab = generator.component.alpha_bar[t]
            feature += generator.evaluate(ab.sqrt() * x0 + (1 - ab).sqrt() * noise, t, rows)[2] / len(TIMESTEPS)
        masks += [binary_mask(grey, MINIMUM_PEAK) for grey in generator.decode_masks(feature, TEACHER)]
    return np.stack(masks)


def held_out_masks(generator: Generator, windows: Windows, product: str, defect: str) -> dict[str, float]:
    """Mean IoU with the real masks, of the row that Eq. 4 reads its mask from (d,∅), and of (d,p)."""
    figures = {}
    for name, knowing_product in (("iou", False), ("iouKnowingProduct", True)):
        found = predicted_masks(generator, windows, product, defect, knowing_product)
        figures[name] = float(np.mean([mask_iou(a, b) for a, b in zip(found, windows.mask, strict=True)]))
    return figures


def change_mask(image: np.ndarray, twin: np.ndarray) -> np.ndarray:
    """Where a sample differs from its normal twin, bool [S, S]: grey difference, smoothed, iterative threshold."""
    difference = np.abs(image.astype(np.float64).mean(2) - twin.astype(np.float64).mean(2))
    smooth = gaussian_filter(difference, CHANGE_BLUR)
    return smooth > iterative_threshold(smooth) if smooth.any() else np.zeros(smooth.shape, bool)


def change_agreement(images: np.ndarray, masks: np.ndarray, twins: np.ndarray) -> float:
    """Mean IoU of masks bool [n, S, S] with where images differ from their twins, uint8 [n, S, S, 3] both."""
    changes = [change_mask(image, twin) for image, twin in zip(images, twins, strict=True)]
    return float(np.mean([mask_iou(a, b) for a, b in zip(masks, changes, strict=True)]))


def generated_masks(drawn: GeneratedSamples) -> dict[str, float]:
    """`agreement`: mean IoU of mask and change; `localisation`: how many times larger the mean change is inside the
    mask than outside; `empty`: the share of samples with no mask."""
    difference = np.abs(drawn.image.astype(np.float64) - drawn.twin).mean(3)
    nonempty = drawn.mask.any((1, 2)) & ~drawn.mask.all((1, 2))
    inside = difference[nonempty][drawn.mask[nonempty]].mean() if nonempty.any() else 0.0
    outside = difference[nonempty][~drawn.mask[nonempty]].mean() if nonempty.any() else 0.0
    return {
        "agreement": change_agreement(drawn.image, drawn.mask, drawn.twin),
        "localisation": float(inside / max(outside, 1e-9)),
        "empty": float((~drawn.mask.any((1, 2))).mean()),
        "area": float(drawn.mask.mean()),
    }
