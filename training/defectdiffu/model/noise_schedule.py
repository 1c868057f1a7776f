"""The noise schedule (1000 linear-β DDPM steps) and what the network predicts on it."""

from __future__ import annotations

import torch
from diffusers import DDPMScheduler
from torch import Tensor

from ..config import LossConfig

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
    return training_scheduler().alphas_cumprod.clone()  # type: ignore[attr-defined]


def timestep_density(config: LossConfig) -> Tensor:
    """How often each timestep is trained on, float64 [1000], sums to 1.

    "log_normal" is Karras et al. 2022, §5: ln σ is normal, so that samples are not spent where the picture is all noise
    (nearly half of the linear schedule at this size) or hardly any. A share stays uniform.
    """
    uniform = torch.full((TRAIN_STEPS,), 1 / TRAIN_STEPS, dtype=torch.float64)
    if config.timesteps == "uniform":
        return uniform
    if config.timesteps != "log_normal":
        raise ValueError(f"loss.timesteps is {config.timesteps!r}, must be uniform or log_normal")
    ab = alpha_bar().double()
    log_sigma = ((1 - ab) / ab).log() / 2
    width = torch.gradient(log_sigma)[0]  # of ln σ that one timestep covers
    density = (-((log_sigma - config.log_sigma_mean) / config.log_sigma_std).square() / 2).exp() * width
    return config.uniform_share * uniform + (1 - config.uniform_share) * density / density.sum()


def stratified_timesteps(count: int, generator: torch.Generator, density: Tensor) -> Tensor:
    """int64 [count], one from each of `count` equally likely strata, shuffled: less variance than independent draws."""
    u = (torch.arange(count) + torch.rand(count, generator=generator)) / count
    t = torch.searchsorted(density.cumsum(0), u.double()).clamp(max=TRAIN_STEPS - 1)
    return t[torch.randperm(count, generator=generator)]


def velocity(x0: Tensor, noise: Tensor, ab: Tensor) -> Tensor:
    """v = √ᾱ·ε - √(1-ᾱ)·x₀ (Salimans & Ho 2022)."""
    return ab.sqrt() * noise - (1 - ab).sqrt() * x0


def noise_from_velocity(v: Tensor, x_t: Tensor, ab: Tensor) -> Tensor:
    """ε = √ᾱ·v + √(1-ᾱ)·x_t."""
    return ab.sqrt() * v + (1 - ab).sqrt() * x_t
