"""Whether a detector gets better with the samples of a new model: two trainings per seed, with and without. The
photographs that were kept apart decide. It is less than an advice: small windows, one kind of samples, few seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np

from ..checkpoints.trained_model import TrainedModel
from ..comparison.augmentation import online_augmentation
from ..comparison.batches import Draw
from ..comparison.crops import Crops, without_zoom
from ..comparison.detectors import DETECTORS
from ..comparison.generated import STRENGTHS, resized_windows
from ..comparison.measurement import TEST_STREAM, Product, TrainingData, batches_of, train_and_score
from ..comparison.methods import REFERENCE
from ..comparison.plan import ALL, ComparisonPlan
from ..comparison.sources import from_pool
from ..comparison.statistics import Group, Interval, Measured, differences, mean_figures
from ..data.layout import GOOD, read_data_set
from ..data.record import Record
from ..data.windows import read_rules
from ..evaluation.generated_samples import draw_pair
from ..evaluation.real_windows import Windows, join
from ..progress import Progress
from ..training.onboarding_plan import Photographs
from .onboarding_verdict import with_test_split
from .time_budget import OutOfTime, TimeBudget

PLAN = ComparisonPlan(
    size=64, max_steps=400, check_every=25, patience=4, validation_windows=32, samples=24, sampler_steps=12
)
DETECTOR = DETECTORS["small UNet"]
SEEDS = 2  # fewer than two tell nothing apart
FEWEST_STEPS = 50  # of a training: with less time, none begins
PACE_STEPS = 3  # by which the time of a step is measured
WINDOWS_PER_PHOTOGRAPH, MAX_WINDOWS = 4, 128  # kept apart, at least one per photograph

Reason = Literal["OUT_OF_TIME", "TOO_FEW_PHOTOGRAPHS", "NO_MASKS", "NOT_INSTALLED"]


class DetectorGain(NamedTuple):
    """Mean IoU in 0…1 on the photographs kept apart: of a segmenter trained on real windows with augmentation, and of
    the same with samples for half of the defective windows."""

    product: str
    photographs: int  # kept apart
    without: float
    with_samples: float
    gain: Interval  # of 95 %, over photographs and seeds


@dataclass
class DetectorVerdict:
    gains: list[DetectorGain] = field(default_factory=list)
    not_measured: list[tuple[str, Reason]] = field(default_factory=list)


class _NotMeasured(Exception):
    def __init__(self, reason: Reason):
        super().__init__(reason)
        self.reason: Reason = reason


def compare_detectors(
    model: TrainedModel, photographs: Photographs, budget: TimeBudget | None, report: Progress
) -> DetectorVerdict:
    """Of the products of the trained pairs that the photographs show. Each has an equal part of the time that is left;
    `budget` is None where there is none."""
    verdict, records = DetectorVerdict(), _records(model, photographs)
    rules = read_rules(photographs.windows, photographs.data)
    products = sorted({record.product for record in records})
    for i, product in enumerate(products):
        own = Product([record for record in records if record.product == product], {}, rules, PLAN)
        try:
            if budget is None:
                raise OutOfTime
            part = budget.part(1 / (len(products) - i))
            verdict.gains.append(_compared(model, own, part, part.guard(report)))
        except OutOfTime:
            verdict.not_measured.append((product, "OUT_OF_TIME"))
        except _NotMeasured as error:
            verdict.not_measured.append((product, error.reason))
    return verdict


def _records(model: TrainedModel, photographs: Photographs) -> list[Record]:
    """With the normal ones of the same products."""
    records = read_data_set(photographs.data, photographs.products)
    pairs = set(model.vocabulary.trained_pairs)
    products = {record.product for record in records if (record.product, record.defect) in pairs}
    chosen = [r for r in records if (r.product, r.defect) in pairs or (r.defect == GOOD and r.product in products)]
    return with_test_split(chosen, photographs.data)


def _compared(model: TrainedModel, product: Product, budget: TimeBudget, report: Progress) -> DetectorGain:
    _require_photographs(product)
    try:
        online_augmentation()
    except ValueError:
        raise _NotMeasured("NOT_INSTALLED") from None
    name = product.records[0].product
    samples = _drawn(model, product, report)
    if not samples.mask.any():
        raise _NotMeasured("NO_MASKS")
    ways: dict[str, list[Draw]] = {"without": [], "with": [from_pool(samples, "from noise")]}
    made: dict[str, dict[int, Measured]] = {way: {} for way in ways}
    test = _test_windows(product)
    steps = _steps_that_fit(product, ways["with"], test, budget)
    product = replace(product, plan=replace(product.plan, max_steps=steps))
    bar: Callable[[int, int], None] = lambda done, total: report(f"detectors {name}", done, total, {})  # noqa: E731
    try:
        for seed in range(SEEDS):
            data = TrainingData(product, ALL, seed)
            trained = {way: _measured(data, synthetic, test, bar) for way, synthetic in ways.items()}
            for way, measured in trained.items():  # only together: the gain is a difference
                made[way][seed] = measured
    except OutOfTime:
        if not made["with"]:
            raise
    sources = [record.place for record in product.test]
    groups = {way: Group([sources[i] for i in test.source], each) for way, each in made.items()}
    plan = product.plan
    gain = differences(
        {name: groups["with"]}, {name: groups["without"]}, plan.bootstrap_resamples, plan.confidence, plan.seed
    )[DETECTOR.headline]
    without, with_samples = (mean_figures([groups[way]])[DETECTOR.headline] for way in ("without", "with"))
    return DetectorGain(name, len(product.test), without, with_samples, gain)


def _require_photographs(product: Product) -> None:
    def there(split: str, defective: bool) -> bool:
        return any(r.split == split and (r.defect != GOOD) == defective for r in product.records)

    if not (there("train", True) and there("train", False) and there("test", True)):
        raise _NotMeasured("TOO_FEW_PHOTOGRAPHS")


def _drawn(model: TrainedModel, product: Product, report: Progress) -> Windows:
    generator, plan, made = model.generator(), product.plan, []
    for pair in product.pairs:
        bar = lambda done, total, pair=pair: report(f"draw {'/'.join(pair)}", done, total, {})  # noqa: E731
        drawn = draw_pair(
            generator, *pair, plan.samples, STRENGTHS, plan.sampler_steps, report=bar, twins=False
        )  # fmt: skip
        made.append(resized_windows(drawn.windows(), plan.size))
    return join(made)


def _test_windows(product: Product) -> Windows:
    """Several windows of each photograph that was kept apart, the same ones for every training."""
    rng = np.random.default_rng((product.plan.seed, TEST_STREAM))
    each = max(1, min(WINDOWS_PER_PHOTOGRAPH, MAX_WINDOWS // len(product.test)))
    return Crops(product.test, without_zoom(product.rules), product.plan.size).in_turn(rng, each * len(product.test))


def _steps_that_fit(product: Product, synthetic: list[Draw], test: Windows, budget: TimeBudget) -> int:
    """Of each training, so that all of them end in time. Raises OutOfTime when that would be too few."""
    few = replace(product, plan=replace(product.plan, max_steps=PACE_STEPS, check_every=PACE_STEPS))
    data, before = TrainingData(few, ALL, 0), budget.left
    _measured(data, synthetic, test, lambda done, total: budget.require(0))
    pace = max((before - budget.left) / PACE_STEPS, 1e-6)
    steps = min(product.plan.max_steps, int(budget.left / (2 * SEEDS * pace)))
    if steps < FEWEST_STEPS:
        raise OutOfTime
    return steps


def _measured(data: TrainingData, synthetic: list[Draw], test: Windows, report: Callable[[int, int], None]) -> Measured:
    batches, validation = batches_of(data, synthetic, augmented=True), data.validation(REFERENCE, None)
    _, threshold, histograms = train_and_score(DETECTOR, data, batches, validation, test, report)
    return Measured(histograms, threshold)
