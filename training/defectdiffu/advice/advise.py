"""Chooses the best method with samples and the best one without, and measures their difference on other photographs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..comparison.detectors import DETECTORS
from ..comparison.plan import ALL, ComparisonPlan
from ..comparison.statistics import Interval, mean_figures
from ..comparison.store import Key
from .candidates import Candidate
from .findings import FEWEST_SEEDS, CurvePoint, Tried
from .folds import CHOICE, CONFIRMATION
from .gain import gain, pooled
from .halving import Condition, Halving
from .time_budget import OutOfTime
from .trainings import Trainings

CHOICE_SHARE, CONFIRMED_SHARE = 0.5, 0.8  # of the time: spent when the choice ends, and when the curve begins
CHOICE_SEEDS = 3  # in each fold for choosing
FIRST_CONFIRMING_SEED = 100  # so that the choice and the confirmation share no seed
CONFIRMING_SEEDS = 10
CURVE_SHOTS = (1, 3, 5, 10, 20)
CURVE_SEEDS = 2


class Advice:
    """The trainings of one product in three parts: choice, confirmation, curve. Each ends when its share of the time
    is spent; what it leaves goes to the next."""

    def __init__(self, trainings: Trainings, plan: ComparisonPlan):
        self._trainings, self._plan = trainings, plan
        self._part_of = {fold.name: fold.part for fold in trainings.folds.values()}
        self._headline = DETECTORS[trainings.detector].headline

    def choose(
        self, with_samples: list[Candidate], without: list[Candidate]
    ) -> tuple[Candidate | None, Candidate | None]:
        """The best with samples and the best without: first of the methods, then of the best one's variants."""
        conditions = [Condition(name, seed, ALL) for seed in range(CHOICE_SEEDS) for name in self._folds(CHOICE)]
        by_method = [Halving(kind, conditions) for kind in (without, with_samples)]
        tuned: list[Halving] = []
        try:
            self._run_in_turn(by_method)
            tuned = [Halving(_with_variants(halving.best), conditions) for halving in by_method]
            self._run_in_turn(tuned)
        except OutOfTime:
            pass
        best = [halving.best for halving in by_method]
        for i, halving in enumerate(tuned):
            if halving.finished:  # not the luck of the first round
                best[i] = halving.best
        theirs, ours = best
        return ours, theirs

    def measure(self, ours: Candidate, theirs: Candidate) -> None:
        """Trains both in every fold for confirming: the fewest seeds that tell something, more while their share of
        the time lasts, then with fewer photographs, and again more seeds."""
        both, seeds = (ours, theirs), self._seeds()
        self._train([c for c in self._confirming() if c.seed in seeds[:FEWEST_SEEDS]], both, 1.0)
        self._train(self._confirming(), both, CONFIRMED_SHARE, lambda key: key.shots == ALL)
        for seed in seeds[:CURVE_SEEDS]:
            for shots in self._curve_shots():
                self._train([c for c in self._confirming(shots) if c.seed == seed], both, 1.0)
        self._train(self._confirming(), both, 1.0)

    def gain(self, ours: Candidate, theirs: Candidate, shots: str = ALL) -> dict[str, Interval]:
        """By figure; empty where nothing is measured."""
        return gain(self._trainings, ours, theirs, self._confirming(shots), self._plan)

    def figures(self, ours: Candidate, theirs: Candidate) -> dict[str, float]:
        """The headline figure in the confirmation, mean over seeds, by the candidates' names."""
        made = {}
        for candidate in (ours, theirs):
            group = pooled(self._trainings, candidate, self._confirming())
            if group.trainings:
                made[candidate.name] = mean_figures([group])[self._headline]
        return made

    def curve(self, ours: Candidate, theirs: Candidate) -> list[CurvePoint]:
        points = [CurvePoint(shots, self.gain(ours, theirs, shots)) for shots in self._curve_shots()]
        return [point for point in points if point.gain]

    def tried(self) -> list[Tried]:
        """What the choice trained: those with the most trainings first, the best of them first."""
        made = []
        for candidate in self._trainings.asked:
            entries = [
                entry["figures"][self._headline]
                for key, entry in self._trainings.store.trainings.items()
                if key.method == candidate.name and self._part_of[key.product] == CHOICE
            ]
            if entries:
                made.append(Tried(candidate, len(entries), float(np.mean(entries))))
        return sorted(made, key=lambda each: (-each.trainings, -each.mean))

    def _run_in_turn(self, halvings: list[Halving]) -> None:
        """A round of each, again and again, so that a short time leaves no kind without figures."""
        while any(not halving.finished for halving in halvings):
            for halving in halvings:
                if not halving.finished:
                    halving.round(self._within(CHOICE_SHARE, lambda key: self._part_of[key.product] == CHOICE))

    def _train(
        self,
        conditions: Sequence[Condition],
        both: tuple[Candidate, Candidate],
        share: float,
        counts: Callable[[Key], bool] = lambda key: True,
    ) -> None:
        train = self._within(share, lambda key: self._part_of[key.product] == CHOICE or counts(key))
        try:
            for condition in conditions:
                for candidate in both:
                    train(candidate, condition)
        except OutOfTime:
            pass

    def _within(self, share: float, counts: Callable[[Key], bool]) -> Callable[[Candidate, Condition], float | None]:
        """Trains while the trainings that count have taken less than `share` of the time."""
        trainings = self._trainings

        def train(candidate: Candidate, condition: Condition) -> float | None:
            left = share * trainings.total - trainings.seconds(counts)
            return trainings.headline(candidate, condition, left)

        return train

    def _folds(self, part: str) -> list[str]:
        return [name for name, own in self._part_of.items() if own == part]

    def _confirming(self, shots: str = ALL) -> list[Condition]:
        return [Condition(name, seed, shots) for seed in self._seeds() for name in self._folds(CONFIRMATION)]

    @staticmethod
    def _seeds() -> range:
        return range(FIRST_CONFIRMING_SEED, FIRST_CONFIRMING_SEED + CONFIRMING_SEEDS)

    def _curve_shots(self) -> list[str]:
        """Fewer than every fold for confirming trains on of each defect."""
        fewest = min(
            fold.fewest_training_photographs() for fold in self._trainings.folds.values() if fold.part == CONFIRMATION
        )
        return [str(shots) for shots in CURVE_SHOTS if shots < fewest]


def _with_variants(candidate: Candidate | None) -> list[Candidate]:
    return [candidate, *candidate.variants()] if candidate else []
