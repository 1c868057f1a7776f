"""The training schedule: when training ends, and the learning rate (warm-up, plateau, linear decay to zero)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from ..config import OptimiserConfig


class Schedule(Protocol):
    def finished(self, step: int) -> bool:
        """Whether the training is done when `step` steps have been made."""

    def learning_rate(self, step: int, first_step: int) -> float:
        """The learning rate after `step` steps. `first_step` is where the optimiser started."""

    def expected_steps(self, step: int) -> int:
        """Total steps, as far as is known."""


@dataclass
class StepSchedule:
    """Falls over the last `cooldown_steps`, or over the second half of a training that is short."""

    plan: OptimiserConfig
    total_steps: int

    def finished(self, step: int) -> bool:
        return step >= self.total_steps

    def learning_rate(self, step: int, first_step: int = 0) -> float:
        cooldown = max(1, min(self.plan.cooldown_steps, (self.total_steps - first_step) // 2))
        left = max(0, self.total_steps - step) / cooldown
        return self.plan.learning_rate * min(1, _warmup(step - first_step, self.plan), left)

    def expected_steps(self, step: int) -> int:
        return self.total_steps


@dataclass
class TimeSchedule:
    """For a machine that is lent by the minute: as many steps as `seconds` from now allow.

    Falls over the share of the time that `cooldown_steps` are of `total_steps`, or over the second half of what earlier
    stages have left. Not reproducible as steps are. `spent` of the seconds passed in earlier calls, `trained` of these
    in this schedule's training: the rate of a training that is resumed falls as if it had not been interrupted.
    """

    plan: OptimiserConfig
    seconds: float
    clock: Callable[[], float] = time.monotonic
    spent: float = 0
    trained: float = 0
    began: float = field(init=False)
    first: tuple[int, float] | None = field(default=None, init=False)  # step and time when it was first asked

    def __post_init__(self) -> None:
        self.began = self.clock() - self.spent

    def finished(self, step: int) -> bool:
        if self.first is None:
            self.first = step, self.clock()
        return self._left() <= 0

    def learning_rate(self, step: int, first_step: int = 0) -> float:
        first = self.first[1] if self.first else self.began
        given = self.trained + self.began + self.seconds - first
        cooldown = min(self.seconds * self.plan.cooldown_steps / self.plan.total_steps, given / 2)
        left = max(0.0, self._left()) / max(cooldown, 1e-9)
        return self.plan.learning_rate * min(1, _warmup(step - first_step, self.plan), left)

    def expected_steps(self, step: int) -> int:
        at, when = self.first or (step, self.clock())
        passed = self.clock() - when
        return step + round(max(0.0, self._left()) * (step - at) / passed) if passed > 0 else step

    def _left(self) -> float:
        return self.began + self.seconds - self.clock()


def _warmup(steps: int, plan: OptimiserConfig) -> float:
    return (steps + 1) / plan.warmup_steps
