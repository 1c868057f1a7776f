"""What is asked of a transplanted data set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TransplantRequest:
    count: int  # per pair
    strengths: tuple[float, float] = (1.0, 1.0)  # drawn evenly
    anywhere: bool = False  # instead of where the surroundings fit, and more varied
    seed: int = 0
    cut_paste: int = 0  # samples without any defect, per product
    donor_windows: int = 0  # windows of the donors as they are, per product
