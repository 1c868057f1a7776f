"""What an advice says, of trainings with known results; and one with real trainings, from command to files."""

from __future__ import annotations

import json

import pytest
from advice_workshop import METHODS, PLAN, RULES, TRANSPLANTED, Workshop, better_with_samples
from conftest import invoke, make_data_set, run_command, with_test_half

from defectdiffu.advice import advise as parts
from defectdiffu.advice.findings import (
    NOT_MEASURED,
    NOT_TOLD_APART,
    SAMPLES_DO_NOT_HELP,
    SAMPLES_HELP,
)
from defectdiffu.advice.folds import CHOICE, CONFIRMATION, divide_into_folds
from defectdiffu.advice.page import PAGE
from defectdiffu.advice.photographs import read_product
from defectdiffu.comparison.compare import RESULTS
from defectdiffu.data.layout import read_data_set


@pytest.fixture
def workshop(data_set, tmp_path, monkeypatch) -> Workshop:
    return Workshop(data_set, tmp_path / "out", monkeypatch)


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
    conditions = [{(k.product, k.seed, k.shots) for k in confirmed if k.method == method}
                  for method in {key.method for key in confirmed}]  # fmt: skip
    shared = set.intersection(*conditions)
    assert shared and all(len(own - shared) <= 1 for own in conditions)  # the last one, when the time ended


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
    assert "Mark 5 photographs of a defect or more" in workshop.page and "Mark 5" in workshop.told[0]


def test_few_photographs_give_figures_and_no_verdict(workshop):
    workshop.quality = better_with_samples
    found = workshop.advise(minutes=90, product="felt")  # three holes: the gain rests on two
    assert found.verdict == NOT_MEASURED and found.gain["miou"].mean > 0.05
    assert "The gain rests on 2 photographs with a defect" in workshop.page
    assert workshop.told == [
        "note: The gain rests on 2 photographs with a defect, and 3 are the fewest that say anything: mark more "
        "photographs (5 of a defect or more). Figures follow, and no answer."
    ]


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


def test_an_advice_with_real_trainings(tmp_path, exported, monkeypatch):
    pytest.importorskip("kornia")
    monkeypatch.setattr(parts, "CHOICE_SEEDS", 1)
    monkeypatch.setattr(parts, "CONFIRMING_SEEDS", 2)
    monkeypatch.setattr(parts, "CURVE_SHOTS", ())
    data, windows = make_data_set(tmp_path / "data"), tmp_path / "windows.toml"
    (data / "felt").rename(data / "wool")
    windows.write_text("[default]\nwindow = 32\n")
    methods = "real + augmentation;transplanted + augmentation;on twins + augmentation"
    arguments = ("advise", "--data", data, "--product", "wool", "--windows", windows, "--size", 32, "--max-steps", 2,
                 "--check-every", 1, "--methods", methods, "--minutes", 60,
                 "--threads", 1, "--out", tmp_path / "out", "--bundle", exported)  # fmt: skip
    said = run_command(*arguments).output
    reason = "the bundle was not trained on wool/hole"
    assert said.startswith(f"note: {reason}, so methods with its samples are left out.")
    document = json.loads((tmp_path / "out" / "advice.json").read_text())
    assert document["formatVersion"] == 1 and document["text"] in " ".join(said.split())
    assert document["gain"]["intervals"]["miou"]["seeds"] == 2
    page = (tmp_path / "out" / PAGE).read_text()
    assert all(len(line) <= 120 or line.startswith("|") for line in page.splitlines())
    monkeypatch.setattr("defectdiffu.advice.trainings.measure", lambda *_: pytest.fail("trained again"))
    run_command(*arguments)
    refused = invoke(*arguments, "--patience", 3)
    assert refused.exit_code == 1 and "patience was 8, now 3" in refused.output
