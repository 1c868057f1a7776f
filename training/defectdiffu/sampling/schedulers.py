"""The samplers: diffusers' schedulers as they are used here, and the paper's ancestral step."""

from __future__ import annotations

from typing import NamedTuple

from diffusers import DDIMScheduler, DPMSolverMultistepScheduler
from torch import Tensor

from ..model.noise_schedule import BETA_END, BETA_START, TRAIN_STEPS, training_scheduler
from .guidance import TURBO
from .turbo import TurboScheduler


def make_scheduler(sampler: str, learn_sigma: bool = False):
    common = {
        "num_train_timesteps": TRAIN_STEPS,
        "beta_start": BETA_START,
        "beta_end": BETA_END,
        "beta_schedule": "linear",
    }
    if sampler == "DPM_SOLVER_PP":
        return DPMSolverMultistepScheduler(**common, timestep_spacing="linspace", solver_order=2)
    if sampler == "DDIM":
        return LinspaceDDIM(**common, clip_sample=False, timestep_spacing="linspace")
    if sampler == TURBO:
        return TurboScheduler()
    if sampler == "DDPM":
        return training_scheduler("learned_range" if learn_sigma else "fixed_small")
    raise ValueError(f"sampler is {sampler!r}, must be DDPM, DDIM, DPM_SOLVER_PP or TURBO")


class LinspaceDDIM(DDIMScheduler):
    """DDIM whose previous timestep is the list's next entry (diffusers subtracts a constant, which drifts by one)."""

    timesteps: Tensor
    alphas_cumprod: Tensor
    final_alpha_cumprod: Tensor

    def step(self, model_output: Tensor, timestep: int, sample: Tensor, **kwargs):
        steps = self.timesteps.tolist()
        index = steps.index(int(timestep))
        before = self.alphas_cumprod[steps[index + 1]] if index + 1 < len(steps) else self.final_alpha_cumprod
        ab = self.alphas_cumprod[int(timestep)]
        x0 = (sample - (1 - ab).sqrt() * model_output) / ab.sqrt()
        return _Step(before.sqrt() * x0 + (1 - before).sqrt() * model_output)


class _Step(NamedTuple):
    prev_sample: Tensor


def ddpm_step(scheduler, output: Tensor, t: int, x: Tensor, noise: Tensor) -> Tensor:
    """One ancestral step over the spaced schedule (betas 1 - ᾱ_i/ᾱ_prev), with the caller's noise; none at the last."""
    steps = scheduler.timesteps.tolist()
    index = steps.index(t)
    ab = scheduler.alphas_cumprod[t].double()
    last = index + 1 == len(steps)
    before = ab.new_ones(()) if last else scheduler.alphas_cumprod[steps[index + 1]].double()
    beta = 1 - ab / before
    eps = output[:, : x.shape[1]]
    x0 = (x.double() - (1 - ab).sqrt() * eps.double()) / ab.sqrt()
    mean = beta * before.sqrt() / (1 - ab) * x0 + (1 - before) * (1 - beta).sqrt() / (1 - ab) * x.double()
    if last:
        return mean.float()
    low = (beta * (1 - before) / (1 - ab)).log()
    if output.shape[1] > x.shape[1]:
        fraction = (output[:, x.shape[1] :].double() + 1) / 2
        log_variance = fraction * beta.log() + (1 - fraction) * low
    else:
        log_variance = low
    return (mean + (0.5 * log_variance).exp() * noise).float()
