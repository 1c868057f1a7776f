"""A training run on disk: its files, which are replaced atomically."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import torch

from ..config import TrainingConfig, config_from_dict, config_to_dict
from ..files.atomic import write_text
from ..files.json_files import read_json


class Run:
    """The folder of one training run."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.autoencoder = directory / "autoencoder.pt"
        self.denoiser = directory / "denoiser.pt"
        self.mask_decoder = directory / "mask_decoder.pt"  # of a bundle that the run started from
        self.adapter = directory / "adapter.pt"  # of an onboarding that trains an adapter, in the denoiser's place
        self.sample_grids = directory / "sample_grids"
        self.log = directory / "log.jsonl"
        self.onboarding = directory / "onboarding.json"
        self.origin = directory / "origin.json"
        self.anchor = directory / "anchor.pt"
        self._config = directory / "config.json"

    @property
    def latent_cache(self) -> Path:
        """latent_cache.pt, or bank.pt for a run that was started under the file's former name."""
        path, former = self.directory / "latent_cache.pt", self.directory / "bank.pt"
        return former if former.exists() and not path.exists() else path

    def open(self, config: TrainingConfig) -> TrainingConfig:
        """Records the configuration of a new run, or returns the configuration of an existing one."""
        return self.config() if self.begun() else self.begin(config)

    def begin(self, config: TrainingConfig) -> TrainingConfig:
        """Records the configuration of an untrained run, and replaces what a refused command left.

        Raises FileExistsError for a trained run.
        """
        self.require_untrained()
        self.sample_grids.mkdir(parents=True, exist_ok=True)
        write_text(self._config, json.dumps(config_to_dict(config), indent=2))
        return self.config()

    def require_untrained(self) -> None:
        if there := self.trained():
            raise FileExistsError(f"{there}: this run has been trained already; give a new folder")

    def begun(self) -> bool:
        return self._config.exists()

    def trained(self) -> Path | None:
        """A file with trained weights, if there is one."""
        return next(
            (path for path in (self.denoiser, self.adapter, self.latent_cache, self.autoencoder) if path.exists()), None
        )

    def config(self) -> TrainingConfig:
        if not self._config.exists():
            raise FileNotFoundError(f"{self.directory}: no training run here (no config.json)")
        return config_from_dict(read_json(self._config), str(self._config))

    def record(self, **figures: Any) -> None:
        with self.log.open("a") as file:
            file.write(json.dumps(figures) + "\n")


def save(path: Path, state: dict[str, Any]) -> None:
    """torch.save that replaces the old file only after the new one is complete on disk."""
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)  # leave no useless file on a full disk
        raise


def load(path: Path, *needed: str) -> dict[str, Any]:
    """Loads a checkpoint. Raises ValueError that names the file if it is damaged or lacks a needed key."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError) as error:
        reason = str(error).split("\n")[0] or "it ends too early"  # torch adds advice for programmers
        raise ValueError(f"{path}: damaged, remove it to begin this stage anew: {reason}") from None
    if missing := [key for key in needed if not isinstance(state, dict) or key not in state]:
        raise ValueError(f"{path}: holds no {', '.join(missing)}: it is another file than training writes there")
    return state
