"""How a product is to join a bundle, and the record of it in the run: a call that is repeated means the same again."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..checkpoints.runs import Run
from ..files.atomic import write_text
from ..files.json_files import read_json

COUNTS = ("steps", "batch_size", "new_windows_per_pair", "windows_per_pair", "samples_per_pair")


@dataclass(frozen=True)
class OnboardingPlan:
    """Raises ValueError that names the setting, its bound and its value."""

    name: str | None = None  # of the new bundle; the old one's unless given
    version: str | None = None  # likewise; one of the two has to differ
    steps: int = 600
    learning_rate: float = 4e-4
    batch_size: int = 32  # of one process; a bundle that a GPU trained has another, which two cores take hours for
    new_share: float = 0.5  # of the defective windows drawn in training that are of new pairs
    new_windows_per_pair: int = 1000  # of each new pair at most, and no more than the bundle was trained with
    windows_per_pair: int = 200  # real windows of each known pair that are replayed
    samples_per_pair: int = 16  # drawn and replayed where no photographs are given
    seed: int | None = None  # the bundle's unless given

    def __post_init__(self) -> None:
        for name, least in {**dict.fromkeys(COUNTS, 1), "seed": 0}.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name} is {value}, must be at least {least}")
        if not 0 < self.new_share < 1:
            raise ValueError(f"new_share is {self.new_share}, must be above 0 and below 1")
        if not 0 < self.learning_rate < math.inf:
            raise ValueError(f"learning_rate is {self.learning_rate}, must be above 0, and finite")


@dataclass(frozen=True)
class Photographs:
    """A data set, the rules by which windows are cut from it, and which of its products are taken (all if None)."""

    data: Path
    windows: Path | None = None
    products: list[str] | None = None


def options_of(bundle: Path, new: Photographs, replay: Photographs | None, plan: OnboardingPlan) -> dict[str, Any]:
    """All that an onboarding is asked for, under the names that the command line gives it."""
    paths = {"bundle": bundle, "data": new.data, "windows": new.windows}
    paths |= {"replay": replay and replay.data, "replay_windows": replay and replay.windows}
    places = {name: str(path.resolve()) if path else None for name, path in paths.items()}
    return places | {"products": new.products, "replay_products": replay and replay.products} | asdict(plan)


def record_options(run: Run, options: dict[str, Any]) -> None:
    run.directory.mkdir(parents=True, exist_ok=True)
    write_text(run.onboarding, json.dumps(options, indent=2))


def require_same_options(run: Run, options: dict[str, Any]) -> None:
    """Of a run that was begun; a new one may have any. Raises ValueError that names what differs: only steps may be
    raised. FileExistsError where the folder holds a run that is no onboarding."""
    if not run.onboarding.exists():
        if run.begun():
            raise FileExistsError(f"{run.directory}: another run is here, which is no onboarding; give a new folder")
        return
    before = read_json(run.onboarding)
    for name, value in options.items():
        was = before.get(name)
        if name == "steps" and value < was:
            raise ValueError(f"steps is {value}, but {run.directory} was begun with {was}: it may only be raised")
        if name != "steps" and value != was:
            raise ValueError(
                f"{name} is {value}, but {run.directory} was begun with {was}: repeat that, or give a new --run"
            )
