"""The parts of an advice: folds, candidates, successive halving, and the time that it may take."""

from __future__ import annotations

from pathlib import Path

import pytest

from defectdiffu.advice.candidates import ADVISABLE, Candidate, candidates_of
from defectdiffu.advice.choice import Choice
from defectdiffu.advice.findings import CHOSEN, GIVEN_UP, OUT_OF_TIME
from defectdiffu.advice.folds import CHOICE, CONFIRMATION, Fold, divide_into_folds
from defectdiffu.advice.halving import Condition, Halving
from defectdiffu.advice.time_budget import OutOfTime, TimeBudget
from defectdiffu.comparison.measurement import Product
from defectdiffu.comparison.photographs import TooFew
from defectdiffu.comparison.plan import ComparisonPlan
from defectdiffu.data.layout import GOOD
from defectdiffu.data.record import Record
from defectdiffu.data.source_photographs import source_of
from defectdiffu.data.windows import WindowRule

CONDITIONS = [Condition(f"choice {i}", 0, "all") for i in (1, 2, 3)]


def records(counts: dict[str, int], split: str = "train") -> list[Record]:
    return [
        Record("tin", defect, Path(f"tin/test/{defect}/{i}.png"), None if defect == GOOD else Path("mask.png"), split)
        for defect, count in counts.items()
        for i in range(count)
    ]


def product(photographs: list[Record], sources: dict[str, str] | None = None) -> Product:
    return Product(photographs, sources or {}, (WindowRule(window=32), {}), ComparisonPlan(size=32))


def held_out(folds: list[Fold], part: str) -> list[Record]:
    return [record for fold in folds if fold.part == part for record in fold.product.test]


def test_every_photograph_is_held_out_once_and_trained_on_elsewhere():
    photographs = records({"dent": 9, "scratch": 5, GOOD: 12})
    folds = divide_into_folds(product(photographs))
    assert [fold.name for fold in folds] == ["choice 1", "choice 2", "confirmation 1", "confirmation 2"]
    seen = [record.place for fold in folds for record in fold.product.test]
    assert sorted(seen) == sorted(record.place for record in photographs)
    for fold in folds:
        for defect in ("dent", "scratch", GOOD):
            split = [record.split for record in fold.product.records if record.defect == defect]
            assert {"train", "test"} == set(split)


def test_a_source_is_never_divided_between_folds():
    photographs = records({"dent": 12, GOOD: 12})
    sources = {record.place: f"part {record.image.stem[-1]}" for record in photographs}
    for fold in divide_into_folds(product(photographs, sources)):
        of = {split: {source_of(r, sources) for r in fold.product.records if r.split == split} for split in
              ("train", "test")}  # fmt: skip
        assert of["train"] and of["test"] and not of["train"] & of["test"]


def test_the_test_split_is_in_no_fold():
    folds = divide_into_folds(product(records({"dent": 6, GOOD: 6}) + records({"crack": 9}, split="test")))
    assert all(record.defect != "crack" for fold in folds for record in fold.product.records)


def test_the_choice_and_the_confirmation_measure_on_other_photographs():
    folds = divide_into_folds(product(records({"dent": 5, GOOD: 5})))
    choice, confirmation = ({record.place for record in held_out(folds, part)} for part in (CHOICE, CONFIRMATION))
    assert choice and not choice & confirmation
    dents = [record for record in held_out(folds, CONFIRMATION) if record.defect == "dent"]
    assert len(dents) == 3  # of 5: the confirmation has the larger folds


def test_a_defect_with_one_photograph_is_trained_on_and_never_held_out():
    folds = divide_into_folds(product(records({"dent": 4, "scratch": 1, GOOD: 4})))
    for fold in folds:
        assert [r.split for r in fold.product.records if r.defect == "scratch"] == ["train"]


def test_one_photograph_of_a_defect_makes_no_folds():
    with pytest.raises(TooFew, match="no defect has two source photographs"):
        divide_into_folds(product(records({"dent": 1, "scratch": 1, GOOD: 9})))


def test_methods_with_samples_are_told_from_those_without():
    with_samples, without = candidates_of(ADVISABLE)
    assert [c.method for c in without] == [
        "real + augmentation", "copy-paste + augmentation", "CutPaste + augmentation",
        "copy-paste, CutPaste + augmentation", "Perlin + augmentation",
    ]  # fmt: skip
    assert {"transplanted + augmentation", "on photographs, copy-paste + augmentation"} < {
        candidate.method for candidate in with_samples
    }
    with pytest.raises(ValueError, match="has none with samples"):
        candidates_of(["real + augmentation"])


def test_candidates_begin_with_what_won_on_other_products():
    with_samples, without = candidates_of(ADVISABLE)
    assert with_samples[0].method == "transplanted anywhere, transferred, photographs of others + augmentation"
    assert without[0].method == "real + augmentation"
    names = [candidate.method for candidate in (*with_samples, *without)]
    assert len(names) == len(set(names))
    assert not any("three quarters" in name for name in names)  # a share is a variant of its method


def test_variants_change_one_thing_and_only_where_it_means_something():
    names = lambda method: [variant.name for variant in Candidate(method).variants()]  # noqa: E731
    assert names("real + augmentation") == []
    assert names("copy-paste + augmentation") == [f"copy-paste + augmentation, share {s}" for s in (0.25, 0.75)]
    assert names("transplanted + augmentation")[2:] == [
        "transplanted + augmentation, weaker defects", "transplanted + augmentation, stronger defects",
    ]  # fmt: skip
    assert names("from noise + augmentation")[-1] == "from noise + augmentation, better half"


