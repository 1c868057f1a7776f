"""The plan of a distillation: how many trajectories, and how the student is trained on them."""

from __future__ import annotations

from ..config import OptimiserConfig
from ..config.settings import Count, NonNegative, NonNegativeCount, Positive, settings


@settings
class DistillationPlan:
    trajectories: Count = 8_000
    steps: Count = 12_000
    batch_size: Count = 64
    learning_rate: Positive = 8e-4
    mask_weight: NonNegative = 0.3  # of the mask loss
    seed: NonNegativeCount = 0

    def optimiser(self) -> OptimiserConfig:
        return OptimiserConfig(
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            warmup_steps=100,
            total_steps=self.steps,
            cooldown_steps=max(1, self.steps // 2),
            ema_decay=0.999,
        )
