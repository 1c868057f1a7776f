"""The learning rate's course: warm-up from where the optimiser began, plateau, fall to zero."""

from __future__ import annotations

import pytest

from defectdiffu.config import OptimiserConfig
from defectdiffu.train import learning_rate

PLAN = OptimiserConfig(learning_rate=1e-3, warmup_steps=10, cooldown_steps=20)


@pytest.mark.parametrize(
    ("step", "first_step", "expected"),
    [
        (0, 0, 1e-4), (9, 0, 1e-3), (50, 0, 1e-3), (80, 0, 1e-3), (90, 0, 5e-4), (100, 0, 0),
        (40, 40, 1e-4), (49, 40, 1e-3), (90, 40, 5e-4),
    ],
)  # fmt: skip
def test_it_warms_up_stays_and_falls(step, first_step, expected):
    """A run that starts from a bundle at step 40 has a new optimiser: it warms up from there."""
    assert learning_rate(step, PLAN, 100, first_step) == pytest.approx(expected)


def test_a_short_run_cools_down_over_its_second_half():
    assert learning_rate(5, PLAN, 10) == pytest.approx(6e-4)  # still warming up
    assert learning_rate(8, PLAN, 10) == pytest.approx(4e-4)
