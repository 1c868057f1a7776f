"""Placement of defects: ellipses measured on the masks of the train split, and regions drawn from them.

An ellipse has the mask's second moments (a filled ellipse's semi-axes are two standard deviations along its axes).
Lengths are shares of the window's side, x to the right, y down, the angle in radians from x towards y.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .seeded_noise import seeded_uniforms

MARGIN = 1.25  # a region is this much larger than the mask's ellipse
MIN_SEMI_AXIS = 0.12
MAX_SEMI_AXIS = 0.45
PLACEMENT_STREAM = 5000  # of the seeded noise; the streams of sampling end at 1 + 1000
TURN = 0.3  # radians in either direction
SCALE = (0.8, 1.25)
SHIFT = 0.1


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


def region_of(shapes: list[Shape], seed: int, size: int) -> np.ndarray:
    """bool [size, size]: the size and form of one shape at the place of another, both slightly varied."""
    form, place, turn, scale, dx, dy = seeded_uniforms(seed, PLACEMENT_STREAM, 6)
    shape, lies = shapes[int(form * len(shapes))], shapes[int(place * len(shapes))]
    grow = MARGIN * (SCALE[0] + scale * (SCALE[1] - SCALE[0]))
    major, minor = (float(np.clip(v * grow, MIN_SEMI_AXIS, MAX_SEMI_AXIS)) for v in (shape.major, shape.minor))
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
    return (along / major) ** 2 + (across / minor) ** 2 <= 1
