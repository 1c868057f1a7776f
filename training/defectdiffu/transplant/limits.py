"""What a product's window rule says about the variations of its defects."""

from __future__ import annotations

from ..data.windows import WindowRule
from .variation import VariationLimits


def limits_of(rule: WindowRule) -> VariationLimits:
    return VariationLimits(
        quarter_turns=rule.quarter_turns and not rule.half_turn_only,
        half_turns=rule.half_turn_only,
        mirrors=False if rule.half_turn_only else rule.flips,
    )
