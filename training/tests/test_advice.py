"""What an advice says, of trainings with known results; and one with real trainings, from command to files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import invoke, make_data_set, run_command, with_test_half

from defectdiffu.advice import advise as parts
from defectdiffu.advice.findings import (
    NOT_MEASURED,
    NOT_TOLD_APART,
    SAMPLES_DO_NOT_HELP,
    SAMPLES_HELP,
    Findings,
)
from defectdiffu.advice.folds import CHOICE, CONFIRMATION, divide_into_folds
from defectdiffu.advice.page import PAGE
from defectdiffu.advice.photographs import read_product
from defectdiffu.advice.run import AdvicePlan, advise
from defectdiffu.advice.time_budget import TimeBudget
from defectdiffu.comparison.compare import RESULTS
from defectdiffu.comparison.histograms import BINS, HALF, figures_of, packed
from defectdiffu.comparison.plan import ComparisonPlan
from defectdiffu.data.layout import read_data_set
from defectdiffu.data.windows import Rules, WindowRule

RULES: Rules = (WindowRule(window=32), {})
PLAN = ComparisonPlan(size=32, bootstrap_resamples=200)
METHODS = ("real + augmentation", "copy-paste + augmentation", "transplanted + augmentation")
TRANSPLANTED = METHODS[2]


class Workshop:
    """Runs advice with trainings that take a minute each and whose results `quality` tells."""

    def __init__(self, data: Path, out: Path, monkeypatch: pytest.MonkeyPatch):
        self.data, self.out, self.now, self.began = data, out, 0.0, []
        self.quality = lambda method, fold, shots: 0.5
        monkeypatch.setattr("defectdiffu.advice.trainings.measure", self._measure)

    def _measure(self, key, data, test, bundle, report) -> dict:
        self.began.append((self.now, key))
        share, strength = data.product.plan.synthetic_share, data.strength_factor
        rng = np.random.default_rng((key.seed, len(key.product)))
        found = self.quality(key.method, key.product, key.shots) - 0.05 * (share != 0.5) - 0.05 * (strength != 1)
        histograms = np.zeros((len(test), 2, BINS), np.uint32)
        shown = test.mask.any((1, 2))
        told = (100 * np.clip(found + rng.normal(0, 0.03, len(test)), 0, 1)).astype(int)
        histograms[shown, 0, -1], histograms[shown, 0, 0] = told[shown], 100 - told[shown]
        histograms[:, 1, 0] = 1000
        self.now += 60
        report(1, 1)
        figures = figures_of(histograms.sum(0), HALF)._asdict()
        return {
            "figures": {name: float(value) for name, value in figures.items()}, "threshold": HALF, "seconds": 60.0,
            "best_step": 40, "bundle": None, "histograms": packed(histograms),
        }  # fmt: skip

    def advise(self, minutes: float, product: str = "tin") -> Findings:
        read = read_product(self.data, RULES, PLAN, product)
        budget = TimeBudget(minutes, clock=lambda: self.now)
        return advise(read, AdvicePlan(PLAN, methods=METHODS), None, self.out, budget, lambda *_: None)

    @property
    def document(self) -> dict:
        return json.loads((self.out / "advice.json").read_text())

    @property
    def page(self) -> str:
        return (self.out / PAGE).read_text()


@pytest.fixture
def workshop(data_set, tmp_path, monkeypatch) -> Workshop:
    return Workshop(data_set, tmp_path / "out", monkeypatch)


def better_with_samples(method: str, fold: str, shots: str) -> float:
    return 0.8 if method == TRANSPLANTED else 0.6


def test_samples_that_help_are_advised_and_can_be_requested(workshop):
    workshop.quality = better_with_samples
    found = workshop.advise(minutes=90)
    assert found.verdict == SAMPLES_HELP and found.advised.method == TRANSPLANTED
    interval = found.gain["miou"]
    assert 0 < interval.low < interval.mean < interval.high
    assert "**Samples help here:" in workshop.page
    assert "Upload photographs of good parts and photographs of defects with their masks as references" in " ".join(
        workshop.page.split()
    )
    assert workshop.document["advised"]["sources"] == ["transplanted"]
    assert found.samples == {"transplanted": 40 * 4 / 2}  # steps × synthetic windows per batch, for two defects


def test_samples_that_do_not_help_are_advised_against(workshop):
    workshop.quality = lambda method, fold, shots: 0.6 if method == TRANSPLANTED else 0.8
    found = workshop.advise(minutes=90)
    assert found.verdict == SAMPLES_DO_NOT_HELP
    assert found.advised.method in METHODS[:2]
    assert "**Samples do not help here; use augmentation" in workshop.page
    assert workshop.document["request"] is None and not (workshop.out / "generate.json").exists()


def test_luck_in_the_choice_is_no_gain(workshop):
    """The transplants win on the photographs that the choice measures on, and nowhere else."""
    workshop.quality = lambda method, fold, shots: 0.9 if method == TRANSPLANTED and "choice" in fold else 0.6
    found = workshop.advise(minutes=90)
    assert max(each.mean for each in found.tried if each.candidate.method == TRANSPLANTED) > 0.85
    assert found.verdict in (NOT_TOLD_APART, SAMPLES_DO_NOT_HELP)
    assert abs(found.gain["miou"].mean) < 0.05


def test_the_confirmation_shares_no_seed_with_the_choice(workshop):
    workshop.advise(minutes=90)
    seeds = {part: {key.seed for _, key in workshop.began if part in key.product} for part in ("choice", "confirm")}
    assert seeds["choice"] and seeds["confirm"] and not seeds["choice"] & seeds["confirm"]


def test_both_methods_are_trained_under_the_same_conditions(workshop):
    workshop.advise(minutes=90)
    confirmed = [key for _, key in workshop.began if "confirm" in key.product]
    conditions = {key.method: {(k.product, k.seed, k.shots) for k in confirmed if k.method == key.method}
                  for key in confirmed}  # fmt: skip
    assert len(conditions) == 2
    ours, theirs = conditions.values()
    assert len(ours ^ theirs) <= 1  # the last one, when the time ended


def test_no_training_begins_that_would_not_fit(workshop):
    workshop.advise(minutes=20.5)
    assert len(workshop.began) == 20 and workshop.now == 20 * 60


def test_half_of_the_time_is_left_for_the_gain(workshop):
    found = workshop.advise(minutes=20)
    assert sum("choice" in key.product for _, key in workshop.began) <= 10
    assert found.gain["miou"].seeds >= 2


def test_too_little_time_gives_no_verdict(workshop):
    workshop.quality = better_with_samples
    found = workshop.advise(minutes=3)
    assert found.verdict == NOT_MEASURED and found.advised.method != TRANSPLANTED
    assert "**This cannot be told yet; use augmentation" in workshop.page and "give more minutes" in workshop.page


def test_what_the_time_left_out_is_named(workshop):
    workshop.advise(minutes=1.5)
    assert f"- {TRANSPLANTED}: the time ended before its turn." in workshop.page
    assert "No method with samples was trained" in workshop.page


def test_a_time_that_is_too_short_for_one_training_is_told(workshop):
    workshop.advise(minutes=0.5)
    assert len(workshop.began) == 1 and workshop.document["trainings"] == 0  # given up when the time was spent
    assert "The time did not suffice for a single training" in workshop.page


def test_a_later_call_continues(workshop):
    workshop.quality = better_with_samples
    workshop.advise(minutes=10)
    first = [key for _, key in workshop.began]
    found = workshop.advise(minutes=60)
    again = [key for _, key in workshop.began[len(first):]]  # fmt: skip
    kept = json.loads((workshop.out / RESULTS).read_text())["trainings"]
    assert found.trainings == len(first) + len(again) == len(kept)
    assert found.verdict == SAMPLES_HELP


def test_other_photographs_need_another_folder(workshop):
    workshop.advise(minutes=5)
    (workshop.data / "tin" / "test" / "dent" / "0.png").unlink()
    with pytest.raises(ValueError, match=r"was measured on .* other test photographs; give another folder"):
        workshop.advise(minutes=5)


def test_the_curve_says_what_fewer_photographs_gain(workshop, tmp_path):
    workshop.quality = lambda method, fold, shots: 0.9 if method == TRANSPLANTED and shots == "1" else 0.6
    found = workshop.advise(minutes=90)
    assert [point.shots for point in found.curve] == ["1"]  # every fold trains on two of each defect
    assert found.curve[0].gain["miou"].low > 0 and found.verdict != SAMPLES_HELP
    assert "| 1 | +" in workshop.page and "| all | " in workshop.page


def test_one_photograph_of_each_defect_is_told_plainly(workshop, tmp_path):
    for defect in ("dent", "scratch"):
        for i in (1, 2):
            (workshop.data / "tin" / "test" / defect / f"{i}.png").unlink()
    found = workshop.advise(minutes=90)
    assert found.verdict == NOT_MEASURED and not workshop.began
    assert "Mark 5 photographs of a defect or more" in workshop.page


def test_few_photographs_give_figures_and_no_verdict(workshop):
    workshop.quality = better_with_samples
    found = workshop.advise(minutes=90, product="felt")  # three holes: the gain rests on two
    assert found.verdict == NOT_MEASURED and found.gain["miou"].mean > 0.05
    assert "The gain would rest on 2 photographs with a defect" in workshop.page


def test_a_product_is_named_where_there_are_several(data_set):
    with pytest.raises(ValueError, match=r"has 2 products \(felt, tin\); name one with --product"):
        read_product(data_set, RULES, PLAN, None)


def test_files_of_the_test_split_are_not_even_opened(data_set, tmp_path):
    data = with_test_half(data_set, tmp_path / "halved")
    for path in data.rglob("2.png"):
        path.write_bytes(b"no image")
    assert all(record.split == "train" for record in read_product(data, RULES, PLAN, "tin").records)


def test_a_fair_bundle_sees_no_photograph_that_the_gain_is_measured_on(data_set, tmp_path):
    run_command("advise", "--data", data_set, "--product", "tin", "--photographs", tmp_path / "for-bundle")
    written = {record.place for record in read_data_set(tmp_path / "for-bundle")}
    folds = divide_into_folds(read_product(data_set, RULES, PLAN, "tin"))
    held_out = {part: {record.place for fold in folds if fold.part == part for record in fold.product.test}
                for part in (CHOICE, CONFIRMATION)}  # fmt: skip
    assert written == held_out[CHOICE]


def test_an_advice_with_real_trainings(tmp_path, monkeypatch):
    pytest.importorskip("kornia")
    monkeypatch.setattr(parts, "CHOICE_SEEDS", 1)
    monkeypatch.setattr(parts, "CONFIRMING_SEEDS", 2)
    monkeypatch.setattr(parts, "CURVE_SHOTS", ())
    data, windows = make_data_set(tmp_path / "data"), tmp_path / "windows.toml"
    windows.write_text("[default]\nwindow = 32\n")
    arguments = ("advise", "--data", data, "--product", "felt", "--windows", windows, "--size", 32, "--max-steps", 2,
                 "--check-every", 1, "--methods", "real + augmentation;transplanted + augmentation", "--minutes", 60,
                 "--threads", 1, "--out", tmp_path / "out")  # fmt: skip
    said = run_command(*arguments).output
    document = json.loads((tmp_path / "out" / "advice.json").read_text())
    assert document["formatVersion"] == 1 and document["text"] in " ".join(said.split())
    assert document["gain"]["intervals"]["miou"]["seeds"] == 2
    page = (tmp_path / "out" / PAGE).read_text()
    assert all(len(line) <= 120 or line.startswith("|") for line in page.splitlines())
    monkeypatch.setattr("defectdiffu.advice.trainings.measure", lambda *_: pytest.fail("trained again"))
    run_command(*arguments)
    refused = invoke(*arguments, "--patience", 3)
    assert refused.exit_code == 1 and "patience was 8, now 3" in refused.output
