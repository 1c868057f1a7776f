"""The loss of the autoencoder alone, which is the limit for any model that decodes with it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..model.autoencoder import ImageAutoencoder, mask_as_image
from ..sampling.generator import MINIMUM_PEAK
from ..sampling.masks import binary_mask, soft_mask
from .features import as_tensor
from .real_windows import Windows
from .segmentation_figures import mask_iou

WINDOWS = 48  # per product, and per pair
BATCH = 8


class Reconstruction(NamedTuple):
    """Figures of real windows after encoding and decoding, one value per window."""

    psnr: np.ndarray  # float [n], dB, of the image
    mask_iou: np.ndarray  # float [n], of the mask, coded as an image and thresholded like the masks of samples
    error: np.ndarray  # float [n], 0…255: mean absolute error of the image inside the defect


@torch.no_grad()
def reconstructed(autoencoder: ImageAutoencoder, windows: Windows) -> Reconstruction:
    """Measures windows that all show a defect."""
    ratios, ious, errors = [], [], []
    for start in range(0, len(windows), BATCH):
        image, mask = windows.image[start : start + BATCH], windows.mask[start : start + BATCH]
        pictures = as_bytes(autoencoder.decode(autoencoder.encode(as_tensor(image)))).transpose(0, 2, 3, 1)
        decoded = autoencoder.decode(autoencoder.encode(mask_as_image(torch.from_numpy(mask)))).float().numpy()
        for before, after, real, soft in zip(image, pictures, mask, decoded, strict=True):
            ratios.append(psnr(before, after))
            ious.append(mask_iou(binary_mask(soft_mask(soft), MINIMUM_PEAK), real))
            errors.append(np.abs(before[real].astype(np.float64) - after[real]).mean())
    return Reconstruction(np.array(ratios), np.array(ious), np.array(errors))


def product_figures(pairs: list[Reconstruction]) -> dict[str, float]:
    """The figures of one product: the means over `WINDOWS` windows in all, with equal shares of its defects."""
    share = max(1, WINDOWS // len(pairs))
    mean = lambda name: float(np.concatenate([getattr(pair, name)[:share] for pair in pairs]).mean())  # noqa: E731
    return {"psnr": mean("psnr"), "maskIou": mean("mask_iou")}


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB of uint8 images; 99 for equal ones."""
    error = np.square(a.astype(np.float64) - b).mean()
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def as_bytes(image: Tensor) -> np.ndarray:
    """[-1, 1] → uint8 0…255."""
    return ((image.numpy() / 2 + 0.5).clip(0, 1) * 255).round().astype(np.uint8)
