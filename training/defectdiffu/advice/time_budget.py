"""The minutes that the user gave: no training begins that would not fit, and one that takes too long is given up."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..progress import Progress


class OutOfTime(Exception):
    """The time is spent, or the next training would not fit into it."""


class TimeBudget:
    """Begins when it is made."""

    def __init__(self, minutes: float, clock: Callable[[], float] = time.monotonic):
        """Raises ValueError unless `minutes` is above 0."""
        if minutes <= 0:
            raise ValueError(f"minutes is {minutes}, must be above 0")
        self._clock, self._started = clock, clock()
        self.seconds = 60 * minutes

    @property
    def left(self) -> float:
        return self._started + self.seconds - self._clock()

    def part(self, share: float) -> TimeBudget:
        """A share of what is left. Raises OutOfTime when nothing is."""
        self.require(1e-9)
        return TimeBudget(share * self.left / 60, self._clock)

    def require(self, seconds: float) -> None:
        """Raises OutOfTime unless `seconds` are left."""
        if self.left < seconds:
            raise OutOfTime

    def guard(self, report: Progress) -> Progress:
        """The callback, which gives up what reports to it when the time is spent: it raises OutOfTime."""

        def guarded(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
            self.require(0)
            report(stage, done, total, figures)

        return guarded

    def report(self, report: Progress, trainings: int, step: int) -> None:
        """Seconds spent of those there are, how many trainings are finished, and the step of the one that runs."""
        total = int(self.seconds)
        spent = total - int(min(max(self.left, 0), total))
        report("advice", spent, total, {"trainings": trainings, "step": step})
