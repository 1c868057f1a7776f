"""The choice of an advice: the best candidate of one kind, first of the methods, then of the best one's variants."""

from __future__ import annotations

from collections.abc import Sequence

from .candidates import Candidate
from .findings import CHOSEN, GIVEN_UP, OUT_OF_TIME, Tried
from .halving import Condition, Halving, Train

FEWEST_ROUNDS = 2  # after which a variant is chosen


class Choice:
    """Among candidates with samples, or among those without."""

    def __init__(self, candidates: Sequence[Candidate], conditions: Sequence[Condition]):
        self._methods, self._conditions = Halving(candidates, conditions), conditions
        self._variants: Halving | None = None

    @property
    def finished(self) -> bool:
        return self._halvings[-1].finished

    def step(self, train: Train) -> None:
        """One training. Raises OutOfTime when the time ends."""
        self._halvings[-1].step(train)

    def tune(self) -> None:
        """From now on, steps compare the best method with its variants."""
        best = self._methods.best
        self._variants = Halving([best, *best.variants()] if best else [], self._conditions)

    @property
    def best(self) -> Candidate | None:
        """None when nothing was trained. A variant only after two rounds: not by the luck of the first one."""
        return self._leading.best

    @property
    def tried(self) -> list[Tried]:
        """Every candidate once that was trained."""
        made: dict[Candidate, Tried] = {}
        for halving in self._halvings:
            for candidate, figures in halving.figures.items():
                if candidate not in made or len(figures) >= made[candidate].trainings:
                    made[candidate] = self._tried(halving, candidate)
        return list(made.values())

    def _tried(self, halving: Halving, candidate: Candidate) -> Tried:
        rounds = len(halving.figures[candidate])
        leader = self._leading.best if halving is self._halvings[-1] else halving.best
        assert leader is not None
        undecided = candidate in halving.survivors and not halving.finished
        outcome = CHOSEN if candidate == self.best else OUT_OF_TIME if undecided else GIVEN_UP
        return Tried(candidate, rounds, halving.mean(candidate, rounds), halving.mean(leader, rounds), outcome)

    @property
    def _leading(self) -> Halving:
        """The one whose best is chosen."""
        *_, last = self._halvings
        enough = last.best is not None and (last.finished or last.rounds >= FEWEST_ROUNDS)
        return last if enough else self._halvings[0]

    @property
    def _halvings(self) -> list[Halving]:
        return [self._methods] if self._variants is None else [self._methods, self._variants]
