"""Settings of the training: the loss, the optimiser, the latent cache, and the autoencoder's own training."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from .settings import (
    Count,
    Flag,
    NonNegative,
    NonNegativeCount,
    Number,
    Positive,
    Share,
    Whole,
    settings,
)


@settings
class LossConfig:
    mask_weight: NonNegative = 0.2  # λ of Eq. 11
    ratio_min: NonNegative = 2.0  # Eq. 9
    ratio_max: Number = 8.0
    alpha: NonNegative = 1e-3  # Eq. 8
    fade_defect: Flag = False  # the defect term times ᾱ_t: see loss.py
    balanced_mask: Flag = True  # defect and background weigh the same in the mask loss
    drop_product: Share = 0.2  # p₁ of Algorithm 1
    drop_defect: Share = 0.2  # p₂ of Algorithm 1
    timesteps: Literal["uniform", "log_normal"] = "uniform"  # uniform: as in the paper
    log_sigma_mean: Number = 0.2  # where log_normal timesteps are densest, as ln σ; σ = √((1-ᾱ)/ᾱ)
    log_sigma_std: Positive = 1.4
    uniform_share: Share = 0.15  # of the log-normal timesteps, the share that is drawn uniformly all the same

    @model_validator(mode="after")
    def _ratio_ordered(self) -> LossConfig:
        if self.ratio_max < self.ratio_min:
            raise ValueError(f"ratio_max is {self.ratio_max}, must be at least loss.ratio_min, {self.ratio_min}")
        return self


@settings
class OptimiserConfig:
    batch_size: Count = 32
    learning_rate: Positive = 8e-4
    weight_decay: NonNegative = 0.01
    warmup_steps: Count = 200
    total_steps: Count = 100_000
    cooldown_steps: Count = 4_000  # the last steps, over which the rate falls linearly to zero; before, it is constant
    ema_decay: Share = 0.9995
    clip_norm: Positive = 1.0
    normal_share: Share = 0.35  # share of normal images in a batch
    mixed_precision: Literal["no", "bf16", "fp16", "auto"] = "no"  # auto: bf16 where the device computes in it
    compile: Flag = False
    checkpointing: Flag = False  # of gradients: less memory, about a quarter more time


@settings
class LatentCacheConfig:
    """Windows that are cut and encoded once, before the denoiser trains (see latent_cache.py)."""

    defect_windows: Count = 1200  # per (product, defect)
    normal_windows: Count = 1200  # per product


@settings
class AutoencoderTraining:
    steps: Count = 2400
    batch_size: Count = 32
    crop: Whole = 64  # pixels
    mask_share: Share = 0.25
    defect_weight: NonNegative = 0.0  # additional weight of the pixels of defects and of two pixels around them
    learning_rate: Positive = 1.2e-3
    kl_weight: NonNegative = 1e-4
    ema_decay: Share = 0.998
    windows: Count = 200  # per (product, defect), cut once
    adversarial_steps: NonNegativeCount = 0  # fine-tuning of the decoder, at the end: see adversarial_finetuning.py
    adversarial_batch_size: Count = 32
    adversarial_learning_rate: Positive = 2e-4
    adversarial_weight: NonNegative = 0.4  # of the discriminator's gradient, relative to the reconstruction's
