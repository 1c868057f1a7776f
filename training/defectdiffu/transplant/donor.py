"""The defect that is transplanted: cut out of its photograph with its surroundings, and varied."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.ndimage import map_coordinates, maximum_filter

from .variation import Variation

RING = 8  # pixels around the mask that are compared with the new surroundings
RING_GAP = 2  # pixels next to the mask that are not: an annotator's outline may leave some of the defect there
MARGIN = RING + 2  # pixels of surroundings that a donor needs
BEYOND = 0.5  # of its length: how far a defect from border to border continues on either side, as a mirror image
BEND_PERIOD = 2.0  # of the bend's waves, in longer sides of the donor


class Span(NamedTuple):
    """What one axis of the canvas holds, in pixels of the canvas."""

    low: float  # where the photograph of the donor begins
    high: float  # and where it ends
    reaches_low: bool  # whether the defect reaches the border there, and so has to lie at a border again
    reaches_high: bool


class Donor(NamedTuple):
    """A varied defect on a canvas of its own."""

    image: np.ndarray  # float64 [h, w, 3], 0 … 255
    mask: np.ndarray  # bool [h, w]
    spans: tuple[Span, Span]  # of the rows and of the columns


def vary(image: np.ndarray, mask: np.ndarray, variation: Variation) -> Donor:
    """image uint8 [H, W, 3], mask bool [H, W], not empty → the varied defect. A tiny one may vanish (empty mask).

    Where the defect reaches the border of its photograph, it continues beyond as its mirror image.
    """
    image, mask = (np.rot90(part, variation.quarter_turns) for part in (image, mask))
    if variation.mirrored:
        image, mask = image[:, ::-1], mask[:, ::-1]
    uses = [np.flatnonzero(mask.any(1 - axis)) for axis in (0, 1)]
    reaches = [(int(used[0]) == 0, int(used[-1]) == side - 1) for used, side in zip(uses, mask.shape, strict=True)]
    centre = [int(used[0] + used[-1]) // 2 for used in uses]  # a whole pixel: without variation, nothing is blurred
    bounds = [(used[-1] - used[0] + 1) / 2 for used in uses]
    through = [1 + BEYOND * (low and high) for low, high in reaches]
    half = [math.ceil(extent) for extent in _extents(bounds[0] * through[0], bounds[1] * through[1], variation)]
    y, x = np.mgrid[: 2 * half[0] + 1, : 2 * half[1] + 1].astype(np.float64)
    v, u = _bent(y - half[0], x - half[1], 2 * max(bounds), variation)
    cos, sin = math.cos(variation.turn) / variation.scale, math.sin(variation.turn) / variation.scale
    v, u = centre[0] + cos * v - sin * u, centre[1] + sin * v + cos * u
    at = np.stack([v, u])
    colours = [map_coordinates(image[..., c].astype(np.float64), at, order=1, mode="mirror") for c in range(3)]
    marked = map_coordinates(mask.astype(np.float64), at, order=1, mode="mirror") > 0.5
    for position, (low, high), side in zip((v, u), reaches, mask.shape, strict=True):
        marked &= (low | (position >= -0.5)) & (high | (position <= side - 0.5))
    spans = [
        Span(
            half[axis] - variation.scale * centre[axis],
            half[axis] + variation.scale * (mask.shape[axis] - 1 - centre[axis]),
            *reaches[axis],
        )
        for axis in (0, 1)
    ]
    return Donor(np.stack(colours, -1), marked, (spans[0], spans[1]))


def widened(mask: np.ndarray, by: int) -> np.ndarray:
    """bool [h, w]: every pixel at most `by` rows and columns from the mask."""
    return np.asarray(maximum_filter(mask, 2 * by + 1, mode="constant", cval=0))


def ring_of(mask: np.ndarray) -> np.ndarray:
    """bool [h, w]: the surroundings of a mask. If it leaves none, all that is not marked; if all is marked, all."""
    ring = widened(mask, RING) & ~widened(mask, RING_GAP)
    if not ring.any():
        ring = ~mask
    return ring if ring.any() else mask


def _extents(half_height: float, half_width: float, variation: Variation) -> tuple[float, float]:
    """Half of the height and width that the turned, scaled and bent bounding box takes, with its surroundings."""
    cos, sin = abs(math.cos(variation.turn)), abs(math.sin(variation.turn))
    longer = 2 * max(half_height, half_width)
    return (
        variation.scale * (cos * half_height + sin * half_width) + abs(variation.bend[0]) * longer + MARGIN,
        variation.scale * (sin * half_height + cos * half_width) + abs(variation.bend[1]) * longer + MARGIN,
    )


def _bent(y: np.ndarray, x: np.ndarray, longer: float, variation: Variation) -> tuple[np.ndarray, np.ndarray]:
    wave = 2 * math.pi / (BEND_PERIOD * longer)
    return (
        y + variation.bend[0] * longer * np.sin(wave * x + variation.phase[0]),
        x + variation.bend[1] * longer * np.sin(wave * y + variation.phase[1]),
    )
