"""The learning rate schedule: warm-up from the first step of the optimiser, plateau, fall to zero."""

from __future__ import annotations

from dataclasses import replace

import pytest

from defectdiffu.config import OptimiserConfig
from defectdiffu.training.schedule import StepSchedule, TimeSchedule

PLAN = OptimiserConfig(learning_rate=1e-3, warmup_steps=10, cooldown_steps=20)


@pytest.mark.parametrize(
    ("step", "first_step", "expected"),
    [
        (0, 0, 1e-4), (9, 0, 1e-3), (50, 0, 1e-3), (80, 0, 1e-3), (90, 0, 5e-4), (100, 0, 0),
        (40, 40, 1e-4), (49, 40, 1e-3), (90, 40, 5e-4),
    ],
)  # fmt: skip
def test_the_rate_warms_up_stays_and_falls(step, first_step, expected):
    """A run that starts from a bundle at step 40 has a new optimiser: it warms up from there."""
    assert StepSchedule(PLAN, 100).learning_rate(step, first_step) == pytest.approx(expected)


def test_a_short_run_cools_down_over_its_second_half():
    assert StepSchedule(PLAN, 10).learning_rate(5) == pytest.approx(6e-4)  # still warming up
    assert StepSchedule(PLAN, 10).learning_rate(8) == pytest.approx(4e-4)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def timed(clock: Clock, seconds: float) -> TimeSchedule:
    return TimeSchedule(replace(PLAN, total_steps=80), seconds, clock)  # cools down over a quarter


def test_a_timed_rate_warms_up_by_steps_and_falls_by_time(clock):
    schedule = timed(clock, 400)
    assert schedule.learning_rate(0) == pytest.approx(1e-4)
    assert schedule.learning_rate(500) == pytest.approx(1e-3)
    clock.now += 300
    assert schedule.learning_rate(7000) == pytest.approx(1e-3)
    clock.now += 75
    assert schedule.learning_rate(9000) == pytest.approx(2.5e-4)
    clock.now += 50
    assert schedule.learning_rate(9500) == 0


def test_time_of_earlier_stages_shortens_the_cooldown_too(clock):
    schedule = timed(clock, 400)
    clock.now += 300  # the autoencoder; the cool-down would begin now
    assert not schedule.finished(0)
    assert schedule.learning_rate(50) == pytest.approx(1e-3)
    clock.now += 75
    assert schedule.learning_rate(900) == pytest.approx(5e-4)


def test_a_timed_training_ends_by_time_at_any_step(clock):
    schedule = timed(clock, 60)
    assert not schedule.finished(0) and not schedule.finished(10**6)
    clock.now += 60
    assert schedule.finished(1)


def test_a_timed_training_estimates_its_length_from_the_pace(clock):
    schedule = timed(clock, 100)
    clock.now += 40  # the autoencoder
    assert not schedule.finished(200)  # went on from a checkpoint
    clock.now += 20
    assert schedule.expected_steps(300) == 500


def test_a_timed_rate_goes_on_where_an_earlier_call_was_killed(clock):
    def schedule(spent: float, trained: float) -> TimeSchedule:
        made = TimeSchedule(replace(PLAN, total_steps=40), 400, clock, spent, trained)  # cools down over a half
        assert not made.finished(900)
        return made

    assert schedule(150, 150).learning_rate(900) == pytest.approx(1e-3)
    assert schedule(300, 300).learning_rate(900) == pytest.approx(5e-4)
    assert schedule(350, 50).learning_rate(900) == pytest.approx(1e-3)  # 300 s of other stages; it trains for 100 s
    resumed = schedule(300, 300)
    clock.now += 100
    assert resumed.finished(901)
