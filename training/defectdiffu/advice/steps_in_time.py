"""How many steps a training has on this machine, so that an answer fits into the time that the user gave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ..comparison.compare import RESULTS
from ..comparison.measurement import Product, TrainingData, measure
from ..comparison.methods import REFERENCE
from ..comparison.photographs import TooFew
from ..comparison.plan import ALL
from ..comparison.store import Key
from ..files.json_files import read_json
from .advise import fewest_trainings
from .folds import Fold, divide_into_folds
from .time_budget import OutOfTime, TimeBudget

FEWEST_STEPS = 400  # fewer leave most detectors far from what they can learn
PACE_STEPS, WARM_UP = 16, 4
SLOWER = 1.5  # a step with validations and synthetic windows, over one that trains on real windows alone
USED = 0.9  # of the time; the rest is for what else the machine does


class Pace(NamedTuple):
    """Seconds: of a step, and of what a training takes besides."""

    step: float
    rest: float


def with_steps_in_time(
    product: Product, detector: str, out: Path, budget: TimeBudget, tell: Callable[[str], None]
) -> Product:
    """`product` with fewer steps in its plan where an answer would not fit into the time otherwise, but no fewer than
    FEWEST_STEPS. `tell` hears of it. A folder keeps the steps that it began with.

    Raises ValueError when the results in `out` are damaged.
    """
    asked = product.plan.max_steps
    steps = _steps_before(out) or _steps_by_the_pace(product, detector, budget)
    if steps is None or steps >= asked:
        return product
    tell(f"a training has {steps} steps at most instead of {asked}: more would leave no time for an answer")
    return replace(product, plan=replace(product.plan, max_steps=steps))


def steps_that_fit(pace: Pace, trainings: int, seconds: float, check_every: int) -> int:
    """Whole validations, and at least FEWEST_STEPS."""
    each = USED * seconds / trainings - pace.rest
    fitting = int(each / (SLOWER * pace.step))
    return max(FEWEST_STEPS, fitting - fitting % check_every)


def measured_pace(fold: Fold, detector: str, budget: TimeBudget) -> Pace:
    """By a training of PACE_STEPS. Raises OutOfTime when the time ends meanwhile."""
    few = replace(fold.product, plan=replace(fold.product.plan, max_steps=PACE_STEPS, check_every=PACE_STEPS))
    left: list[float] = []

    def step(done: int, total: int) -> None:
        budget.require(0)
        left.append(budget.left)

    began = budget.left
    measure(Key(fold.name, detector, ALL, REFERENCE, 0), TrainingData(few, ALL, 0), fold.held_out_windows(), None, step)
    last = -2  # the very last one has a validation
    seconds = max((left[WARM_UP] - left[last]) / (PACE_STEPS - 2 - WARM_UP), 1e-6)
    return Pace(seconds, max(began - budget.left - PACE_STEPS * seconds, 0.0))


def _steps_before(out: Path) -> int | None:
    path = out / RESULTS
    steps: int | None = read_json(path, "conditions")["conditions"].get("max_steps") if path.exists() else None
    return steps


def _steps_by_the_pace(product: Product, detector: str, budget: TimeBudget) -> int | None:
    """None where nothing can be trained, or not in this time: the advice says why."""
    seconds = budget.left
    try:
        folds = divide_into_folds(product)
        pace = measured_pace(folds[0], detector, budget)
    except (TooFew, OutOfTime):
        return None
    return steps_that_fit(pace, fewest_trainings(folds), seconds, product.plan.check_every)
