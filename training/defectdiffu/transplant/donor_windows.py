"""Samples for detectors: windows of other products' defective photographs, as they are."""

from __future__ import annotations

import numpy as np

from ..data.record import Record
from ..data.windows import Rules, WindowCutter, rule_of

OTHER_PRODUCTS = "other_products"  # the folder of these samples, in the place of a defect's


def donor_window(
    groups: list[list[Record]], rules: Rules, side: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, Record]:
    """A window of one photograph, cut by the rule of its own product and resized to `side`, as `compare` does.

    `groups`: defective photographs by pair; each pair comes as often. Returns the image uint8 [side, side, 3], the mask
    bool [side, side], and the photograph.
    """
    group = groups[rng.integers(len(groups))]
    donor = group[rng.integers(len(group))]
    return *WindowCutter(donor, rule_of(rules, donor.product), side).cut(rng), donor
