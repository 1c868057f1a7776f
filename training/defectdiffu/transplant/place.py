"""Where on a photograph a defect is laid: where the surroundings resemble those that it was taken from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .donor import RING, Donor, Span, ring_of

MOST_PLACES = 576  # that are compared at first; their distance is the least that keeps to it
RING_POINTS = 32  # of the surroundings, evenly spread, that are compared at first
REFINING_POINTS = 128  # and near the chosen place
TONE_WEIGHT = 0.25  # of the square of a difference of the mean colour, which blending evens out
CLOSE = 1.3  # a place whose difference is at most this multiple of the least is as good
GRAIN = 9.0  # a mean squared difference up to this (3 of 255) counts as none
SHARE_POINTS = 128  # of the defect, evenly spread, that are looked up in an area
SLACK = 0.06  # of the photograph's side: how far a defect that reaches a border may be pushed beyond it


class Place(NamedTuple):
    top: int  # of the donor's canvas, in pixels of the photograph; may be negative
    left: int
    difference: float  # of the surroundings, about the mean square, 0 … 255²


class Area(NamedTuple):
    """Where a defect may lie on a photograph."""

    pixels: np.ndarray  # bool [H, W]
    least: float | None = None  # the share of the defect that lies in it, or as much as can; None: its middle does


class _Range(NamedTuple):
    low: int
    high: int


def find_place(photograph: np.ndarray, donor: Donor, area: Area | None, choice: float) -> Place | None:
    """photograph uint8 [H, W, 3]; `choice` in (0, 1) chooses among the places that are as good. None when no place is
    allowed."""
    rows, columns = _ranges(photograph, donor)
    top, left = _allowed_places(rows, columns, donor, area)
    if not len(top):
        return None
    differences = _Surroundings(photograph, donor, RING_POINTS).differences(top, left)
    good = np.flatnonzero(differences <= max(float(differences.min()) * CLOSE, GRAIN))
    chosen = good[int(choice * len(good))]
    return Place(int(top[chosen]), int(left[chosen]), float(differences[chosen]))


def any_place(photograph: np.ndarray, donor: Donor, area: Area | None, choice: float) -> Place | None:
    """One of all allowed places, whatever surrounds it; else as find_place."""
    rows, columns = _ranges(photograph, donor)
    top, left = _allowed_places(rows, columns, donor, area)
    if not len(top):
        return None
    chosen = np.array([int(choice * len(top))])
    differences = _Surroundings(photograph, donor, RING_POINTS).differences(top[chosen], left[chosen])
    return Place(int(top[chosen[0]]), int(left[chosen[0]]), float(differences[0]))


def refine_place(photograph: np.ndarray, donor: Donor, area: Area | None, near: Place) -> Place:
    """The place that fits best, pixel by pixel, between the found place and its neighbours."""
    rows, columns = _ranges(photograph, donor)
    step = _step(rows, columns)
    top, left = _grid(_around(near.top, step, rows), _around(near.left, step, columns), 1)
    kept = _allowed(top, left, donor, area)
    top, left = top[kept], left[kept]
    differences = _Surroundings(photograph, donor, REFINING_POINTS).differences(top, left)
    best = int(np.argmin(differences))
    return Place(int(top[best]), int(left[best]), float(differences[best]))


def _ranges(photograph: np.ndarray, donor: Donor) -> tuple[_Range, _Range]:
    return _range(photograph.shape[0], donor, 0), _range(photograph.shape[1], donor, 1)


def _step(rows: _Range, columns: _Range) -> int:
    step = 1
    while len(range(rows.low, rows.high + 1, step)) * len(range(columns.low, columns.high + 1, step)) > MOST_PLACES:
        step += 1
    return step


def _allowed_places(rows: _Range, columns: _Range, donor: Donor, area: Area | None) -> tuple[np.ndarray, np.ndarray]:
    """Closer together if the area is so small that it lies between the places."""
    step = _step(rows, columns)
    while True:
        top, left = _grid(rows, columns, step)
        kept = _allowed(top, left, donor, area)
        if kept.any() or step == 1:
            return top[kept], left[kept]
        step //= 2


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


def _grid(rows: _Range, columns: _Range, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Tops and lefts int64 [places], in row order."""
    tops, lefts = (np.arange(r.low, r.high + 1, step) for r in (rows, columns))
    top, left = (part.ravel() for part in np.meshgrid(tops, lefts, indexing="ij"))
    return top, left


def _allowed(top: np.ndarray, left: np.ndarray, donor: Donor, area: Area | None) -> np.ndarray:
    """bool [places]"""
    if area is None:
        return np.ones(len(top), bool)
    points = np.argwhere(donor.mask)
    if area.least is None:
        points = points.sum(0, keepdims=True) // len(points)  # the middle
    else:
        count = min(SHARE_POINTS, len(points))
        points = points[(np.arange(count) * len(points)) // count]
    y = np.clip(top[:, None] + points[:, 0], 0, area.pixels.shape[0] - 1)
    x = np.clip(left[:, None] + points[:, 1], 0, area.pixels.shape[1] - 1)
    shares = area.pixels[y, x].sum(1) / len(points)
    return np.asarray(shares >= (1 if area.least is None else min(area.least, shares.max())))


class _Surroundings:
    """At most `most` points of the donor's surroundings, evenly spread in row order."""

    def __init__(self, photograph: np.ndarray, donor: Donor, most: int):
        height, width = donor.mask.shape
        padded = np.pad(photograph, [(height, height), (width, width), (0, 0)], mode="edge")
        self._across, self._pixels = padded.shape[1], padded.reshape(-1, 3)
        self._canvas = height, width
        points = np.argwhere(ring_of(donor.mask))
        count = min(most, len(points))
        self._points = points[(np.arange(count) * len(points)) // count]
        self._colours = np.rint(donor.image[self._points[:, 0], self._points[:, 1]]).astype(np.float32)

    def differences(self, top: np.ndarray, left: np.ndarray) -> np.ndarray:
        """float64 [places]: over the points, the variance of the difference between photograph and donor, and the
        weighted square of its mean. Beyond its border, the photograph continues."""
        start = (top + self._canvas[0]) * self._across + left + self._canvas[1]
        there = self._pixels[start[:, None] + (self._points[:, 0] * self._across + self._points[:, 1])]
        difference = there - self._colours  # whole numbers, whose sums of squares are still exact in float32
        count = len(self._points)
        mean = np.einsum("pnc->pc", difference).astype(np.float64) / count
        squares = np.einsum("pnc,pnc->pc", difference, difference).astype(np.float64) / count
        return np.asarray((squares - (1 - TONE_WEIGHT) * mean * mean).mean(1))
