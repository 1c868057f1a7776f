"""Chooses the best method with samples and the best one without, and measures their difference on other photographs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..comparison.detectors import DETECTORS
from ..comparison.plan import ALL, ComparisonPlan
from ..comparison.statistics import Interval, mean_figures
from ..comparison.store import Key
from .candidates import KINDS, Candidate
from .choice import Choice
from .findings import FEWEST_SEEDS, CurvePoint, Tried
from .folds import CHOICE, CONFIRMATION, Fold
from .gain import gain, pooled
from .halving import Condition
from .time_budget import OutOfTime
from .trainings import Trainings

CHOICE_SHARE, CONFIRMED_SHARE = 0.5, 0.8  # of the time: spent when the choice ends, and when the curve begins
CHOICE_SEEDS = 3  # in each fold for choosing
FIRST_CONFIRMING_SEED = 100  # so that the choice and the confirmation share no seed
CONFIRMING_SEEDS = 10
CURVE_SHOTS = (1, 3, 5, 10, 20)
CURVE_SEEDS = 2
COMPARED = 3  # at most: the best with samples, the best without, and augmentation alone


def fewest_trainings(folds: Iterable[Fold]) -> int:
    """That an answer takes: one of each kind, and those of the gain."""
    return len(KINDS) + _fewest_gain_trainings(folds)


def _fewest_gain_trainings(folds: Iterable[Fold]) -> int:
    return COMPARED * FEWEST_SEEDS * sum(fold.part == CONFIRMATION for fold in folds)


class Advice:
    """The trainings of one product in three parts: choice, confirmation, curve. Each ends when its share of the time
    is spent; what it leaves goes to the next."""

    def __init__(self, trainings: Trainings, plan: ComparisonPlan):
        self._trainings, self._plan = trainings, plan
        self._part_of = {fold.name: fold.part for fold in trainings.folds.values()}
        self._headline = DETECTORS[trainings.detector].headline
        self._choices: list[Choice] = []

    def choose(
        self, with_samples: list[Candidate], without: list[Candidate]
    ) -> tuple[Candidate | None, Candidate | None]:
        """The best with samples and the best without: first of the methods, then of the best one's variants."""
        conditions = [Condition(name, seed, ALL) for seed in range(CHOICE_SEEDS) for name in self._folds(CHOICE)]
        theirs, ours = self._choices = [Choice(kind, conditions) for kind in (without, with_samples)]
        try:
            self._run_in_turn()
            for choice in self._choices:
                choice.tune()
            self._run_in_turn()
        except OutOfTime:
            pass
        return ours.best, theirs.best

    def measure(self, compared: Sequence[Candidate]) -> None:
        """Trains all in every fold for confirming: the fewest seeds that tell something, more while their share of
        the time lasts, then with fewer photographs, and again more seeds."""
        seeds = self._seeds()
        self._train([c for c in self._confirming() if c.seed in seeds[:FEWEST_SEEDS]], compared, 1.0)
        self._train(self._confirming(), compared, CONFIRMED_SHARE, lambda key: key.shots == ALL)
        for seed in seeds[:CURVE_SEEDS]:
            for shots in self._curve_shots():
                self._train([c for c in self._confirming(shots) if c.seed == seed], compared, 1.0)
        self._train(self._confirming(), compared, 1.0)

    def figures(self, compared: Sequence[Candidate]) -> dict[str, float]:
        """The headline figure in the confirmation, mean over the seeds that all have, by the candidates' names."""
        groups = pooled(self._trainings, compared, self._confirming())
        if not all(group.trainings for group in groups.values()):
            return {}
        return {each.name: mean_figures([group])[self._headline] for each, group in groups.items()}

    def gain(
        self, ours: Candidate, theirs: Candidate, compared: Sequence[Candidate], shots: str = ALL
    ) -> dict[str, Interval]:
        """By figure, over the seeds that all `compared` have; empty where nothing is measured."""
        return gain(pooled(self._trainings, compared, self._confirming(shots)), ours, theirs, self._plan)

    def curve(self, ours: Candidate, theirs: Candidate, compared: Sequence[Candidate]) -> list[CurvePoint]:
        points = [CurvePoint(shots, self.gain(ours, theirs, compared, shots)) for shots in self._curve_shots()]
        return [point for point in points if point.gain]

    def tried(self) -> list[Tried]:
        """What the choice trained: those with the most trainings first, the best of them first."""
        made = [each for choice in self._choices for each in choice.tried]
        return sorted(made, key=lambda each: (-each.trainings, -each.mean))

    def fewest_seconds(self) -> float | None:
        """That an answer takes. None before the first training."""
        longest = self._trainings.longest()
        return None if longest is None else longest * fewest_trainings(self._trainings.folds.values())

    def _run_in_turn(self) -> None:
        """A training of each kind in turn, so that a short time leaves no kind without figures."""
        while any(not choice.finished for choice in self._choices):
            for choice in self._choices:
                if not choice.finished:
                    share = 1.0 if choice.best is None else self._choice_share()
                    choice.step(self._within(share, lambda key: self._part_of[key.product] == CHOICE))

    def _choice_share(self) -> float:
        """CHOICE_SHARE, or less where the gain would have no time: without it, there is no answer. Where an answer does
        not fit at all, a later call may find the time, and the choice has its share."""
        fewest, gain, total = self.fewest_seconds(), self._fewest_gain_seconds(), self._trainings.total
        if fewest is None or gain is None or fewest > total:
            return CHOICE_SHARE
        return min(CHOICE_SHARE, (total - gain) / total)

    def _fewest_gain_seconds(self) -> float | None:
        longest = self._trainings.longest()
        return None if longest is None else longest * _fewest_gain_trainings(self._trainings.folds.values())

    def _train(
        self,
        conditions: Sequence[Condition],
        compared: Sequence[Candidate],
        share: float,
        counts: Callable[[Key], bool] = lambda key: True,
    ) -> None:
        train = self._within(share, lambda key: self._part_of[key.product] == CHOICE or counts(key))
        try:
            for condition in conditions:
                for candidate in compared:
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
