"""Grids of images of one size, and masks drawn on images as outlines."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_erosion

OUTLINE = np.array([255, 40, 40], np.uint8)
GAP = 4


def outlined(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The image with the mask's border drawn in red. uint8 [H, W, 3]."""
    result = image.copy()
    result[mask & ~binary_erosion(mask)] = OUTLINE
    return result


def grid(rows: list[list[np.ndarray]]) -> np.ndarray:
    """Images of one size in rows, on white."""
    height, width = rows[0][0].shape[:2]
    columns = max(len(row) for row in rows)
    canvas = np.full(((height + GAP) * len(rows), (width + GAP) * columns, 3), 255, np.uint8)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            top, left = y * (height + GAP), x * (width + GAP)
            canvas[top : top + height, left : left + width] = picture
    return canvas
