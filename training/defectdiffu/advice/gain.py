"""The gain of one candidate over another, on the held-out photographs of several folds together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..comparison.histograms import BINS, HALF, unpacked
from ..comparison.plan import ComparisonPlan
from ..comparison.statistics import Group, Interval, Measured, differences
from .candidates import Candidate
from .halving import Condition
from .trainings import Trainings


def gain(
    groups: dict[Candidate, Group], ours: Candidate, theirs: Candidate, plan: ComparisonPlan
) -> dict[str, Interval]:
    """`ours` minus `theirs` by figure, paired by photograph, fold and seed; empty where they have no training.

    The held-out photographs of all folds are one test set, so that the interval is about photographs. Each photograph
    is told by the detector that did not train on it.
    """
    if not all(groups[candidate].trainings for candidate in (ours, theirs)):
        return {}
    return differences({"": groups[ours]}, {"": groups[theirs]}, plan.bootstrap_resamples, plan.confidence, plan.seed)


def pooled(
    trainings: Trainings, candidates: Sequence[Candidate], conditions: Sequence[Condition]
) -> dict[Candidate, Group]:
    """The seeds of which every fold of `conditions` is trained with every candidate: so that no figure rests on a
    training that another one lacks."""
    folds = list(dict.fromkeys(condition.fold for condition in conditions))
    sources = [row["source"] for fold in folds for row in trainings.folds[fold].held_out_rows()]
    made: dict[Candidate, dict[int, Measured]] = {candidate: {} for candidate in candidates}
    for seed in sorted({condition.seed for condition in conditions}):
        own = [condition for condition in conditions if condition.seed == seed]
        if all(trainings.store.has(trainings.key(each, condition)) for each in candidates for condition in own):
            for each in candidates:
                entries = [trainings.entry(each, condition) for condition in own]
                made[each][seed] = Measured(np.concatenate([_at_half(entry) for entry in entries]), HALF)
    return {candidate: Group(sources, measured) for candidate, measured in made.items()}


def _at_half(entry: dict[str, Any]) -> np.ndarray:
    """The histograms [n, 2, BINS] of a training, moved so that its threshold lies where all others have theirs."""
    histograms = unpacked(entry["histograms"])
    moved = np.zeros_like(histograms)
    target = (np.arange(BINS) + HALF - entry["threshold"]).clip(0, BINS - 1)
    for bin, place in enumerate(target):
        moved[..., place] += histograms[..., bin]
    return moved
