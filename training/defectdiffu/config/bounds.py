"""What the values of a configuration may be: found before anything is trained, and said by name, bound and value."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from operator import attrgetter
from string import Formatter
from typing import TYPE_CHECKING

from ..data.validation_split import STATES

if TYPE_CHECKING:
    from .training_config import TrainingConfig

NAME_PATTERN = r"[a-z0-9][a-z0-9._-]*"
VERSION_PATTERN = r"[0-9]+\.[0-9]+\.[0-9]+"

AT_LEAST = {
    "autoencoder_training.steps": 1,
    "autoencoder_training.batch_size": 1,
    "autoencoder_training.windows": 1,
    "autoencoder_training.sharpen_steps": 0,
    "autoencoder_training.sharpen_batch": 1,
    "autoencoder_training.defect_weight": 0,
    "autoencoder_training.kl_weight": 0,
    "autoencoder_training.adversarial_weight": 0,
    "optimiser.batch_size": 1,
    "optimiser.warmup_steps": 1,
    "optimiser.total_steps": 1,
    "optimiser.cooldown_steps": 1,
    "bank.defect_windows": 1,
    "bank.normal_windows": 1,
    "seed": 0,
    "optimiser.weight_decay": 0,
    "loss.mask_weight": 0,
    "loss.alpha": 0,
    "loss.ratio_min": 0,
    "denoiser.latent_channels": 1,
    "denoiser.latent_size": 1,
    "denoiser.patch_size": 1,
    "denoiser.hidden_size": 1,
    "denoiser.heads": 1,
    "denoiser.cross_heads": 1,
    "denoiser.background_blocks": 1,
    "denoiser.defect_blocks": 1,
    "denoiser.fusion_blocks": 0,
    "denoiser.text_dim": 1,
    "denoiser.local_width": 1,
    "denoiser.local_blocks": 0,
    "text.hidden_size": 1,
    "text.layers": 1,
    "text.heads": 1,
    "text.context_length": 3,  # a word between two marks
    "autoencoder.latent_channels": 1,
    "autoencoder.width": 1,
    "autoencoder.deep_width": 1,
    "autoencoder.blocks": 0,
    "autoencoder.deep_blocks": 0,
    "autoencoder.fine_width": 0,
    "autoencoder.fine_blocks": 0,
}
POSITIVE = (
    "optimiser.learning_rate",
    "optimiser.clip_norm",
    "autoencoder_training.learning_rate",
    "autoencoder_training.sharpen_learning_rate",
    "loss.log_sigma_std",
    "denoiser.mlp_ratio",
    "autoencoder.scaling_factor",
)
SHARES = (
    "loss.drop_product",
    "loss.drop_defect",
    "loss.uniform_share",
    "optimiser.normal_share",
    "optimiser.ema_decay",
    "autoencoder_training.mask_share",
    "autoencoder_training.ema_decay",
)
ONE_OF = {
    "validation": STATES,
    "autoencoder.kind": ("small", "kl"),
    "text.kind": ("word", "clip"),
    "denoiser.prediction": ("epsilon", "v"),
    "optimiser.mixed_precision": ("no", "bf16", "fp16", "auto"),
    "loss.timesteps": ("uniform", "log_normal"),
}
WORDINGS = ("background", "defect", "fusion")


def problems(config: TrainingConfig) -> Iterator[str]:
    value = lambda name: attrgetter(name)(config)  # noqa: E731
    if not re.fullmatch(NAME_PATTERN, config.name):
        yield f"name is {config.name!r}, must be lower-case letters, digits, '.', '_' and '-'"
    if not re.fullmatch(VERSION_PATTERN, config.version):
        yield f"version is {config.version!r}, must be three numbers such as 1.0.0"
    small = {name for name, least in AT_LEAST.items() if not least <= value(name) < math.inf}
    yield from (f"{n} is {value(n)}, must be at least {AT_LEAST[n]}" for n in AT_LEAST if n in small)
    yield from (f"{n} is {value(n)}, must be above 0" for n in POSITIVE if not 0 < value(n) < math.inf)
    yield from (f"{n} is {value(n)}, must be from 0 to 1" for n in SHARES if not 0 <= value(n) <= 1)
    for name, allowed in ONE_OF.items():
        if value(name) not in allowed:
            yield f"{name} is {value(name)!r}, must be {', '.join(allowed[:-1])} or {allowed[-1]}"
    if not config.loss.ratio_min <= config.loss.ratio_max < math.inf:
        yield f"loss.ratio_max is {config.loss.ratio_max}, must be at least loss.ratio_min, {config.loss.ratio_min}"
    if not math.isfinite(config.loss.log_sigma_mean):
        yield f"loss.log_sigma_mean is {config.loss.log_sigma_mean}, must be a number"
    if not small:  # which they divide by
        yield from _shapes(config)
    yield from _wordings(config)


def _shapes(config: TrainingConfig) -> Iterator[str]:
    denoiser, text, autoencoder = config.denoiser, config.text, config.autoencoder
    if config.image_size != 8 * denoiser.latent_size:
        yield f"denoiser.latent_size is {denoiser.latent_size}, must be an eighth of image_size, {config.image_size}"
    if denoiser.latent_channels != autoencoder.latent_channels:
        yield (
            f"denoiser.latent_channels is {denoiser.latent_channels}, must be autoencoder.latent_channels, "
            f"{autoencoder.latent_channels}"
        )
    if denoiser.latent_size % denoiser.patch_size:
        yield f"denoiser.patch_size is {denoiser.patch_size}, must divide latent_size, {denoiser.latent_size}"
    for name in ("heads", "cross_heads"):
        if denoiser.hidden_size % getattr(denoiser, name):
            yield f"denoiser.{name} is {getattr(denoiser, name)}, must divide hidden_size, {denoiser.hidden_size}"
    if text.kind == "word" and text.projection != denoiser.text_dim:
        yield f"text.projection is {text.projection}, must be denoiser.text_dim, {denoiser.text_dim}"
    if text.kind == "word" and text.hidden_size % text.heads:
        yield f"text.heads is {text.heads}, must divide text.hidden_size, {text.hidden_size}"
    crop = config.autoencoder_training.crop
    if crop < 8 or crop % 8 or crop > config.image_size:
        yield (f"autoencoder_training.crop is {crop}, must be a multiple of 8 up to image_size, {config.image_size}")


def _wordings(config: TrainingConfig) -> Iterator[str]:
    for name in ("normal", "null_product"):
        if not getattr(config.prompts, name).strip():
            yield f"prompts.{name} is empty, must be a word"
    for name in WORDINGS:
        wording = getattr(config.prompts, name)
        try:
            strange = {field for _, field, _, _ in Formatter().parse(wording) if field is not None}
        except ValueError:  # a brace that is not closed
            strange = {wording}
        if strange - {"product", "defect"}:
            yield f"prompts.{name} is {wording!r}, may name {{product}} and {{defect}} alone"
