"""The precisions that a bundle is quantised to, and the amount of measurement."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge
from pydantic import model_validator

from ..config.choices import require_choices
from ..config.settings import Count, NonNegativeCount, Text, Whole, settings

PRECISIONS = ("int8", "fp16")


@settings
class QuantisationPlan:
    precisions: tuple[Text, ...] = ("int8",)
    calibration: Annotated[Whole, Ge(9)] = 36  # trajectories
    samples: Count = 4  # per trained pair, drawn in both precisions from the same noise
    steps: Annotated[Whole, Ge(2)] = 20
    smallest_weight: Count = 16_384  # elements; matrix products with smaller weights stay in float32
    seed: NonNegativeCount = 0

    @model_validator(mode="after")
    def _precisions_known(self) -> QuantisationPlan:
        require_choices("precision", self.precisions, PRECISIONS)
        return self