def candidates(count: int) -> list[Candidate]:
    return [Candidate("copy-paste + augmentation", share=i / 10) for i in range(count)]


def test_the_better_half_goes_on_until_one_is_left():
    asked: list[tuple[str, float]] = []

    def train(candidate: Candidate, condition: Condition) -> float:
        asked.append((condition.fold, candidate.share))
        return candidate.share

    halving = Halving(candidates(5), CONDITIONS)
    while not halving.finished:
        halving.step(train)
    assert [sum(fold == c.fold for fold, _ in asked) for c in CONDITIONS] == [5, 3, 2]
    assert halving.best == candidates(5)[4]


def test_the_mean_over_all_conditions_decides():
    figures = {("choice 1", 0.0): 0.9, ("choice 1", 0.1): 0.8, ("choice 2", 0.0): 0.1, ("choice 2", 0.1): 0.15}
    halving = Halving(candidates(4), CONDITIONS[:2])
    while not halving.finished:
        halving.step(lambda candidate, condition: figures.get((condition.fold, candidate.share), 0.0))
    assert halving.best == candidates(4)[0]  # 0.50 beats 0.475, although the last condition says otherwise


def test_a_candidate_with_nothing_to_train_on_is_dropped():
    halving = Halving(candidates(3), CONDITIONS)
    for _ in range(3):
        halving.step(lambda candidate, _: None if candidate.share == 0.2 else candidate.share)
    assert candidates(3)[2] not in halving.survivors and halving.best == candidates(3)[1]
    nothing = Halving(candidates(2), CONDITIONS)
    for _ in range(2):
        nothing.step(lambda *_: None)
    assert nothing.finished and nothing.best is None and Halving([], CONDITIONS).finished


def test_when_the_time_ends_the_finished_rounds_decide():
    def after(steps: int) -> Halving:
        halving = Halving(candidates(4), CONDITIONS)
        for _ in range(steps):
            halving.step(lambda candidate, c: candidate.share if c.fold == "choice 1" else 1 - candidate.share)
        return halving

    assert after(2).best == candidates(4)[1]  # of the two that were trained
    assert after(5).best == candidates(4)[3]  # the second round counts for nobody
    assert after(5).figures == {candidate: [candidate.share] for candidate in candidates(4)}


def tried(choice: Choice) -> dict[str, tuple[int, float, float, str]]:
    return {each.candidate.name: (each.trainings, each.mean, each.leader, each.outcome) for each in choice.tried}


def test_each_candidate_is_told_beside_the_chosen_one_in_the_same_trainings():
    figures = {"real + augmentation": 0.6, "CutPaste + augmentation": 0.7, "Perlin + augmentation": 0.2}
    harder = {"choice 1": 0.0, "choice 2": -0.1, "choice 3": -0.2}
    choice = Choice([Candidate(name) for name in figures], CONDITIONS)
    train = lambda c, condition: figures[c.method] + harder[condition.fold] - 0.3 * (c.share != 0.5)  # noqa: E731
    for _ in range(4):  # three, and one of the second round
        choice.step(train)
    assert tried(choice) == {
        "CutPaste + augmentation": (1, 0.7, 0.7, CHOSEN),
        "real + augmentation": (1, 0.6, 0.7, OUT_OF_TIME),
        "Perlin + augmentation": (1, 0.2, 0.7, GIVEN_UP),
    }
    while not choice.finished:
        choice.step(train)
    told = tried(choice)
    assert told["CutPaste + augmentation"] == (2, pytest.approx(0.65), pytest.approx(0.65), CHOSEN)
    assert told["Perlin + augmentation"] == (1, 0.2, 0.7, GIVEN_UP)  # 0.7 in that training, 0.65 in both


def test_a_variant_is_not_chosen_by_the_luck_of_one_training():
    choice = Choice([Candidate("CutPaste + augmentation")], CONDITIONS)
    train = lambda c, condition: c.share * (1 if condition.fold == "choice 1" else -2)  # noqa: E731
    choice.step(train)
    choice.tune()
    for _ in range(3):
        choice.step(train)
    assert choice.best == Candidate("CutPaste + augmentation")
    assert tried(choice)["CutPaste + augmentation, share 0.75"] == (1, 0.75, 0.5, OUT_OF_TIME)
    for _ in range(2):  # the better half of three, once more
        choice.step(train)
    assert choice.best == Candidate("CutPaste + augmentation")
    assert tried(choice)["CutPaste + augmentation, share 0.75"] == (2, -0.375, -0.25, GIVEN_UP)


def test_the_time_is_kept():
    now = [0.0]
    budget = TimeBudget(2, clock=lambda: now[0])
    budget.require(120)
    with pytest.raises(OutOfTime):
        budget.require(121)
    heard: list[str] = []
    guarded = budget.guard(lambda stage, *_: heard.append(stage))
    guarded("draw", 1, 2, {})
    now[0] = 120.5
    with pytest.raises(OutOfTime):
        guarded("draw", 2, 2, {})
    assert heard == ["draw"]
    with pytest.raises(ValueError, match="minutes is 0, must be above 0"):
        TimeBudget(0)
