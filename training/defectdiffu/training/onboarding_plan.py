"""The plan of an onboarding, and its record in the run, so that a repeated call resumes the same onboarding."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Gt, Lt

from ..checkpoints.runs import Run
from ..config.settings import Count, Flag, NonNegativeCount, Number, Positive, Text, settings
from ..files.atomic import write_text
from ..files.json_files import read_json

OpenShare = Annotated[Number, Gt(0), Lt(1)]


FINE_TUNING_RATE = 4e-4
ADAPTER_RATE = 3e-3  # its changes begin at zero; from 3e-3 to 1e-2, the loss after 60 steps is the same


@settings
class OnboardingPlan:
    name: Text | None = None  # of the new bundle; None: the old one's
    version: Text | None = None  # of the new bundle; None: the old one's. Name or version has to differ
    steps: Count = 600
    learning_rate: Positive | None = None  # None: FINE_TUNING_RATE, or ADAPTER_RATE for an adapter
    batch_size: Count = 32  # per process; a GPU's batch would take two CPU cores hours
    new_share: OpenShare = 0.5  # share of new pairs in the defective windows that training draws
    new_windows_per_pair: Count = 1000  # of each new pair at most, and no more than the bundle was trained with
    windows_per_pair: Count = 200  # real windows of each known pair that are replayed
    samples_per_pair: Count = 16  # drawn and replayed where no photographs are given
    seed: NonNegativeCount | None = None  # None: the bundle's
    adapter: Flag = False  # train an adapter, and leave the bundle's own weights as they are
    adapter_rank: Count = 16
    freeze_background: Flag = False  # hold the weights of the background part: for samples on photographs

    @property
    def rate(self) -> float:
        return self.learning_rate or (ADAPTER_RATE if self.adapter else FINE_TUNING_RATE)


@dataclass(frozen=True)
class Photographs:
    """A data set, the rules by which windows are cut from it, and the products to take from it (all if None)."""

    data: Path
    windows: Path | None = None
    products: list[str] | None = None


def options_of(bundle: Path, new: Photographs, replay: Photographs | None, plan: OnboardingPlan) -> dict[str, Any]:
    """All options of an onboarding, under their names on the command line."""
    paths: dict[str, Path | None] = {"bundle": bundle, "data": new.data, "windows": new.windows}
    paths |= {"replay": replay.data if replay else None, "replay_windows": replay.windows if replay else None}
    places = {name: str(path.resolve()) if path else None for name, path in paths.items()}
    return places | {"products": new.products, "replay_products": replay and replay.products} | plan_options(plan)


def plan_options(plan: OnboardingPlan) -> dict[str, Any]:
    return asdict(plan) | {"learning_rate": plan.rate}


def record_options(run: Run, options: dict[str, Any]) -> None:
    run.directory.mkdir(parents=True, exist_ok=True)
    write_text(run.onboarding, json.dumps(options, indent=2))


def require_same_options(run: Run, options: dict[str, Any]) -> None:
    """Checks that a run that already exists has the same options; a new run may have any.

    Raises ValueError that names the first difference; only `steps` may be raised. Raises FileExistsError if the folder
    holds a run that is not an onboarding.
    """
    if not run.onboarding.exists():
        if run.begun():
            raise FileExistsError(f"{run.directory}: another run is here, which is no onboarding; give a new folder")
        return
    before = plan_options(OnboardingPlan()) | read_json(run.onboarding)  # one that is older lacks newer options
    for name, value in options.items():
        was = before.get(name)
        if name == "steps" and value < was:
            raise ValueError(f"steps is {value}, but {run.directory} was begun with {was}: it may only be raised")
        if name != "steps" and value != was:
            raise ValueError(
                f"{name} is {value}, but {run.directory} was begun with {was}: repeat that, or give a new --run"
            )
