"""How many steps a training of an advice has, by the pace of the machine and the time that is given."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from advice_workshop import PLAN, RULES

from defectdiffu.advice import steps_in_time
from defectdiffu.advice.folds import divide_into_folds
from defectdiffu.advice.photographs import read_product
from defectdiffu.advice.steps_in_time import FEWEST_STEPS, Pace, measured_pace, steps_that_fit, with_steps_in_time
from defectdiffu.advice.time_budget import TimeBudget

UNET = "small UNet"


@pytest.fixture
def tin(data_set):
    return read_product(data_set, RULES, replace(PLAN, max_steps=800), "tin")


def given(pace: Pace, monkeypatch) -> None:
    monkeypatch.setattr(steps_in_time, "measured_pace", lambda *_: pace)


def test_an_hour_of_a_quick_machine_has_all_steps_and_of_a_slow_one_fewer():
    hour, trainings = 3600, 14
    assert steps_that_fit(Pace(step=0.1, rest=10), trainings, hour, check_every=25) >= 800
    assert steps_that_fit(Pace(step=0.25, rest=10), trainings, hour, check_every=25) == 575  # 221 s, of 0.375 s a step
    assert steps_that_fit(Pace(step=2, rest=10), trainings, hour, check_every=25) == FEWEST_STEPS


def test_the_pace_is_measured_by_a_real_training(tin):
    budget = TimeBudget(10)
    before = budget.left
    pace = measured_pace(divide_into_folds(tin)[0], UNET, budget)
    assert 0 < pace.step < before - budget.left and pace.rest >= 0


def test_a_slow_machine_trains_fewer_steps_and_says_so(tin, tmp_path, monkeypatch):
    given(Pace(step=0.25, rest=10), monkeypatch)
    told: list[str] = []
    made = with_steps_in_time(tin, UNET, tmp_path, TimeBudget(60), told.append)
    assert 400 <= made.plan.max_steps < 800
    assert told == [
        f"a training has {made.plan.max_steps} steps at most instead of 800: more would leave no time for an answer"
    ]


def test_a_quick_machine_keeps_the_plan(tin, tmp_path, monkeypatch):
    given(Pace(step=0.01, rest=1), monkeypatch)
    assert with_steps_in_time(tin, UNET, tmp_path, TimeBudget(60), pytest.fail) is tin


def test_a_later_call_keeps_the_steps_that_the_folder_began_with(tin, tmp_path, monkeypatch):
    (tmp_path / "comparison.json").write_text(json.dumps({"conditions": {"max_steps": 475}}))
    monkeypatch.setattr(steps_in_time, "measured_pace", lambda *_: pytest.fail("measured again"))
    assert with_steps_in_time(tin, UNET, tmp_path, TimeBudget(60), lambda _: None).plan.max_steps == 475


def test_too_little_time_for_the_pace_is_left_to_the_advice(tin, tmp_path):
    assert with_steps_in_time(tin, UNET, tmp_path, TimeBudget(0.0001), pytest.fail) is tin
