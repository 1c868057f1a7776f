"""With what an onboarding ends: whether a segmenter of real photographs finds the defects in the samples."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from conftest import invoke
from onboarding_command import make_brass, options

from defectdiffu.advice import onboarding_verdict
from defectdiffu.advice.onboarding_verdict import Found, Verdict, judge, sentences
from defectdiffu.advice.time_budget import TimeBudget
from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.evaluation.plan import EvaluationPlan
from defectdiffu.training.onboarding_plan import Photographs

RUST, DENT = ("brass ring", "rust"), ("tin", "dent")


@pytest.fixture
def quick(monkeypatch) -> None:
    plan = EvaluationPlan(samples=2, windows=4, steps=2, segmenter_steps=2)
    monkeypatch.setattr(onboarding_verdict, "PLAN", plan)


def onboard(exported: Path, brass: Path, run: Path, *more: object) -> str:
    command = [argument for argument in options(exported, brass, run) if argument != "--no-verdict"]
    result = invoke(*command, "--steps", 1, "--samples-per-pair", 1, *more)
    assert result.exit_code == 0, result.output
    return result.output


def test_new_pairs_are_compared_with_their_twins_and_with_real_ones(exported, tmp_path, quick):
    brass = make_brass(tmp_path / "brass")
    said = onboard(exported, brass, tmp_path / "run")
    for pair in ("brass ring/dent", "brass ring/rust"):
        line = next(line for line in said.splitlines() if line.strip().startswith(f"{pair}: found in"))
        assert "of samples" in line and "of their normal twins" in line and "of real ones" in line
    assert "The known products were not measured: this needs their photographs (--replay)." in said
    assert "judges" not in onboard(exported, brass, tmp_path / "run", "--no-verdict")


def test_known_pairs_are_compared_before_and_after(exported, trained, tmp_path, quick):
    said = onboard(
        exported, make_brass(tmp_path / "brass"), tmp_path / "run", "--replay", trained / "data",
        "--windows-per-pair", 2,
    )  # fmt: skip
    for pair in ("tin/dent", "tin/scratch", "felt/hole"):
        line = next(line for line in said.splitlines() if line.strip().startswith(f"{pair}: found in"))
        assert "of samples before, " in line and " after" in line
    assert "were not measured" not in said


def test_the_verdict_ends_with_its_time(exported, data_set, tmp_path, quick):
    clock = itertools.count(step=20.0)  # each look at it takes 20 seconds
    after = load_bundle(exported)
    budget = TimeBudget(1, clock=lambda: next(clock))
    new = Photographs(data_set)
    before = load_bundle(exported)
    before.vocabulary.pairs.clear()
    verdict = judge(before, after, new, None, tmp_path, budget, lambda *_: None)
    assert [found.pair for found in verdict.found] == [("felt", "hole")]
    assert set(verdict.out_of_time) == {DENT, ("tin", "scratch")}
    line = sentences(verdict, 1, replayed=True, adapter=False)[-1]
    assert "tin/dent" in line and "not measured within 1 minutes (--verdict-minutes gives more)" in line


@pytest.mark.parametrize(
    ("found", "warning"),
    [
        (Found(RUST, 0.6, 0.0, 0.7, None), None),
        (Found(RUST, 0.3, 0.1, 0.7, None), "samples show their defect less than half as often as photographs"),
        (Found(RUST, 0.9, 0.8, 0.7, None), "samples show their defect less than half as often as photographs"),
        (Found(RUST, 0.9, 0.0, 0.1, None), "finds too few real ones to tell"),
        (Found(RUST, 0.9, 0.0, None, None), "finds too few real ones to tell"),
        (Found(DENT, 0.0, 0.0, 0.7, 0.8), None),  # known: the comparison with before says it
    ],
)
def test_what_is_found_too_seldom_is_warned_about(found, warning):
    lines = sentences(Verdict([found]), 5, replayed=True, adapter=False)
    assert [line for line in lines if line.startswith("warning")] == lines[1:]
    assert warning in lines[1] if warning else len(lines) == 1


def test_an_adapter_leaves_known_products_as_they_were():
    assert sentences(Verdict(), 5, replayed=False, adapter=True) == [
        "The known products are as they were: an adapter leaves the bundle unchanged."
    ]
