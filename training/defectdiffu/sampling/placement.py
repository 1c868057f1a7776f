"""Placement of defects: ellipses measured on the masks of the train split, and regions drawn from them.

An ellipse has the mask's second moments (a filled ellipse's semi-axes are two standard deviations along its axes).
Lengths are shares of the window's side, x to the right, y down, the angle in radians from x towards y.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .seeded_noise import seeded_uniforms

MARGIN = 1.25  # a region is this much larger than the mask's ellipse
PLACEMENT_STREAM = 5000  # of the seeded noise; the streams of sampling end at 1 + 1000
TURN = 0.3  # radians in either direction
SCALE = (0.8, 1.25)
SHIFT = 0.1
MAX_TRIES = 32  # of shapes, before the model chooses a part of the area
MIN_SHARE_IN_AREA = 0.75  # of a region, in an area that was found


@dataclass(frozen=True)
class Sizes:
    """How large regions are, in shares of the window's side. A version never changes: seeds keep their places."""

    padding: float  # added to both semi-axes: a drawn defect does not fill its region
    min_semi_axis: float
    max_semi_axis: float
    rim: float  # of the window, in which no region lies: a defect that the window cuts off would show a seam


SIZES = {
    1: Sizes(padding=0.0, min_semi_axis=0.12, max_semi_axis=0.45, rim=0.0),
    2: Sizes(padding=0.024, min_semi_axis=0.0, max_semi_axis=0.7, rim=0.016),  # as real defects, small and large
}
NEWEST = 2


class Shape(NamedTuple):
    x: float
    y: float
    major: float
    minor: float
    angle: float


def shape_of(mask: np.ndarray) -> Shape:
    """The ellipse of a mask bool [S, S] that is not empty."""
    size = mask.shape[0]
    points = np.argwhere(mask)[:, ::-1] + 0.5
    centre = points.mean(0)
    # A pixel has an extent of its own: 1/12 is the variance of a unit interval.
    spread = np.cov((points - centre).T, bias=True) + np.eye(2) / 12 if len(points) > 1 else np.eye(2) / 12
    values, vectors = np.linalg.eigh(spread)
    minor, major = 2 * np.sqrt(values) / size
    along = vectors[:, 1]
    angle = float(np.arctan2(along[1], along[0]) % np.pi)
    return Shape(*(round(float(v), 3) for v in (*(centre / size), major, minor, angle)))


def region_of(shapes: list[Shape], seed: int, size: int, version: int = 1) -> np.ndarray:
    """bool [size, size]: the size and form of one shape at the place of another, both slightly varied.

    `version` selects one of SIZES. Raises KeyError for another.
    """
    sizes = SIZES[version]
    form, place, turn, scale, dx, dy = seeded_uniforms(seed, PLACEMENT_STREAM, 6)
    shape, lies = shapes[int(form * len(shapes))], shapes[int(place * len(shapes))]
    grow = MARGIN * (SCALE[0] + scale * (SCALE[1] - SCALE[0]))
    major, minor = (
        float(np.clip((v + sizes.padding) * grow, sizes.min_semi_axis, sizes.max_semi_axis))
        for v in (shape.major, shape.minor)
    )
    angle = shape.angle + TURN * (2 * turn - 1)
    # Half of the ellipse's width and height, so that it lies in the window as a whole.
    half = (
        np.hypot(major * np.cos(angle), minor * np.sin(angle)),
        np.hypot(major * np.sin(angle), minor * np.cos(angle)),
    )
    x, y = (
        float(np.clip(v + SHIFT * (2 * u - 1), min(h, 0.5), max(1 - h, 0.5)))
        for v, u, h in zip((lies.x, lies.y), (dx, dy), half, strict=True)
    )
    v, u = (np.mgrid[:size, :size] + 0.5) / size
    along = (u - x) * np.cos(angle) + (v - y) * np.sin(angle)
    across = -(u - x) * np.sin(angle) + (v - y) * np.cos(angle)
    inner = (np.minimum(u, v) > sizes.rim) & (np.maximum(u, v) < 1 - sizes.rim)
    return ((along / major) ** 2 + (across / minor) ** 2 <= 1) & inner


class PlacedRegion(NamedTuple):
    region: np.ndarray  # bool [S, S]
    choose: bool  # whether the model chooses a part of it


def region_in_area(shapes: list[Shape], seed: int, area: np.ndarray, version: int = NEWEST) -> PlacedRegion:
    """The first region that lies mostly in `area` bool [S, S], of seeds that are far from those of other samples.

    Where none does, the area itself, of which the model chooses a part.
    """
    for tried in range(MAX_TRIES):
        region = region_of(shapes, seed + tried * 2**32, area.shape[0], version)
        if (region & area).sum() >= MIN_SHARE_IN_AREA * region.sum():
            return PlacedRegion(region, False)
    return PlacedRegion(area, True)
