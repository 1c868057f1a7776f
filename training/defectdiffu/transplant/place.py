"""Where on a photograph a defect is laid: where the surroundings resemble those that it was taken from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .donor import RING, Donor, Span, ring_of

MOST_PLACES = 1024  # that are compared at first; their distance is the least that keeps to it
RING_POINTS = 48  # of the surroundings, evenly spread, that are compared at first
REFINING_POINTS = 256  # and near the chosen place
TONE_WEIGHT = 0.25  # of the square of a difference of the mean colour, which blending evens out
CLOSE = 1.3  # a place whose difference is at most this multiple of the least is as good
GRAIN = 9.0  # a mean squared difference up to this (3 of 255) counts as none
SLACK = 0.06  # of the photograph's side: how far a defect that reaches a border may be pushed beyond it


class Place(NamedTuple):
    top: int  # of the donor's canvas, in pixels of the photograph; may be negative
    left: int
    difference: float  # of the surroundings, about the mean square, 0 … 255²


class _Range(NamedTuple):
    low: int
    high: int


def find_place(photograph: np.ndarray, donor: Donor, allowed: np.ndarray | None, choice: float) -> Place | None:
    """photograph uint8 [H, W, 3]; allowed bool [H, W]: where the middle of the defect may lie; `choice` in (0, 1)
    chooses among the places that are as good. None when no place is allowed."""
    rows, columns = (_range(side, donor, axis) for axis, side in enumerate(photograph.shape[:2]))
    step = 1
    while len(range(rows.low, rows.high + 1, step)) * len(range(columns.low, columns.high + 1, step)) > MOST_PLACES:
        step += 1
    surroundings = _Surroundings(photograph, donor)
    top, left = _grid(rows, columns, step, donor, allowed)
    if not len(top):
        return None
    differences = surroundings.differences(top, left, RING_POINTS)
    good = np.flatnonzero(differences <= max(float(differences.min()) * CLOSE, GRAIN))
    chosen = good[int(choice * len(good))]
    near = int(top[chosen]), int(left[chosen])
    top, left = _grid(_around(near[0], step, rows), _around(near[1], step, columns), 1, donor, allowed)
    differences = surroundings.differences(top, left, REFINING_POINTS)
    best = int(np.argmin(differences))
    return Place(int(top[best]), int(left[best]), float(differences[best]))


def _range(side: int, donor: Donor, axis: int) -> _Range:
    """The least and the greatest offset of the canvas."""
    span = donor.spans[axis]
    if span.reaches_low or span.reaches_high:
        return _border_range(side, span, donor.mask.shape[axis])
    used = np.flatnonzero(donor.mask.any(1 - axis))
    for margin in (RING, 0):  # the surroundings lie on the photograph too, if there is room
        low, high = margin - int(used[0]), side - 1 - margin - int(used[-1])
        if low <= high:
            return _Range(low, high)
    middle = (side - donor.mask.shape[axis]) // 2
    return _Range(middle, middle)


def _border_range(side: int, span: Span, canvas: int) -> _Range:
    slack = int(SLACK * side)
    at_low, at_high = -int(np.floor(span.low + 0.5)), side - 1 - int(np.floor(span.high + 0.5))
    if not span.reaches_high:
        return _Range(at_low - slack, at_low)
    if not span.reaches_low:
        return _Range(at_high, at_high + slack)
    low, high = max(min(at_low, at_high), side - canvas), min(max(at_low, at_high), 0)  # it crosses the photograph
    if high - low >= slack:
        return _Range(low, high)
    middle = (side - canvas) // 2
    return _Range(middle - slack // 2, middle + slack // 2)


def _around(offset: int, step: int, within: _Range) -> _Range:
    return _Range(max(offset - step + 1, within.low), min(offset + step - 1, within.high))


def _grid(
    rows: _Range, columns: _Range, step: int, donor: Donor, allowed: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Tops and lefts int64 [places], in row order, of the places whose middle is allowed."""
    tops, lefts = (np.arange(r.low, r.high + 1, step) for r in (rows, columns))
    top, left = (part.ravel() for part in np.meshgrid(tops, lefts, indexing="ij"))
    if allowed is None:
        return top, left
    middle = [int(part.sum()) // len(part) for part in np.nonzero(donor.mask)]
    y = np.clip(top + middle[0], 0, allowed.shape[0] - 1)
    x = np.clip(left + middle[1], 0, allowed.shape[1] - 1)
    kept = allowed[y, x]
    return top[kept], left[kept]


class _Surroundings:
    def __init__(self, photograph: np.ndarray, donor: Donor):
        height, width = donor.mask.shape
        padded = np.pad(photograph, [(height, height), (width, width), (0, 0)], mode="edge")
        self._across, self._pixels = padded.shape[1], padded.reshape(-1, 3)
        self._canvas, self._colours = (height, width), donor.image
        self._points = np.argwhere(ring_of(donor.mask))

    def differences(self, top: np.ndarray, left: np.ndarray, most: int) -> np.ndarray:
        """float64 [places]: over at most so many points, the variance of the difference between photograph and donor,
        and the weighted square of its mean. Beyond its border, the photograph continues."""
        count = min(most, len(self._points))
        points = self._points[(np.arange(count) * len(self._points)) // count]
        colours = np.rint(self._colours[points[:, 0], points[:, 1]]).astype(np.float32)
        start = (top + self._canvas[0]) * self._across + left + self._canvas[1]
        there = self._pixels[start[:, None] + (points[:, 0] * self._across + points[:, 1])]
        difference = there - colours  # whole numbers; REFINING_POINTS squares of 255 are still exact in float32
        mean = np.einsum("pnc->pc", difference).astype(np.float64) / count
        squares = np.einsum("pnc,pnc->pc", difference, difference).astype(np.float64) / count
        return np.asarray((squares - (1 - TONE_WEIGHT) * mean * mean).mean(1))
