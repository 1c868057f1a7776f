"""Differences between methods, paired by product, seed and test photograph, with bootstrap intervals.

A resample draws source photographs and seeds with replacement, the same ones for both methods. Products are not
resampled: an interval is about these products.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .histograms import FIGURES, Figures, figures_of

BETTER, WORSE, SAME = "better", "worse", "not told apart"


class Measured(NamedTuple):
    """One training on the test photographs of its product."""

    histograms: np.ndarray  # [n, 2, BINS]
    threshold: int


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
    """The mean over products of the mean over seeds."""
    products = []
    for group in groups:
        seeds = [figures_of(m.histograms.sum(0), m.threshold) for m in group.trainings.values()]
        products.append([np.mean([getattr(each, name) for each in seeds]) for name in FIGURES])
    return dict(zip(FIGURES, (float(value) for value in np.mean(products, 0)), strict=True))


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
    low, high = np.nanquantile(np.mean(drawn, 0), [tail, 1 - tail], axis=1)
    mean = np.mean(point, 0)
    return {
        name: Interval(float(mean[i]), float(low[i]), float(high[i]), min(counts)) for i, name in enumerate(FIGURES)
    }


def _resampled_counts(sources: list[str], resamples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each photograph is in each resample of the sources: [resamples, photographs]."""
    names, places = np.unique(sources, return_inverse=True)
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), resamples)
    return counts[:, places]


def _difference(ours: Measured, theirs: Measured, counts: np.ndarray) -> np.ndarray:
    """[figure, resample]"""
    return _stacked(ours, counts) - _stacked(theirs, counts)


def _stacked(measured: Measured, counts: np.ndarray) -> np.ndarray:
    total = np.tensordot(counts.astype(np.float64), measured.histograms.astype(np.float64), 1)
    figures: Figures = figures_of(total, measured.threshold)
    return np.stack(figures)
