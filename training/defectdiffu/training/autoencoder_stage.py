"""Inputs that the stages of the autoencoder's training share."""

from __future__ import annotations

from typing import NamedTuple

from ..checkpoints.runs import Run
from ..config import TrainingConfig
from ..progress import Progress
from .crops import Crops


class AutoencoderStage(NamedTuple):
    run: Run
    config: TrainingConfig
    crops: Crops  # what is trained on, and on which device
    bf16: bool
    progress: Progress
    save_every_seconds: float
