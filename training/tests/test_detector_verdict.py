"""The short answer to whether a detector gets better with the samples of a new model."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onboarding_command import make_brass

from defectdiffu.advice import detector_verdict
from defectdiffu.advice.detector_verdict import PLAN, compare_detectors
from defectdiffu.advice.time_budget import TimeBudget
from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.evaluation.generated_samples import GeneratedSamples
from defectdiffu.training.onboarding_plan import Photographs


def silent(stage: str, done: int, total: int, figures: dict[str, float]) -> None:
    pass


@pytest.fixture
def quick(monkeypatch) -> None:
    plan = replace(PLAN, max_steps=4, check_every=2, samples=2, sampler_steps=2, validation_windows=4)
    monkeypatch.setattr(detector_verdict, "PLAN", plan)
    monkeypatch.setattr(detector_verdict, "FEWEST_STEPS", 1)


def test_each_product_is_compared_on_the_photographs_kept_apart(exported, data_set, quick):
    verdict = compare_detectors(load_bundle(exported), Photographs(data_set), TimeBudget(60), silent)
    assert not verdict.not_measured
    assert [each.product for each in verdict.gains] == ["felt", "tin"]
    for each in verdict.gains:
        assert 0 <= each.without <= 1 and 0 <= each.with_samples <= 1 and each.photographs > 0
        assert each.gain.mean == pytest.approx(each.with_samples - each.without, abs=1e-6)
        assert each.gain.low <= each.gain.high and each.gain.seeds == detector_verdict.SEEDS


def test_the_samples_are_what_differs(exported, data_set, quick, monkeypatch):
    seen: list[tuple[int, int]] = []
    batches_of = detector_verdict.batches_of

    def noted(data, synthetic, augmented):
        made = batches_of(data, synthetic, augmented)
        seen.append((made.composition.real, made.composition.synthetic))
        return made

    monkeypatch.setattr(detector_verdict, "batches_of", noted)
    compare_detectors(load_bundle(exported), Photographs(data_set, products=["tin"]), TimeBudget(60), silent)
    pace, *trainings = seen
    assert pace == (4, 4) and trainings == [(8, 0), (4, 4)] * detector_verdict.SEEDS


def test_the_comparison_ends_with_its_time(exported, data_set, quick):
    clock = itertools.count(step=20.0)  # each look at it takes 20 seconds
    budget = TimeBudget(1, clock=lambda: next(clock))
    verdict = compare_detectors(load_bundle(exported), Photographs(data_set), budget, silent)
    assert verdict.not_measured == [("felt", "OUT_OF_TIME"), ("tin", "OUT_OF_TIME")] and not verdict.gains
    assert compare_detectors(load_bundle(exported), Photographs(data_set), None, silent) == verdict


def test_a_product_without_defective_photographs_apart_has_too_few(exported, tmp_path, data_set, quick):
    kept = Path(shutil.copytree(data_set, tmp_path / "kept"))
    places = [path.relative_to(kept).as_posix() for path in sorted(kept.glob("*/t*/*/*"))]
    rows = [f"{place},{'test' if place.endswith('/good/2.png') else 'train'}" for place in places]
    (kept / "manifest.csv").write_text("\n".join(["image,split", *rows]) + "\n")
    verdict = compare_detectors(load_bundle(exported), Photographs(kept), TimeBudget(60), silent)
    assert verdict.not_measured == [("felt", "TOO_FEW_PHOTOGRAPHS"), ("tin", "TOO_FEW_PHOTOGRAPHS")]


def test_samples_without_masks_are_of_no_use(exported, data_set, quick, monkeypatch):
    def blank(generator, product, defect, count, *more, **options) -> GeneratedSamples:
        image = np.zeros((count, 32, 32, 3), np.uint8)
        return GeneratedSamples(image, np.zeros((count, 32, 32), bool), image, np.zeros(count), np.zeros(count))

    monkeypatch.setattr(detector_verdict, "draw_pair", blank)
    verdict = compare_detectors(load_bundle(exported), Photographs(data_set), TimeBudget(60), silent)
    assert [reason for _, reason in verdict.not_measured] == ["NO_MASKS", "NO_MASKS"]


def test_what_the_model_does_not_know_is_left_out(exported, tmp_path, quick):
    brass: Path = make_brass(tmp_path / "brass")
    verdict = compare_detectors(load_bundle(exported), Photographs(brass), TimeBudget(60), silent)
    assert verdict.gains == [] and verdict.not_measured == []
