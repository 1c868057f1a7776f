"""Timesteps for training are drawn by the noise level and spread over a batch."""

from __future__ import annotations

import pytest
import torch

from defectdiffu.config import LossConfig
from defectdiffu.model.noise_schedule import (
    alpha_bar,
    stratified_timesteps,
    timestep_density,
)


@pytest.mark.parametrize(("mean", "std", "median"), [(-0.04, 0.5, 250), (1.236, 0.5, 500)])
def test_log_normal_timesteps_center_on_the_requested_noise_level(mean, std, median):
    """ln σ is -0.043 at t = 250 and 1.236 at t = 500 (from ᾱ of method.md): half of the samples lie on either side."""
    loss = LossConfig(timesteps="log_normal", log_sigma_mean=mean, log_sigma_std=std, uniform_share=0.0)
    density = timestep_density(loss)
    assert density.sum() == pytest.approx(1)
    assert density[: median + 1].sum() == pytest.approx(0.5, abs=0.01)
    level = (1 / alpha_bar().double() - 1).log() / 2
    assert density[(level - mean).abs() < std].sum() == pytest.approx(0.683, abs=0.01)  # one standard deviation


def test_a_share_of_the_timesteps_stays_uniform_and_uniform_is_the_default():
    mixed = timestep_density(LossConfig(timesteps="log_normal", log_sigma_mean=-1.0, uniform_share=0.25))
    assert mixed[-1] == pytest.approx(0.25 / 1000, rel=0.05)
    assert torch.equal(timestep_density(LossConfig()), torch.full((1000,), 1 / 1000, dtype=torch.float64))
    with pytest.raises(ValueError, match="timesteps is 'cosine'"):
        timestep_density(LossConfig(timesteps="cosine"))


def test_stratified_timesteps_follow_the_density():
    density = torch.zeros(1000, dtype=torch.float64)
    density[[10, 700]] = torch.tensor([0.25, 0.75], dtype=torch.float64)
    t = stratified_timesteps(8, torch.Generator().manual_seed(0), density)
    assert sorted(t.tolist()) == [10] * 2 + [700] * 6


def test_stratified_timesteps_take_one_from_each_stratum():
    t = stratified_timesteps(50, torch.Generator().manual_seed(0), timestep_density(LossConfig()))
    assert sorted((t // 20).tolist()) == list(range(50))
    assert t.tolist() != sorted(t.tolist())
