"""Trains one candidate in one condition, unless it is trained already or the time does not suffice."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ..comparison.detectors import DETECTORS
from ..comparison.generated import BundleSamples, DrawSettings
from ..comparison.measurement import TrainingData, measure
from ..comparison.methods import METHODS
from ..comparison.photographs import TooFew
from ..comparison.plan import ALL
from ..comparison.store import ComparisonStore, Key
from ..evaluation.real_windows import Windows
from ..progress import Progress
from .candidates import Candidate
from .folds import Fold
from .halving import Condition
from .time_budget import OutOfTime, TimeBudget

LATEST = 4  # trainings that tell how long the next one takes


class Trainings:
    """Keeps each training in the store as soon as it is finished, under the name of its fold in place of a product."""

    def __init__(
        self,
        folds: list[Fold],
        store: ComparisonStore,
        detector: str,
        bundle: BundleSamples | None,
        budget: TimeBudget,
        report: Progress,
    ):
        """Raises ValueError when the store was measured on other photographs or with another bundle."""
        self.folds = {fold.name: fold for fold in folds}
        self.store, self.detector, self.budget = store, detector, budget
        self._bundle, self._report = bundle, report
        self.total = budget.seconds + self.seconds()  # which the parts of an advice share, with earlier calls
        self.asked: dict[Candidate, None] = {}  # as an ordered set
        self._bundles: dict[DrawSettings, BundleSamples] = {}
        self._held_out: dict[str, Windows] = {}
        self._seen: tuple[Condition, TrainingData] | None = None
        for fold in folds:
            store.require_same_test(fold.name, fold.held_out_rows())
        for key in store.trainings:
            store.require_same_bundle(key, bundle.name if bundle else None)

    def headline(self, candidate: Candidate, condition: Condition, seconds: float) -> float | None:
        """The headline figure in 0…1; None where the fold has none, or where the candidate has nothing to train on, and
        the store says why.

        Raises OutOfTime when the training would take more than `seconds`, or than what is left of the budget.
        """
        self.asked[candidate] = None
        key = self.key(candidate, condition)
        if not self.store.has(key):
            if reason := self._reason_against(candidate, condition):
                self.store.skip(key, reason)
                return None
            expected = self._expected_seconds(candidate)
            if expected > seconds:
                raise OutOfTime
            self.budget.require(expected)
            try:
                self.store.put(key, self._measured(candidate, condition, key))
            except TooFew as error:
                self.store.skip(key, str(error))
                return None
        figure: float | None = self.entry(candidate, condition)["figures"][DETECTORS[self.detector].headline]
        return figure

    def key(self, candidate: Candidate, condition: Condition) -> Key:
        return Key(condition.fold, self.detector, condition.shots, candidate.name, condition.seed)

    def entry(self, candidate: Candidate, condition: Condition) -> dict[str, Any]:
        """What the store holds of a finished training."""
        entry: dict[str, Any] = self.store.document["trainings"][str(self.key(candidate, condition))]
        return entry

    def entries_of(self, candidate: Candidate) -> list[dict[str, Any]]:
        return [entry for key, entry in self.store.trainings.items() if key.method == candidate.name]

    def seconds(self, which: Callable[[Key], bool] = lambda key: True) -> float:
        """That the stored trainings took, in this call and in earlier ones."""
        return float(sum(entry["seconds"] for key, entry in self.store.trainings.items() if which(key)))

    def reason_without_figures(self, candidate: Candidate) -> str | None:
        """Why the candidate has nothing to train on; None where it has."""
        for fold in self.folds:
            if reason := self._reason_against(candidate, Condition(fold, 0, ALL)):
                return reason
        reasons = self.store.document["skipped"].items()
        return next((reason for key, reason in reasons if key.split("/")[2:4] == [ALL, candidate.name]), None)

    def longest(self) -> float | None:
        """Seconds of the longest of the latest trainings; None before the first one."""
        return _longest(self.store.trainings.values()) or None

    def _reason_against(self, candidate: Candidate, condition: Condition) -> str | None:
        product = self.folds[condition.fold].product
        method = METHODS[candidate.method]
        reason = method.reason_against(condition.shots, self._bundle is not None, bool(product.others))
        if reason is None and candidate.needs_bundle and self._bundle is not None:
            reason = self._bundle.problem(product.pairs)
        return reason

    def _measured(self, candidate: Candidate, condition: Condition, key: Key) -> dict[str, Any]:
        if self._seen is None or self._seen[0] != condition:
            product = self.folds[condition.fold].product
            self._seen = condition, TrainingData(product, condition.shots, condition.seed)
        if condition.fold not in self._held_out:
            self._held_out[condition.fold] = self.folds[condition.fold].held_out_windows()
        bundle = self._drawing(candidate.drawing) if candidate.needs_bundle else None
        data = _for(candidate, self._seen[1])

        def step(done: int, total: int) -> None:
            self.budget.require(0)
            self.budget.report(self._report, len(self.store.document["trainings"]), done)

        entry = measure(key._replace(method=candidate.method), data, self._held_out[condition.fold], bundle, step)
        scores = bundle.lowest_scores if bundle else {}
        return entry | {"lowest_scores": {"/".join(pair): round(score, 3) for pair, score in scores.items()}}

    def _drawing(self, drawing: DrawSettings) -> BundleSamples:
        assert self._bundle is not None
        if drawing not in self._bundles:
            self._bundles[drawing] = self._bundle.drawn_as(drawing)
        return self._bundles[drawing]

    def _expected_seconds(self, candidate: Candidate) -> float:
        """The longest that a training of the same method took lately, or any training; 0 before the first one."""
        method = {asked.name: asked.method for asked in self.asked}
        entries = self.store.trainings
        alike = [entry for key, entry in entries.items() if method.get(key.method) == candidate.method]
        return _longest(alike) or _longest(entries.values())


def _longest(entries: Iterable[dict[str, Any]]) -> float:
    """Of the LATEST ones, so that one training on a machine that was busy for a while does not decide for good."""
    return max((float(entry["seconds"]) for entry in list(entries)[-LATEST:]), default=0.0)


def _for(candidate: Candidate, data: TrainingData) -> TrainingData:
    """The same photographs, with the candidate's share and strength of samples."""
    made = copy.copy(data)
    made.product = replace(data.product, plan=replace(data.product.plan, synthetic_share=candidate.share))
    made.strength_factor = candidate.drawing.strength_factor
    return made
