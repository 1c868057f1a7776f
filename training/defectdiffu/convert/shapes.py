"""Masks from the shapes that annotation tools write. A pixel belongs to a polygon as COCO's own tools decide it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .found import Found, Photograph

Draw = Callable[[int, int], np.ndarray]
Shape = tuple[str, Draw]  # label, and how it is drawn


class NoMask(ValueError):
    """The annotation does not say which pixels are the defect."""


BOX = "a box does not say which of its pixels are the defect; annotate polygons or masks"


def polygon(points: Sequence[float]) -> Draw:
    """From x, y, x, y … in pixels. Raises NoMask."""
    if len(points) < 6 or len(points) % 2 or not np.isfinite(points).all():
        raise NoMask(f"a polygon of {len(points)} coordinates has no area")

    def draw(height: int, width: int) -> np.ndarray:
        from pycocotools import mask

        runs = mask.frPyObjects([[float(value) for value in points]], height, width)
        return mask.decode(mask.merge(runs)).astype(bool)

    return draw


def ellipse(x: float, y: float, radius_x: float, radius_y: float, rotation: float = 0) -> Draw:
    """`rotation` in degrees, clockwise."""
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))

    def draw(height: int, width: int) -> np.ndarray:
        rows, columns = np.ogrid[:height, :width]
        right, down = columns + 0.5 - x, rows + 0.5 - y
        return ((right * cos + down * sin) / radius_x) ** 2 + ((down * cos - right * sin) / radius_y) ** 2 <= 1

    if radius_x <= 0 or radius_y <= 0:
        raise NoMask("an ellipse without area")
    return draw


def placed(values: np.ndarray, top: int, left: int) -> Draw:
    """A small mask at a place of the photograph."""

    def draw(height: int, width: int) -> np.ndarray:
        whole = np.zeros((height, width), bool)
        rows, columns = values.shape
        if top < 0 or left < 0 or top + rows > height or left + columns > width:
            raise NoMask(f"a mask of {columns}×{rows} at {left}, {top} does not fit into {width}×{height}")
        whole[top : top + rows, left : left + columns] = values
        return whole

    return draw


def runs(counts: Sequence[int], shape: tuple[int, int]) -> np.ndarray:
    """bool [h, w] from lengths of runs, row by row, the first of them background. Raises NoMask."""
    if min(counts, default=-1) < 0 or sum(counts) != shape[0] * shape[1]:
        raise NoMask(f"runs of {sum(counts)} pixels for {shape[1]}×{shape[0]}")
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape(shape)


def add_annotated(
    found: Found,
    product: str,
    image: Path,
    shapes: Sequence[Shape],
    size: tuple[int, int] | None = None,
    split: str | None = None,
) -> None:
    """A photograph with the shapes drawn on it. `size`: the height and width that the annotation was made for."""
    labels = sorted({label for label, _ in shapes})
    if not labels:
        found.add(product, image, split)
    elif len(labels) > 1:
        found.leave(image, f"shows several defects ({', '.join(labels)}), and the layout has one per photograph")
    else:
        found.photographs.append(
            Photograph(product, labels[0], image, drawn([draw for _, draw in shapes], size), (), split)
        )


def drawn(draws: Sequence[Draw], size: tuple[int, int] | None) -> Draw:
    def draw(height: int, width: int) -> np.ndarray:
        if size is not None and size != (height, width):
            raise NoMask(f"its annotation is for {size[1]}×{size[0]}, the photograph is {width}×{height}")
        union = np.zeros((height, width), bool)
        for each in draws:
            union |= each(height, width)
        return union

    return draw
