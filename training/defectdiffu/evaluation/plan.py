"""What an evaluation measures, and how much of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..model.noise_schedule import TRAIN_STEPS
from ..sampling.generator import GUIDANCES

HALVES = (TEST, VALIDATION) = ("test", "validation")
MOST_STEPS = TRAIN_STEPS - 1  # DPM-Solver++ never visits t = 0
MOST_SEED = 2**31 - 1
AT_LEAST = {
    "samples": 2,
    "windows": 2,
    "steps": 1,
    "strength_seeds": 1,
    "segmenter_steps": 1,
    "classifier_steps": 1,
    "seeds": 1,
}


@dataclass(frozen=True)
class EvaluationPlan:
    """Raises ValueError that names the setting, its bound and its value."""

    half: str = TEST  # what is measured on; or VALIDATION (validation_split.py)
    samples: int = 64  # drawn per pair
    windows: int = 128  # real windows per pair and half
    strengths: tuple[float, float] = (0.75, 2.0)  # spread evenly over the samples
    steps: int = 20
    guidance: str = "DOUBLE_FREE"
    strength_seeds: int = 16
    ratio: float = 2.0  # synthetic windows per real defective one
    segmenter_steps: int = 300
    classifier_steps: int = 400
    seeds: int = 3  # of every detector
    seed: int = 0
    products: tuple[str, ...] = ()  # prompt names; all of them when empty
    inception: str = ""  # TorchScript files of the published networks: see features.published_network
    lpips: str = ""

    def __post_init__(self) -> None:
        for name, least in AT_LEAST.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}, must be at least {least}")
        if self.steps > MOST_STEPS:
            raise ValueError(f"steps is {self.steps}, must be at most {MOST_STEPS}")
        if self.half not in HALVES:
            raise ValueError(f"half is {self.half!r}, must be {' or '.join(HALVES)}")
        if not 0 <= self.seed <= MOST_SEED:
            raise ValueError(f"seed is {self.seed}, must be from 0 to {MOST_SEED}")
        if not 0 < self.ratio < math.inf:
            raise ValueError(f"ratio is {self.ratio}, must be a number above 0")
        low, high = self.strengths
        if not 0 <= low <= high < math.inf:
            raise ValueError(f"strengths is {self.strengths}, must be two numbers from 0, the lower first")
        if self.guidance not in GUIDANCES:
            raise ValueError(f"guidance is {self.guidance!r}, must be {' or '.join(GUIDANCES)}")
        if "" in self.products:
            raise ValueError(f"products is {list(self.products)}, must name a product in each place")
        if bool(self.inception) != bool(self.lpips):
            raise ValueError("inception and lpips go together: give both files or neither")
