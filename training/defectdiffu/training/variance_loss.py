"""The variational bound that trains a learned sigma (Nichol & Dhariwal 2021), as in DiT and the released code.

The network's second half interpolates log σ² between β̃_t and β_t; the bound's gradient reaches it alone: the mean is
detached.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

BIN = 1 / 255  # half a grey level of data in [-1, 1], for the likelihood at t = 0


def variance_loss(
    x0: Tensor, x_t: Tensor, timestep: Tensor, noise: Tensor, variance: Tensor, alpha_bar: Tensor
) -> Tensor:
    """Bits per dimension, [B]. x0, x_t, noise (predicted), variance (raw, about [-1, 1]) are [B, C, h, w],
    timestep [B], alpha_bar [1000]."""
    ab_all = alpha_bar.double()
    at = lambda values: values[timestep][:, None, None, None].float()  # noqa: E731
    ab, before_all = at(ab_all), torch.cat([torch.ones_like(ab_all[:1]), ab_all[:-1]])
    before, beta_all = at(before_all), 1 - ab_all / before_all
    beta = at(beta_all)
    posterior = beta_all * (1 - before_all) / (1 - ab_all)
    posterior[0] = posterior[1]  # β̃_0 is 0
    low, high = at(posterior.log()), at(beta_all.log())

    from_x0, from_x_t = beta * before.sqrt() / (1 - ab), (1 - before) * (1 - beta).sqrt() / (1 - ab)
    predicted_x0 = (x_t - (1 - ab).sqrt() * noise.detach()) / ab.sqrt()
    true_mean = from_x0 * x0 + from_x_t * x_t
    mean = from_x0 * predicted_x0 + from_x_t * x_t
    fraction = (variance + 1) / 2
    log_variance = fraction * high + (1 - fraction) * low

    kl = 0.5 * (
        log_variance - low - 1 + (low - log_variance).exp() + (true_mean - mean).square() * (-log_variance).exp()
    )
    likelihood = _discretised_log_likelihood(x0, mean, 0.5 * log_variance)
    bits = torch.where((timestep == 0)[:, None, None, None], -likelihood, kl) / math.log(2)
    return bits.mean((1, 2, 3))


def _discretised_log_likelihood(x: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """Log of the Gaussian's mass in x's bin; the bins at both ends of [-1, 1] reach to infinity."""
    inverse = (-log_std).exp()
    above = torch.special.ndtr((x - mean + BIN) * inverse)
    below = torch.special.ndtr((x - mean - BIN) * inverse)
    mass = torch.where(x < -1 + BIN / 2, above, torch.where(x > 1 - BIN / 2, 1 - below, above - below))
    return mass.clamp(min=1e-12).log()
