"""Reads photographs and masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps


def load_image(path: Path) -> np.ndarray:
    """RGB uint8 [H, W, 3], turned as its EXIF says; grey, palette and 16-bit files are converted.

    Raises ValueError for floating-point pixels, whose range no file tells.
    """
    with Image.open(path) as image:
        if image.mode == "F":
            raise ValueError("its pixels are floating-point numbers, must be integers of 8 or 16 bits")
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode.startswith("I;16") or image.mode == "I":
            grey = np.asarray(image, dtype=np.float64)
            return np.repeat((grey / 65535 * 255).round().astype(np.uint8)[..., None], 3, axis=2)
        return np.asarray(image.convert("RGB"))


def load_mask(path: Path) -> np.ndarray:
    """bool [H, W], true on the defect."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L")) > 127
