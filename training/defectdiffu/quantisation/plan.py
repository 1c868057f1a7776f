"""What variants are made, and how much is measured of them."""

from __future__ import annotations

from dataclasses import dataclass

from ..config.choices import require_choices

PRECISIONS = ("int8", "fp16")


@dataclass(frozen=True)
class VariantPlan:
    """Raises ValueError that names the setting, its bound and its value."""

    precisions: tuple[str, ...] = ("int8",)
    calibration: int = 36  # trajectories
    samples: int = 4  # per trained pair, drawn in both arithmetics from the same noise
    steps: int = 20
    smallest_weight: int = 16_384  # elements: products with smaller ones stay in float32, they are not worth it
    seed: int = 0

    def __post_init__(self) -> None:
        require_choices("precision", self.precisions, PRECISIONS)
        for name, least in (("calibration", 9), ("samples", 1), ("steps", 2), ("smallest_weight", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}, must be at least {least}")
