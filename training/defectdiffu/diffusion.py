"""The noise schedule (1000 linear-β DDPM steps) and what the network predicts on it."""

from __future__ import annotations

import torch
from diffusers import DDPMScheduler
from torch import Tensor

TRAIN_STEPS = 1000
BETA_START, BETA_END = 1e-4, 0.02


def training_scheduler(variance_type: str = "fixed_small") -> DDPMScheduler:
    return DDPMScheduler(
        num_train_timesteps=TRAIN_STEPS,
        beta_start=BETA_START,
        beta_end=BETA_END,
        beta_schedule="linear",
        clip_sample=False,
        timestep_spacing="linspace",
        variance_type=variance_type,
    )


def alpha_bar() -> Tensor:
    """ᾱ_t, float32 [1000]."""
    return training_scheduler().alphas_cumprod.clone()


def stratified_timesteps(count: int, generator: torch.Generator) -> Tensor:
    """int64 [count], one from each of `count` equal strata of 0…999, shuffled: less variance than independent draws."""
    u = (torch.arange(count) + torch.rand(count, generator=generator)) / count
    return (u * TRAIN_STEPS).long().clamp(max=TRAIN_STEPS - 1)[torch.randperm(count, generator=generator)]


def velocity(x0: Tensor, noise: Tensor, ab: Tensor) -> Tensor:
    """v = √ᾱ·ε - √(1-ᾱ)·x₀ (Salimans & Ho 2022)."""
    return ab.sqrt() * noise - (1 - ab).sqrt() * x0


def noise_from_velocity(v: Tensor, x_t: Tensor, ab: Tensor) -> Tensor:
    """ε = √ᾱ·v + √(1-ᾱ)·x_t."""
    return ab.sqrt() * v + (1 - ab).sqrt() * x_t
