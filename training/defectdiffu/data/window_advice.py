"""Measures which windows suit a defect: neither too small in them to be learnt, nor cut off from its surroundings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.ndimage import distance_transform_edt, label

from .record import Record
from .windows import WindowCutter, WindowRule

MIN_DEFECT_SHARE, MAX_DEFECT_SHARE = 0.02, 0.4  # of a window, covered by the defect
MIN_DEFECT_SHOWN = 0.5  # of the defect, inside the window
MIN_STROKE_WIDTH = 3.0  # pixels of what the model sees
WINDOWS = 4  # looked at per photograph
SMALLEST, GROWTH = 32, 1.15  # of the windows that are tried

SideRange = tuple[int, int]  # the least and the greatest side of a window that suit


class View(NamedTuple):
    """What windows of one side show of a defect, as medians over windows."""

    side: int  # in the photograph's own pixels
    share: float  # of the window, covered by the defect
    shown: float  # of the defect, inside the window
    stroke: float  # the defect's width in pixels of what the model sees

    @property
    def visible(self) -> bool:
        return self.share >= MIN_DEFECT_SHARE and self.stroke >= MIN_STROKE_WIDTH


def measure_views(
    photographs: Sequence[Record], rule: WindowRule, size: int, seed: int, shorter: int
) -> tuple[View, list[View]]:
    """The view in the rule's own windows, and those in windows of other sides, up to `shorter` pixels.

    The photographs are defective. `size`: the side in pixels to which the model's windows are scaled.
    """
    rules = [rule, *(replace(rule, window=side, zoom=0.0) for side in _sides_to_try(shorter))]
    looks = np.array([_looks(record, rules, size, (seed, i)) for i, record in enumerate(photographs)])
    shares, shown, strokes = np.median(looks, axis=(0, 2)).T
    own = View(rule.window, float(shares[0]), float(shown[0]), float(strokes[0]))
    others = [
        View(r.window, float(share), float(part), own.stroke * rule.window / r.window)
        for r, share, part in zip(rules[1:], shares[1:], shown[1:], strict=True)
    ]
    return own, others


def suitable_sides(views: Sequence[View]) -> SideRange | None:
    """The range of sides that suit the defect; None if none does.

    A long crack cannot be both wide enough and in view as a whole; then it may be cut off.
    """
    visible = [view for view in views if view.visible and view.share <= MAX_DEFECT_SHARE]
    suitable = [view for view in visible if view.shown >= MIN_DEFECT_SHOWN] or visible
    return (suitable[0].side, suitable[-1].side) if suitable else None


def common_sides(ranges: Sequence[SideRange | None]) -> SideRange | None:
    """What suits all defects of a product; None if nothing does."""
    known = [each for each in ranges if each is not None]
    if not known or len(known) < len(ranges):
        return None
    least, most = max(least for least, _ in known), min(most for _, most in known)
    return (least, most) if least <= most else None


def stroke_width(mask: np.ndarray) -> float:
    """In pixels, of a mask bool [S, S] that is not empty: that of a stripe whose pixels are on average as far from its
    edge as these are."""
    if mask.all():
        return float(mask.shape[0])
    fine = np.kron(mask, np.ones((2, 2), bool))  # so that every width is even, and a stripe's comes out exactly
    return float(2 * distance_transform_edt(fine)[fine].mean() - 1)


def _sides_to_try(shorter: int) -> list[int]:
    """Multiples of 8, in growing steps."""
    steps = int(np.log(max(1, shorter / SMALLEST)) / np.log(GROWTH))
    sides = {8 * round(SMALLEST * GROWTH**i / 8) for i in range(steps + 1)} | {8 * (shorter // 8)}
    return sorted(side for side in sides if 8 <= side <= shorter)


def _looks(record: Record, rules: list[WindowRule], size: int, seed: tuple[int, int]) -> np.ndarray:
    """[rules, WINDOWS, (share, shown, stroke)]; strokes are measured for the first rule alone."""
    cutter = WindowCutter(record, rules[0], size)
    defects, _ = label(cutter.mask, np.ones((3, 3)))
    whole = np.bincount(defects.ravel())
    found = np.zeros((len(rules), WINDOWS, 3))
    for i, cutter.rule in enumerate(rules):
        rng = np.random.default_rng(seed)
        for j in range(WINDOWS):
            top, left, side = cutter.place(rng)
            seen = defects[top : top + side, left : left + side]
            parts = np.bincount(seen[seen > 0])
            largest = int(parts.argmax())
            stroke = stroke_width(seen > 0) * size / side if i == 0 else 0.0
            found[i, j] = (seen > 0).mean(), parts[largest] / whole[largest], stroke
    return found
