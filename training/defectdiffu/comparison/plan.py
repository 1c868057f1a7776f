"""The conditions of a comparison: they are the same for every method, and a store holds one set of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge
from pydantic import model_validator

from ..config.settings import Count, Positive, SettingsError, Share, Whole, settings
from ..evaluation.plan import TEST, Seed, Split, Steps

ALL = "all"  # of the photographs of a pair, in the place of a number of them
BATCH = 16  # windows


@settings
class ComparisonPlan:
    split: Split = TEST  # measured on: the test split, or the validation part of the train split
    size: Annotated[Whole, Ge(32)] = 128  # pixels along the side of a window; a multiple of 32
    defective_share: Share = 0.5  # of the windows of a batch, for every method
    synthetic_share: Share = 0.5  # of the defective windows of a batch, for methods with synthetic windows
    max_steps: Count = 2000
    check_every: Count = 50  # steps between two validations
    patience: Count = 8  # validations without a lower loss before the training ends
    validation_windows: Count = 64  # at most
    samples: Count = 32  # drawn by a bundle per pair, mode and seed
    sampler_steps: Steps = 20
    bootstrap_resamples: Count = 2000
    confidence: Positive = 0.95
    seed: Seed = 0

    @model_validator(mode="after")
    def _settings_fit(self) -> ComparisonPlan:
        problems = []
        if self.size % 32:
            problems.append(f"size is {self.size}, must be a multiple of 32")
        if not self.confidence < 1:
            problems.append(f"confidence is {self.confidence}, must be below 1")
        defective = self.defective_share * BATCH
        if not 1 <= round(defective) <= BATCH - 1:
            problems.append(
                f"defective_share is {self.defective_share}, must leave defective and normal windows in {BATCH}"
            )
        if problems:
            raise SettingsError(problems)
        return self


def read_shots(text: str) -> tuple[str, ...]:
    """ "0,1,5,all" → ("0", "1", "5", "all"). Raises ValueError for anything but whole numbers from 0 and "all"."""
    shots = tuple(part.strip() for part in text.split(","))
    for shot in shots:
        if shot != ALL and not shot.isdecimal():
            raise ValueError(f"shots holds {shot!r}, must be whole numbers from 0, or {ALL!r}")
    return tuple(shot if shot == ALL else str(int(shot)) for shot in shots)


def read_bundle(text: str) -> tuple[tuple[str, int] | None, Path]:
    """ "5:0=PATH" → (("5", 0), PATH): the bundle for 5 shots and seed 0. "PATH" → (None, PATH): for all others.

    Raises ValueError when what stands before "=" is no shots and seed.
    """
    of, found, path = text.partition("=")
    if not found:
        return None, Path(text)
    shots, _, seed = of.partition(":")
    if not seed.isdecimal():
        raise ValueError(f"bundle is {text!r}, must be PATH or SHOTS:SEED=PATH")
    return (read_shots(shots)[0], int(seed)), Path(path)


#: The settings that change how differences are told, but no training.
OF_THE_PAGE = ("bootstrap_resamples", "confidence")


def conditions_of(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that all trainings of one store share."""
    return {key: value for key, value in settings.items() if key not in OF_THE_PAGE}
