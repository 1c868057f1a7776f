"""One training of a comparison: what it sees, and its scores on the test photographs."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..data.layout import GOOD, Pair
from ..data.record import Record
from ..data.windows import Rules
from ..evaluation.real_windows import Windows, join
from .augmentation import online_augmentation, unchanged
from .batches import Batches, Draw, tensors
from .crops import Crops, without_zoom
from .detectors import DETECTORS, Detector
from .fitting import Fitted, fit, predict
from .generated import BundleSamples
from .histograms import best_threshold, figures_of, packed, score_histograms
from .methods import METHODS
from .photographs import SeenPhotographs, seen_photographs
from .plan import ComparisonPlan
from .sources import SOURCES, SourceContext
from .store import Key

TEST_STREAM, TRAINING_STREAM, VALIDATION_STREAM, ZERO_SHOT_STREAM = 71, 72, 73, 74  # of the random generators


@dataclass(frozen=True)
class Product:
    """The photographs of one product, both splits, and how they are cut."""

    records: list[Record]
    sources: dict[str, str]  # see photographs.read_sources
    rules: Rules
    plan: ComparisonPlan
    others: tuple[Record, ...] = ()  # defective photographs of other products, to transfer defects from

    @cached_property
    def donors(self) -> Crops | None:
        """The product's own defects on other products where there are any, else all of theirs."""
        own = {defect for _, defect in self.pairs}
        chosen = [record for record in self.others if record.defect in own] or list(self.others)
        return Crops(chosen, self.rules, self.plan.size) if chosen else None

    @property
    def pairs(self) -> list[Pair]:
        return sorted({(record.product, record.defect) for record in self.records if record.defect != GOOD})

    @property
    def test(self) -> list[Record]:
        return [record for record in self.records if record.split == "test"]

    def test_windows(self) -> Windows:
        """One window of each test photograph, the same ones for every training."""
        rng = np.random.default_rng((self.plan.seed, TEST_STREAM))
        return Crops(self.test, without_zoom(self.rules), self.plan.size).in_turn(rng, len(self.test))


class TrainingData:
    """What one training sees. It depends on the product, the shots and the seed, not on the method."""

    def __init__(self, product: Product, shots: str, seed: int):
        plan, rules = product.plan, product.rules
        seen: SeenPhotographs = seen_photographs(product.records, product.sources, shots, plan.seed + seed)
        self.product, self.seed = product, plan.seed + seed
        self.photographs = seen.places
        self.strength_factor = 1.0  # of the usual strengths of transplanted defects
        crops = lambda records, cut: Crops(records, cut, plan.size) if records else None  # noqa: E731
        self.defective, self.normal = (
            crops(seen.defective.training, rules),
            Crops(seen.normal.training, rules, plan.size),
        )
        still = without_zoom(rules)
        self._defective_validation = crops(seen.defective.validation, still)
        self._normal_validation = Crops(seen.normal.validation, still, plan.size)

    def synthetic(self, method: str, bundle: BundleSamples | None) -> list[Draw]:
        context = self._context(self.normal, bundle)
        return [SOURCES[name].make(context) for name in METHODS[method].sources]

    def validation(self, method: str, bundle: BundleSamples | None) -> Windows:
        """Half of the plan's windows are normal, and half are defective, at most four of a photograph: with few
        photographs, most are normal, as on a line. Without real defective photographs, the defective ones are synthetic
        windows of the method itself: nothing real tells it when to stop."""
        half = self.product.plan.validation_windows // 2
        normal_count = max(1, min(half, 2 * len(self._normal_validation)))
        if self._defective_validation is not None:
            rng = np.random.default_rng((self.seed, VALIDATION_STREAM))
            count = max(1, min(half, 4 * len(self._defective_validation)))
            defective = self._defective_validation.in_turn(rng, count)
        else:
            rng = np.random.default_rng((self.seed, ZERO_SHOT_STREAM))
            context = self._context(self._normal_validation, bundle)
            draws = [SOURCES[name].make(context) for name in METHODS[method].sources]
            defective = join([draw(rng, max(1, half // len(draws))) for draw in draws])
        return join([defective, self._normal_validation.in_turn(rng, normal_count)])

    def _context(self, normal: Crops, bundle: BundleSamples | None) -> SourceContext:
        digest = hashlib.sha256("\n".join(self.photographs).encode()).hexdigest()[:12]
        return SourceContext(
            self.defective, normal, self.product.pairs, bundle, self.product.donors, digest, self.seed,
            self.strength_factor,
        )  # fmt: skip


class Scored(NamedTuple):
    fitted: Fitted
    threshold: int  # of the histograms, chosen on the validation part
    histograms: np.ndarray  # [n, 2, BINS] of the test windows


def batches_of(data: TrainingData, synthetic: list[Draw], augmented: bool, share: float | None = None) -> Batches:
    """Batches of the real windows and of what the sources in `synthetic` draw, in that share or the plan's."""
    plan = data.product.plan
    return Batches(
        plan if share is None else replace(plan, synthetic_share=share),
        data.defective.draw if data.defective is not None else None,
        data.normal.draw,
        synthetic,
        online_augmentation() if augmented else unchanged,
        np.random.default_rng((data.seed, TRAINING_STREAM)),
    )


def train_and_score(
    detector: Detector,
    data: TrainingData,
    batches: Batches,
    validation: Windows,
    test: Windows,
    report: Callable[[int, int], None],
) -> Scored:
    fitted = fit(detector, batches, validation, data.product.plan, data.seed, report)

    def scores(windows: Windows) -> np.ndarray:
        truth = detector.truth(tensors(windows)[1]) > 0
        return score_histograms(predict(fitted.model, windows)[:, 0].numpy(), truth[:, 0].numpy())

    threshold = best_threshold(scores(validation).sum(0), detector.headline)
    return Scored(fitted, threshold, scores(test))


def measure(
    key: Key,
    data: TrainingData,
    test: Windows,
    bundle: BundleSamples | None,
    report: Callable[[int, int], None],
) -> dict[str, Any]:
    """Trains, and scores the test windows. The threshold is chosen on the validation part."""
    method, started = METHODS[key.method], time.monotonic()
    batches = batches_of(data, data.synthetic(key.method, bundle), method.augmented, method.share)
    validation = data.validation(key.method, bundle)
    fitted, threshold, histograms = train_and_score(DETECTORS[key.detector], data, batches, validation, test, report)
    figures = figures_of(histograms.sum(0), threshold)
    return {
        "figures": {name: round(float(value), 5) for name, value in figures._asdict().items()},
        "threshold": threshold,
        "steps": fitted.steps,
        "best_step": fitted.best_step,
        "converged": fitted.converged,
        "validation_losses": [round(loss, 4) for loss in fitted.losses],
        "batch": batches.composition._asdict(),
        "photographs": data.photographs,
        "bundle": {"name": bundle.name, "saw": bundle.saw} if bundle is not None and method.needs_bundle else None,
        "seconds": round(time.monotonic() - started, 1),
        "histograms": packed(histograms),
    }
