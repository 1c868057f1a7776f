"""Successive halving (Jamieson and Talwalkar 2016): all candidates in one condition, the better half in the next, and
so on, so that most of the time goes to the candidates that are worth it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from .candidates import Candidate
from .time_budget import OutOfTime


class Condition(NamedTuple):
    """What trainings that are compared have in common."""

    fold: str
    seed: int
    shots: str


#: The headline figure of one training; None where the candidate has nothing to train on. Raises OutOfTime.
Train = Callable[[Candidate, Condition], float | None]


class Halving:
    """All `survivors` have a figure in each of the `rounds` conditions that were finished."""

    def __init__(self, candidates: Sequence[Candidate], conditions: Sequence[Condition]):
        self.survivors = list(candidates)
        self.rounds = 0
        self._conditions = conditions
        self._figures: dict[Candidate, list[float]] = {}

    @property
    def finished(self) -> bool:
        return (len(self.survivors) <= 1 and self.rounds > 0) or self.rounds >= len(self._conditions)

    def round(self, train: Train) -> None:
        """Trains the survivors in the next condition and keeps the better half of them.

        When the time ends within the round, those that were trained in it stay if it was the first round, and all
        otherwise. Then raises OutOfTime.
        """
        condition = self._conditions[self.rounds]
        figures: dict[Candidate, float | None] = {}
        try:
            for candidate in self.survivors:
                figures[candidate] = train(candidate, condition)
        except OutOfTime:
            if not self.rounds:
                self._keep(figures, len(figures))
            raise
        self.rounds += 1
        self._keep(figures, (len(self.survivors) + 1) // 2 if self.rounds < len(self._conditions) else 1)

    @property
    def best(self) -> Candidate | None:
        """The survivor with the highest mean figure; None when nothing was trained."""
        ranked = self._ranked(self.survivors)
        return ranked[0] if ranked else None

    def _keep(self, figures: dict[Candidate, float | None], count: int) -> None:
        for candidate, figure in figures.items():
            if figure is not None:
                self._figures.setdefault(candidate, []).append(figure)
        self.survivors = self._ranked([c for c in figures if figures[c] is not None])[:count]

    def _ranked(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        trained = [candidate for candidate in candidates if candidate in self._figures]
        return sorted(trained, key=lambda candidate: -np.mean(self._figures[candidate]))
