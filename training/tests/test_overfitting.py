"""The denoiser can overfit four images."""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from conftest import TINY

from defectdiffu.config import LossConfig
from defectdiffu.model.noise_schedule import alpha_bar, stratified_timesteps, timestep_density, velocity
from defectdiffu.model.tdia import TDIA, Rows
from defectdiffu.training.loss import defect_diffusion_loss

IMAGES, COPIES, STEPS = 4, 6, 250


def test_the_denoiser_overfits_four_images():
    """The images are white noise, so v = √ᾱ·ε - √(1-ᾱ)·x₀ is independent of x_t: whoever has not learnt the images
    by heart cannot do better than v = 0, a loss of 1. The masks are normalised to unit
    variance: whoever gives their mean everywhere has a loss of 1 too. A tenth of it is out of reach without memory."""
    torch.manual_seed(0)
    denoiser = TDIA(replace(TINY, hidden_size=64, heads=2, cross_heads=8, prediction="v"))
    table, generator = alpha_bar(), torch.Generator().manual_seed(1)
    x0 = torch.randn(IMAGES, 4, 8, 8)
    mask = torch.zeros(IMAGES, 8, 8)
    for i in range(IMAGES):
        mask[i, i : i + 3, 2 * i : 2 * i + 2] = 1
    mask_target = ((mask - mask.mean()) / mask.std())[:, None] * torch.tensor([1.0, -1.0, 1.0, -1.0])[:, None, None]
    texts = F.normalize(torch.randn(3, IMAGES, 16), dim=-1)
    image = torch.arange(IMAGES).repeat(COPIES)
    each = torch.arange(len(image))
    rows = Rows(each, texts[0][image], each, texts[1][image], texts[2][image])

    plan = LossConfig(balanced_mask=False)

    def losses(g: torch.Generator):
        t = stratified_timesteps(len(image), g, timestep_density(LossConfig()))
        ab, noise = table[t][:, None, None, None], torch.randn(x0[image].shape, generator=g)
        x_t = ab.sqrt() * x0[image] + (1 - ab).sqrt() * noise
        p = denoiser(x_t, t, rows)
        target = velocity(x0[image], noise, ab)
        return defect_diffusion_loss(
            p.output,
            target,
            p.mask_feature,
            mask_target[image],
            p.attention,
            mask[image],
            table[t],
            denoiser.grid,
            plan,
        )

    @torch.no_grad()
    def at_fixed_noise():
        return losses(torch.Generator().manual_seed(99))

    before = at_fixed_noise()
    optimiser = torch.optim.AdamW([p for p in denoiser.parameters() if p.requires_grad], lr=3e-3, betas=(0.9, 0.99))
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * min(1, (step + 1) / 30, 2 * (1 - step / STEPS))
        optimiser.zero_grad()
        losses(generator).total.backward()
        torch.nn.utils.clip_grad_norm_(denoiser.parameters(), 1.0)
        optimiser.step()
    after = at_fixed_noise()
    assert before.noise > 0.9 and before.mask > 0.9
    assert after.noise < 0.1, after
    assert after.mask < 0.1, after
    assert after.total < before.total / 10
