"""What an evaluation measures, and how much of it."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import model_validator

from ..config.settings import Count, Positive, SettingsError, Text, Whole, settings
from ..model.noise_schedule import TRAIN_STEPS
from ..sampling.guidance import DPM_SOLVER_PP

Split = Literal["test", "validation"]
TEST: Split = "test"
VALIDATION: Split = "validation"

AtLeastTwo = Annotated[Whole, Ge(2)]
Steps = Annotated[Whole, Ge(1), Le(TRAIN_STEPS - 1)]  # DPM-Solver++ never visits t = 0
Seed = Annotated[Whole, Ge(0), Le(2**31 - 1)]


@settings
class EvaluationPlan:
    split: Split = TEST  # what is measured on: the test split, or the validation part of the train split
    samples: AtLeastTwo = 64  # drawn per pair
    windows: AtLeastTwo = 128  # real windows per pair and split
    strengths: tuple[float, float] = (0.75, 2.0)  # spread evenly over the samples
    steps: Steps = 20
    guidance: Literal["DOUBLE_FREE", "PRODUCT_RELATIVE"] = "DOUBLE_FREE"
    sampler: Literal["DPM_SOLVER_PP", "TURBO"] = DPM_SOLVER_PP
    strength_seeds: Count = 16
    ratio: Positive = 2.0  # synthetic windows per real defective window
    segmenter_steps: Count = 300
    classifier_steps: Count = 400
    seeds: Count = 3  # per detector
    seed: Seed = 0
    products: tuple[Text, ...] = ()  # prompt names; empty: all
    inception: Text = ""  # TorchScript files of the published networks: see features.published_network
    lpips: Text = ""

    @model_validator(mode="after")
    def _settings_fit(self) -> EvaluationPlan:
        problems = []
        low, high = self.strengths
        if not 0 <= low <= high < math.inf:
            problems.append(f"strengths is {self.strengths}, must be two numbers from 0, the lower first")
        if "" in self.products:
            problems.append(f"products is {list(self.products)}, must name a product in each place")
        if bool(self.inception) != bool(self.lpips):
            problems.append("inception and lpips go together: give both files or neither")
        if problems:
            raise SettingsError(problems)
        return self
