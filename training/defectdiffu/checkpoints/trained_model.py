"""Loads the averaged (EMA) weights of a run, ready for sampling or export."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from ..config import TrainingConfig
from ..data.vocabulary import Vocabulary
from ..model.adapter import Adapter
from ..model.autoencoder import ImageAutoencoder, build_autoencoder
from ..model.ema import Ema
from ..model.mask_decoder import MaskDecoder
from ..model.training_module import TrainingModule, build_training_module
from ..model.turbo_modulation import TurboModulation
from ..sampling.generator import Generator
from .runs import Run, load

STORED_NAME = "trainee"  # of the training module in a checkpoint's averages; kept, so that older ones can be read
CHECKPOINT = ("model", "pairs", "tokenizer", "step", "samples_seen")  # of the denoiser
NOT_TRAINED = "{}: the {} not trained yet; run `defectdiffu-train train` first"


@dataclass(frozen=True)
class TrainedModel:
    config: TrainingConfig
    vocabulary: Vocabulary
    module: TrainingModule
    autoencoder: ImageAutoencoder
    step: int
    samples_seen: int
    adapter: Adapter | None = None
    base: Path | None = None  # the bundle that the adapter belongs to
    mask_decoder: MaskDecoder | None = None

    @property
    def adapters(self) -> dict[str, Adapter]:
        """By product, as a generator takes them."""
        return dict.fromkeys(self.vocabulary.products, self.adapter) if self.adapter else {}

    def generator(self, device: torch.device | None = None, turbo: TurboModulation | None = None) -> Generator:
        """Draws as the model and, with the sampler TURBO, as the student `turbo`."""
        device = device or torch.device("cpu")
        return Generator(
            self.module, self.autoencoder, self.config.prompts, device, self.adapters, turbo, self.mask_decoder
        )


def load_trained(run: Run) -> TrainedModel:
    """Raises FileNotFoundError that says which stage of the run is missing."""
    config = run.config()
    autoencoder = load_autoencoder(run, config)
    if not run.denoiser.exists():
        raise FileNotFoundError(NOT_TRAINED.format(run.denoiser, "denoiser is"))
    state = load(run.denoiser, *CHECKPOINT)
    vocabulary = Vocabulary([tuple(pair) for pair in state["pairs"]])
    if "ema" not in state and state.get("trained_channels", config.denoiser.latent_channels) < (
        config.denoiser.latent_channels
    ):
        raise FileNotFoundError(NOT_TRAINED.format(run.denoiser, "denoiser's new latent channels are"))
    module = build_training_module(config, vocabulary, Tokenizer.from_str(state["tokenizer"]))
    module.load_state_dict(state["model"])
    if "ema" in state:
        ema = Ema({STORED_NAME: module}, config.optimiser.ema_decay)
        ema.load_state_dict(state["ema"])
        ema.swap()
    return TrainedModel(
        config,
        vocabulary,
        module.eval(),
        autoencoder,
        state["step"],
        state["samples_seen"],
        mask_decoder=load_mask_decoder(run, config),
    )


def load_autoencoder(run: Run, config: TrainingConfig) -> ImageAutoencoder:
    """Returns the autoencoder in eval mode. Raises FileNotFoundError when it needs training and is not trained yet."""
    state = load(run.autoencoder, "model", "finished") if run.autoencoder.exists() else None
    if config.autoencoder.kind != "kl" and not (state and state["finished"]):
        raise FileNotFoundError(NOT_TRAINED.format(run.autoencoder, "autoencoder is"))
    autoencoder = build_autoencoder(config.autoencoder)
    if state:
        autoencoder.load_state_dict(state["model"])
    return autoencoder.eval()


def load_mask_decoder(run: Run, config: TrainingConfig) -> MaskDecoder | None:
    """The one that came with the bundle from which the run started, if it had one."""
    if not run.mask_decoder.exists():
        return None
    decoder = MaskDecoder(config.denoiser.latent_channels)
    decoder.load_state_dict(load(run.mask_decoder, "model")["model"])
    return decoder.eval()
