"""The samplers' steps against an independent float64 implementation, and against diffusers' own scheduler."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler

from defectdiffu.sampling.schedulers import ddpm_step, make_scheduler

BETA = np.linspace(1e-4, 0.02, 1000)
ALPHA_BAR = np.cumprod(1 - BETA)


class Spaced:
    """OpenAI-style respacing: the betas between the kept steps, and all that follows from them."""

    def __init__(self, count: int):
        self.t = np.linspace(0, 999, count).round().astype(int)
        self.ab = ALPHA_BAR[self.t]
        self.before = np.append(1.0, self.ab[:-1])
        self.beta = 1 - self.ab / self.before
        self.low = self.beta * (1 - self.before) / (1 - self.ab)  # β̃
        self.of_x0 = self.beta * np.sqrt(self.before) / (1 - self.ab)
        self.of_x = (1 - self.before) * np.sqrt(1 - self.beta) / (1 - self.ab)

    def ddpm(self, i: int, x, eps, fraction, noise):
        x0 = np.sqrt(1 / self.ab[i]) * x - np.sqrt(1 / self.ab[i] - 1) * eps
        mean = self.of_x0[i] * x0 + self.of_x[i] * x
        if i == 0:
            return mean
        log_variance = fraction * np.log(self.beta[i]) + (1 - fraction) * np.log(self.low[i])
        return mean + np.exp(0.5 * log_variance) * noise

    def ddim(self, i: int, x, eps):
        x0 = (x - np.sqrt(1 - self.ab[i]) * eps) / np.sqrt(self.ab[i])
        return np.sqrt(self.before[i]) * x0 + np.sqrt(1 - self.before[i]) * eps


def network(x, t: int):
    """A stand-in that is smooth in x and t; numpy or torch."""
    sin = torch.sin if isinstance(x, torch.Tensor) else np.sin
    return 0.9 * x * np.sqrt(1 - ALPHA_BAR[t]) + 0.2 * sin(2 * x + t / 100)


def variance_of(x, t: int):
    return (torch.cos if isinstance(x, torch.Tensor) else np.cos)(x + t)


@pytest.fixture
def start() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((2, 4, 8, 8))


def test_the_reference_has_the_golden_coefficients():
    spaced = Spaced(50)
    assert spaced.beta[[0, 1, 49]] == pytest.approx([1e-4, 0.006165187946595374, 0.32980906609465943], rel=1e-11)
    assert spaced.low[[1, 49]] == pytest.approx([9.841356296513845e-05, 0.32980251555624623], rel=1e-9)
    assert np.log(spaced.low[1]) == pytest.approx(-9.226331928392868)
    assert (spaced.of_x0[49], spaced.of_x[49]) == pytest.approx((0.0025594536120953086, 0.8186356405815587), rel=1e-9)


def test_ddpm_step_has_the_golden_coefficients_at_the_first_of_fifty_steps():
    scheduler = make_scheduler("DDPM", learn_sigma=True)
    scheduler.set_timesteps(50)
    x, zero = torch.ones(1, 1, 1, 1), torch.zeros(1, 1, 1, 1)
    ab = ALPHA_BAR[999]
    only_x0 = torch.full_like(x, -np.sqrt(ab / (1 - ab)))  # with x = 0 this ε makes x̂₀ = 1
    only_x = torch.full_like(x, 1 / np.sqrt(1 - ab))  # with x = 1 this ε makes x̂₀ = 0
    step = lambda eps, fraction, x, z: ddpm_step(scheduler, torch.cat([eps, fraction], 1), 999, x, z).item()  # noqa: E731
    assert step(only_x0, zero, zero, zero) == pytest.approx(0.0025594536, rel=1e-4)
    assert step(only_x, zero, x, zero) == pytest.approx(0.8186356406, rel=1e-4)
    # Learned range: v = 1 gives the upper bound β', v = -1 the lower one β̃.
    assert step(zero, x, zero, x) ** 2 == pytest.approx(0.3298090661, rel=1e-5)
    assert step(zero, -x, zero, x) ** 2 == pytest.approx(0.3298025156, rel=1e-5)


def test_the_last_ddpm_step_returns_the_clean_latent_and_no_noise():
    scheduler = make_scheduler("DDPM")
    scheduler.set_timesteps(50)
    x, eps = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    out = ddpm_step(scheduler, eps, 0, x, torch.full_like(x, 1e6))
    assert torch.allclose(out, (x - 0.01 * eps) / np.sqrt(0.9999), atol=1e-5)


@pytest.mark.parametrize("learned", [False, True], ids=["fixed sigma", "learned sigma"])
@pytest.mark.parametrize("steps", [1, 7, 50])
def test_ddpm_trajectory(steps, learned, start):
    spaced, noise = Spaced(steps), np.random.default_rng(1).standard_normal((steps, *start.shape))
    scheduler = make_scheduler("DDPM", learn_sigma=learned)
    scheduler.set_timesteps(steps)
    expected, x = start, torch.from_numpy(start).float()
    for n, t in enumerate(scheduler.timesteps.tolist()):
        output = network(x, t)
        if learned:
            output = torch.cat([output, variance_of(x, t)], 1)
        x = ddpm_step(scheduler, output, t, x, torch.from_numpy(noise[n]).float())
        fraction = (variance_of(expected, t) + 1) / 2 if learned else 0.0
        expected = spaced.ddpm(steps - 1 - n, expected, network(expected, t), fraction, noise[n])
    assert relative(x, expected) < 1e-4


@pytest.mark.parametrize("steps", [1, 7, 50])
def test_ddim_trajectory(steps, start):
    spaced, scheduler = Spaced(steps), make_scheduler("DDIM")
    scheduler.set_timesteps(steps)
    expected, x = start, torch.from_numpy(start).float()
    for n, t in enumerate(scheduler.timesteps.tolist()):
        x = scheduler.step(network(x, t), t, x).prev_sample
        expected = spaced.ddim(steps - 1 - n, expected, network(expected, t))
    assert relative(x, expected) < 1e-4


@pytest.mark.parametrize("learned", [False, True], ids=["fixed sigma", "learned sigma"])
def test_ddpm_step_agrees_with_diffusers_on_an_explicit_list_of_timesteps(learned, start):
    """Given its timesteps as a list, diffusers' scheduler takes the next entry as the previous step, as here."""
    scheduler = make_scheduler("DDPM", learn_sigma=learned)
    assert scheduler.config.variance_type == ("learned_range" if learned else "fixed_small")
    scheduler.set_timesteps(20)
    theirs = DDPMScheduler(clip_sample=False, variance_type="learned_range" if learned else "fixed_small")
    theirs.set_timesteps(timesteps=scheduler.timesteps.tolist())
    x = torch.from_numpy(start).float()
    for t in scheduler.timesteps.tolist():
        output = torch.cat([network(x, t), variance_of(x, t)], 1) if learned else network(x, t)
        noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(t))
        expected = theirs.step(output, t, x, generator=torch.Generator().manual_seed(t)).prev_sample
        x = ddpm_step(scheduler, output, t, x, noise)
        assert relative(x, expected.double().numpy()) < 1e-5, t


def test_dpm_solver_arrives_at_the_latent_of_a_perfect_network(start):
    """With ε of one known clean latent, every sampler must arrive at that latent."""
    clean = torch.from_numpy(start[:1]).float()
    knows: Callable = lambda x, t: (x - np.sqrt(ALPHA_BAR[t]) * clean) / np.sqrt(1 - ALPHA_BAR[t])  # noqa: E731
    for sampler in ("DPM_SOLVER_PP", "DDIM"):
        scheduler = make_scheduler(sampler)
        scheduler.set_timesteps(20)
        x = torch.from_numpy(start[1:]).float()
        for t in scheduler.timesteps.tolist():
            x = scheduler.step(knows(x, t), t, x).prev_sample
        assert relative(x, clean.double().numpy()) < 1e-3, sampler


def test_an_unknown_sampler_is_refused():
    with pytest.raises(ValueError, match="'EULER', must be DDPM, DDIM, DPM_SOLVER_PP or TURBO"):
        make_scheduler("EULER")


def relative(x: torch.Tensor, expected: np.ndarray) -> float:
    return float(np.abs(x.double().numpy() - expected).max() / np.abs(expected).max())
