"""Successive halving (Jamieson and Talwalkar 2016): all candidates in one condition, the better half in the next, and
so on, so that most of the time goes to the candidates that are worth it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from .candidates import Candidate


class Condition(NamedTuple):
    """What trainings that are compared have in common."""

    fold: str
    seed: int
    shots: str


#: The headline figure of one training; None where the candidate has nothing to train on. Raises OutOfTime.
Train = Callable[[Candidate, Condition], float | None]


class Halving:
    """All `survivors` have a figure in each of the `rounds` conditions that were finished.

    A round that was not finished counts for nobody, unless it is the first one. So whoever is given up has no higher
    mean than `best` in the same conditions.
    """

    def __init__(self, candidates: Sequence[Candidate], conditions: Sequence[Condition]):
        self.survivors = list(candidates)
        self.rounds = 0
        self._conditions = conditions
        self._figures: dict[Candidate, list[float]] = {}
        self._round: dict[Candidate, float | None] = {}

    @property
    def finished(self) -> bool:
        alone = len(self.survivors) == 1 and self.rounds > 0
        return alone or not self.survivors or self.rounds >= len(self._conditions)

    def step(self, train: Train) -> None:
        """Trains the next of the survivors in the condition of the round. After the last one, keeps the better half.
        Raises OutOfTime when the time ends."""
        candidate = self.survivors[len(self._round)]
        self._round[candidate] = train(candidate, self._conditions[self.rounds])
        if len(self._round) < len(self.survivors):
            return
        for each, figure in self._round.items():
            if figure is not None:
                self._figures.setdefault(each, []).append(figure)
        trained = [each for each in self.survivors if self._round[each] is not None]
        self.rounds, self._round = self.rounds + 1, {}
        self.survivors = self._ranked(trained)[: (len(trained) + 1) // 2 if self.rounds < len(self._conditions) else 1]

    @property
    def figures(self) -> dict[Candidate, list[float]]:
        """Of the finished rounds, in the order of the conditions; in the first round, of those that were trained."""
        begun = {each: [figure] for each, figure in self._round.items() if figure is not None}
        return self._figures if self.rounds else begun

    @property
    def best(self) -> Candidate | None:
        """The survivor with the highest mean figure; None when nothing was trained."""
        ranked = self._ranked(self.survivors)
        return ranked[0] if ranked else None

    def mean(self, candidate: Candidate, rounds: int) -> float:
        """Of the candidate's first figures."""
        return float(np.mean(self.figures[candidate][:rounds]))

    def _ranked(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        figures = self.figures
        return sorted((each for each in candidates if each in figures), key=lambda each: -np.mean(figures[each]))
