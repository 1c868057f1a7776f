"""The configuration of a training run, and what must hold between its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from typing import Literal

from pydantic import model_validator

from .networks import AutoencoderConfig, DenoiserConfig, PromptConfig, TextConfig
from .optimisation import AutoencoderTraining, LatentCacheConfig, LossConfig, OptimiserConfig
from .settings import NonNegativeCount, SettingsError, Text, Whole, settings

NAME_PATTERN = r"[a-z0-9][a-z0-9._-]*"
VERSION_PATTERN = r"[0-9]+\.[0-9]+\.[0-9]+"
LATENT_SCALE = 8  # pixels of the image along a side of a latent

# What a model knows of the validation part of the training data (validation_split.py). "unseen since its bundle": it
# was trained without the part, but from the weights of a model that had learnt it.
ValidationState = Literal["learnt", "unseen", "unseen since its bundle"]
LEARNT: ValidationState = "learnt"
UNSEEN: ValidationState = "unseen"
UNSEEN_SINCE: ValidationState = "unseen since its bundle"


@settings
class TrainingConfig:
    name: Text = "small"
    version: Text = "0.1.0"
    image_size: Whole = 128  # pixels along a side
    held_out_pairs: tuple[Text, ...] = ()  # "product/defect": kept out of training, so that it is really zero-shot
    validation: ValidationState = LEARNT
    seed: NonNegativeCount = 0
    autoencoder: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    autoencoder_training: AutoencoderTraining = field(default_factory=AutoencoderTraining)
    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)
    text: TextConfig = field(default_factory=TextConfig)
    prompts: PromptConfig = field(default_factory=PromptConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    latent_cache: LatentCacheConfig = field(default_factory=LatentCacheConfig)

    @model_validator(mode="after")
    def _parts_fit(self) -> TrainingConfig:
        if problems := list(_problems(self)):
            raise SettingsError(problems)
        return self


def _problems(config: TrainingConfig) -> Iterator[str]:
    denoiser, text, autoencoder = config.denoiser, config.text, config.autoencoder
    if not re.fullmatch(NAME_PATTERN, config.name):
        yield f"name is {config.name!r}, must be lower-case letters, digits, '.', '_' and '-'"
    if not re.fullmatch(VERSION_PATTERN, config.version):
        yield f"version is {config.version!r}, must be three numbers such as 1.0.0"
    if config.image_size != LATENT_SCALE * denoiser.latent_size:
        yield f"denoiser.latent_size is {denoiser.latent_size}, must be an eighth of image_size, {config.image_size}"
    if denoiser.latent_channels != autoencoder.latent_channels:
        yield (
            f"denoiser.latent_channels is {denoiser.latent_channels}, must be autoencoder.latent_channels, "
            f"{autoencoder.latent_channels}"
        )
    if text.kind == "word" and text.projection != denoiser.text_dim:
        yield f"text.projection is {text.projection}, must be denoiser.text_dim, {denoiser.text_dim}"
    crop = config.autoencoder_training.crop
    if crop < LATENT_SCALE or crop % LATENT_SCALE or crop > config.image_size:
        yield f"autoencoder_training.crop is {crop}, must be a multiple of 8 up to image_size, {config.image_size}"
