"""Data-set lint: measures on the train split what docs/data.md recommends for photographs.

Nothing of this keeps a model from being trained; it says beforehand what the model will not learn well.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .image_files import image_size
from .layout import GOOD
from .parallel_cutting import group_records
from .record import Record
from .window_advice import (
    MAX_DEFECT_SHARE,
    MIN_DEFECT_SHARE,
    MIN_DEFECT_SHOWN,
    MIN_STROKE_WIDTH,
    SideRange,
    View,
    common_sides,
    measure_views,
    suitable_sides,
)
from .windows import Rules, rule_of

MIN_DEFECTIVE, MIN_NORMAL = 10, 20  # photographs of a group
MUCH_OF_A_PHOTOGRAPH = 0.5  # shown by a window: there is little more of the product around a defect to show
CONTEXT = "if the product has a shape, take a large one, which shows where on the product a defect lies"


class GroupMeasurements(NamedTuple):
    """Measurements of one (product, defect)."""

    product: str
    defect: str
    photographs: int
    small: int  # photographs with a side that is shorter than the window
    window: int
    area: float  # share of the photograph that a window shows, as a median
    view: View | None  # in the rule's own windows; None for normal photographs
    sides: SideRange | None  # of windows that suit the defect; None where none does, and for normal photographs


def measure_groups(records: list[Record], rules: Rules, size: int, seed: int = 0) -> list[GroupMeasurements]:
    """`size`: the side in pixels to which the model's windows are scaled."""
    found = []
    for (product, defect), photographs in group_records([r for r in records if r.split == "train"]).items():
        rule = rule_of(rules, product)
        dimensions = np.array([image_size(record.image) for record in photographs])
        shorter = dimensions.min(axis=1)
        area = float(np.median(np.minimum(rule.window, shorter) ** 2 / dimensions.prod(axis=1)))
        view, sides = None, None
        if defect != GOOD:
            view, others = measure_views(photographs, rule, size, seed, int(np.median(shorter)))
            sides = suitable_sides(others)
        small = int((shorter < rule.window).sum())
        found.append(GroupMeasurements(product, defect, len(photographs), small, rule.window, area, view, sides))
    return found


def lint_warnings(group: GroupMeasurements) -> list[str]:
    found, name = [], f"{group.product}/{group.defect}"
    least = MIN_NORMAL if group.defect == GOOD else MIN_DEFECTIVE
    if group.photographs < least:
        found.append(f"{name}: {group.photographs} photograph(s) to learn from, should be at least {least}")
    if group.small:
        found.append(f"{name}: {group.small} photograph(s) are smaller than the window, {group.window} pixels")
    return found + [f"{name}: {problem}" for problem in _window_problems(group)]


def _window_problems(group: GroupMeasurements) -> list[str]:
    view, found = group.view, []
    if view is None:
        return []
    smaller, larger = "make the window smaller", "make the window larger"
    if group.sides:
        smaller, larger = f"{smaller}, {group.sides[1]} or less", f"{larger}, {group.sides[0]} or more"
    if view.share < MIN_DEFECT_SHARE:
        found.append(
            f"the defect covers {view.share:.2%} of a window of {group.window} pixels, "
            f"should be at least {MIN_DEFECT_SHARE:.0%}: {smaller}"
        )
    if view.stroke < MIN_STROKE_WIDTH:
        found.append(
            f"strokes are {view.stroke:.1f} pixels wide in what the model sees, "
            f"should be at least {MIN_STROKE_WIDTH:.0f}: {smaller}"
        )
    if view.share > MAX_DEFECT_SHARE:
        found.append(
            f"the defect covers {view.share:.0%} of a window of {group.window} pixels, "
            f"should be at most {MAX_DEFECT_SHARE:.0%}: {larger}"
        )
    elif view.shown < MIN_DEFECT_SHOWN and group.sides and group.window < group.sides[0]:
        found.append(
            f"a window of {group.window} pixels shows {view.shown:.0%} of the defect, "
            f"should be at least {MIN_DEFECT_SHOWN:.0%}: {larger}"
        )
    return found


def window_advice(groups: list[GroupMeasurements]) -> list[str]:
    """One line per product with defects: from which side to which a window suits all of them, and what a larger one is
    good for."""
    lines = []
    for product in dict.fromkeys(group.product for group in groups):
        own = [group for group in groups if group.product == product]
        defective = [group for group in own if group.view]
        area = float(np.median([group.area for group in own]))
        now = f"window is {own[0].window} and shows {area:.0%} of a photograph"
        if not defective:
            continue
        if sides := common_sides([group.sides for group in defective]):
            suits = f"{sides[0]} to {sides[1]} would suit its defects"
            if area < MUCH_OF_A_PHOTOGRAPH and own[0].window < sides[1]:
                suits += f": {CONTEXT}"
        elif len(defective) == 1:
            suits = "no side suits its defect"
        else:
            each = ", ".join(f"{g.defect} {_in_words(g.sides)}" for g in defective)
            suits = f"no side suits all its defects ({each})"
        lines.append(f"{product}: {now}; {suits}")
    return lines


def _in_words(sides: SideRange | None) -> str:
    return f"{sides[0]} to {sides[1]}" if sides else "none"
