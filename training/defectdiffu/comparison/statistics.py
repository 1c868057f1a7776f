"""Differences between methods, paired by product, seed and test photograph, with bootstrap intervals.

A resample draws source photographs and seeds with replacement, the same ones for both methods. Products are not
resampled: an interval is about these products.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .histograms import FIGURES, figures_of

AT_FPR = "miou_at_fpr"  # at each training's own threshold of one false positive rate
NAMES = (*FIGURES, AT_FPR)
BETTER, WORSE, SAME = "better", "worse", "not told apart"


class Measured(NamedTuple):
    """One training on the test photographs of its product."""

    histograms: np.ndarray  # [n, 2, BINS]
    threshold: int
    fpr_threshold: int | None = None  # see histograms; without one, there is no AT_FPR


class Group(NamedTuple):
    """The trainings of one method on one product."""

    sources: list[str]  # of each test photograph
    trainings: dict[int, Measured]  # by seed


class Interval(NamedTuple):
    mean: float
    low: float
    high: float
    seeds: int = 2  # paired, of the product with the fewest

    @property
    def verdict(self) -> str:
        if self.seeds < 2:
            return f"{SAME} (one seed)"
        if self.low > 0:
            return BETTER
        return WORSE if self.high < 0 else SAME


def mean_figures(groups: list[Group]) -> dict[str, float]:
    """The mean over products of the mean over seeds. Without AT_FPR where a training has none."""
    products = [
        np.mean([_figures(each, each.histograms.sum(0)) for each in group.trainings.values()], 0) for group in groups
    ]
    return {
        name: float(value) for name, value in zip(NAMES, np.mean(products, 0), strict=True) if _is_there(name, value)
    }


def differences(
    method: dict[str, Group], reference: dict[str, Group], resamples: int, confidence: float, seed: int
) -> dict[str, Interval]:
    """Method minus reference by figure, over the products and seeds that both have. Empty where they share none."""
    rng = np.random.default_rng((seed, 61))
    point: list[np.ndarray] = []
    drawn: list[np.ndarray] = []
    counts: list[int] = []
    for product in sorted(method.keys() & reference.keys()):
        ours, theirs = method[product], reference[product]
        seeds = sorted(ours.trainings.keys() & theirs.trainings.keys())
        if not seeds:
            continue
        photographs = _resampled_counts(ours.sources, resamples, rng)
        weights = rng.multinomial(len(seeds), np.full(len(seeds), 1 / len(seeds)), resamples) / len(seeds)
        once = np.ones((1, len(ours.sources)))
        counts.append(len(seeds))
        per_seed = [(ours.trainings[s], theirs.trainings[s]) for s in seeds]
        point.append(np.mean([_difference(*pair, once)[:, 0] for pair in per_seed], 0))
        each = np.stack([_difference(*pair, photographs) for pair in per_seed], -1)  # [figure, resample, seed]
        drawn.append(np.where(weights > 0, weights * each, 0).sum(-1))
    if not point:
        return {}
    tail = (1 - confidence) / 2
    mean, resampled = np.mean(point, 0), np.mean(drawn, 0)
    made: dict[str, Interval] = {}
    for name, value, each in zip(NAMES, mean, resampled, strict=True):
        if _is_there(name, value):
            low, high = np.nanquantile(each, [tail, 1 - tail])
            made[name] = Interval(float(value), float(low), float(high), min(counts))
    return made


def _is_there(name: str, value: float) -> bool:
    return name != AT_FPR or not np.isnan(value)


def _resampled_counts(sources: list[str], resamples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each photograph is in each resample of the sources: [resamples, photographs]."""
    names, places = np.unique(sources, return_inverse=True)
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), resamples)
    return counts[:, places]


def _difference(ours: Measured, theirs: Measured, counts: np.ndarray) -> np.ndarray:
    """[figure, resample]"""
    return _stacked(ours, counts) - _stacked(theirs, counts)


def _stacked(measured: Measured, counts: np.ndarray) -> np.ndarray:
    return _figures(measured, np.tensordot(counts.astype(np.float64), measured.histograms.astype(np.float64), 1))


def _figures(measured: Measured, total: np.ndarray) -> np.ndarray:
    """NAMES [figure, ...] of sums of histograms [..., 2, BINS]."""
    figures = figures_of(total, measured.threshold)
    if measured.fpr_threshold is None:
        return np.stack([*figures, np.full_like(figures.miou, np.nan)])
    return np.stack([*figures, figures_of(total, measured.fpr_threshold).miou])
