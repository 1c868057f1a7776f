"""Only the variational bound trains the learned sigma."""

import math

import pytest
import torch

from defectdiffu.model.noise_schedule import alpha_bar
from defectdiffu.training.variance_loss import variance_loss


def case(timestep: int, raw: float):
    generator = torch.Generator().manual_seed(1)
    x0, noise, predicted = (torch.randn(1, 1, 2, 2, generator=generator) for _ in range(3))
    t = torch.tensor([timestep])
    ab = alpha_bar()[t][:, None, None, None]
    x_t = ab.sqrt() * x0 + (1 - ab).sqrt() * noise
    return x0, x_t, t, predicted, torch.full((1, 1, 2, 2), raw)


def test_the_loss_is_the_divergence_of_two_gaussians_in_bits_per_dimension():
    x0, x_t, t, predicted, raw = case(500, 0.5)
    ab, before = alpha_bar()[500].double(), alpha_bar()[499].double()
    beta = 1 - ab / before
    small = beta * (1 - before) / (1 - ab)
    variance = math.exp(0.75 * math.log(beta) + 0.25 * math.log(small))
    guess = (x_t - (1 - ab).sqrt() * predicted) / ab.sqrt()
    distance = (beta * before.sqrt() / (1 - ab) * (x0 - guess)).square()
    expected = 0.5 * (math.log(variance) - math.log(small) - 1 + small / variance + distance / variance) / math.log(2)
    bits = variance_loss(x0, x_t, t, predicted, raw, alpha_bar())
    assert bits.item() == pytest.approx(expected.mean().item(), rel=1e-3)


def test_at_the_last_step_the_loss_is_the_likelihood_of_the_data():
    x0, x_t, t, _, raw = case(0, -1.0)
    ab = alpha_bar()[0]
    right = (x_t - ab.sqrt() * x0) / (1 - ab).sqrt()
    assert variance_loss(x0, x_t, t, right, raw, alpha_bar()) < variance_loss(x0, x_t, t, right + 3, raw, alpha_bar())


def test_the_gradient_reaches_the_variance_and_not_the_mean():
    x0, x_t, t, predicted, raw = case(300, 0.0)
    predicted.requires_grad_()
    raw.requires_grad_()
    variance_loss(x0, x_t, t, predicted, raw, alpha_bar()).sum().backward()
    assert raw.grad.abs().min() > 0
    assert predicted.grad is None
