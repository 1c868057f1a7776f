"""Loads what a run has learnt: the averaged (EMA) weights, ready to sample from or to export."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from tokenizers import Tokenizer

from .autoencoder import ImageAutoencoder, build_autoencoder
from .config import TrainingConfig
from .ema import Ema
from .runs import Run, load
from .sampling import Generator
from .trainee import Trainee, build_trainee
from .vocabulary import Vocabulary


@dataclass(frozen=True)
class TrainedModel:
    config: TrainingConfig
    vocabulary: Vocabulary
    trainee: Trainee
    autoencoder: ImageAutoencoder
    step: int
    samples_seen: int

    def generator(self, device: torch.device | None = None) -> Generator:
        return Generator(self.trainee, self.autoencoder, self.config.prompts, device or torch.device("cpu"))


def load_trained(run: Run) -> TrainedModel:
    """Raises FileNotFoundError that says which stage of the run is missing."""
    config = run.config()
    for stage, path in (("autoencoder", run.autoencoder), ("denoiser", run.denoiser)):
        if not path.exists() and not (stage == "autoencoder" and config.autoencoder.kind == "kl"):
            raise FileNotFoundError(f"{path}: the {stage} is not trained yet; run `defectdiffu-train train` first")
    autoencoder = build_autoencoder(config.autoencoder)
    if run.autoencoder.exists():
        autoencoder.load_state_dict(load(run.autoencoder)["model"])
    state = load(run.denoiser)
    vocabulary = Vocabulary([tuple(pair) for pair in state["pairs"]])
    trainee = build_trainee(config, vocabulary, Tokenizer.from_str(state["tokenizer"]))
    trainee.load_state_dict(state["model"])
    if "ema" in state:
        ema = Ema({"trainee": trainee}, config.optimiser.ema_decay)
        ema.load_state_dict(state["ema"])
        ema.swap()
    return TrainedModel(config, vocabulary, trainee.eval(), autoencoder.eval(), state["step"], state["samples_seen"])
