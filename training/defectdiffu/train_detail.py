"""Gives the small autoencoder's decoder the grain that a mean error smooths away: adversarial fine-tuning.

The encoder stays as it is, and with it every latent: denoisers trained before or beside this go on to fit.
Reconstruction loss plus a patch discriminator's hinge loss, weighed against each other by their gradients at the
decoder's last layer (Esser et al. 2021, §3.1). Masks go through the same decoder, so that they are reconstructed along;
the discriminator never sees them.
"""

from __future__ import annotations

import math
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .autoencoder import SmallAutoencoder, build_autoencoder, reconstruction_loss
from .config import TrainingConfig
from .crops import Crops
from .ema import Ema
from .layout import Record
from .runs import Run, load, save
from .train_autoencoder import Progress
from .windows import WindowRule

DISCRIMINATOR_START = 300  # steps that the discriminator learns alone, before the decoder hears it
DISCRIMINATOR_HASTE = 8  # its learning rate in decoder rates: a critic that lags behind teaches noise
LARGEST_WEIGHT = 1e4
FULL_SIZE_SHARE = 0.5


class Discriminator(nn.Module):
    """[n, 3, S, S] → one logit for every overlapping patch of 38 pixels, [n, 1, S/8 - 2, S/8 - 2]: wide enough to see
    a pattern that repeats with the decoder's own period of 8."""

    def __init__(self, width: int = 48):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.GroupNorm(8, 2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 3 * width, 4, stride=2, padding=1),
            nn.GroupNorm(8, 3 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(3 * width, 4 * width, 3),
            nn.GroupNorm(8, 4 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(4 * width, 1, 1),
        )

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)


def train_detail(
    run: Run,
    config: TrainingConfig,
    records: list[Record],
    rules: tuple[WindowRule, dict[str, WindowRule]],
    device: torch.device,
    bf16: bool,
    progress: Progress,
    save_every_seconds: float,
) -> SmallAutoencoder:
    """Fine-tunes the decoder of the run's finished autoencoder, or takes it up where it was left. In eval mode."""
    plan = config.autoencoder_training
    state = load(run.autoencoder)
    model = build_autoencoder(config.autoencoder).to(device)
    model.load_state_dict(state["model"])
    if not isinstance(model, SmallAutoencoder) or state.get("detail", 0) >= plan.detail_steps:
        return model.eval()
    torch.manual_seed(config.seed + 1)
    discriminator = Discriminator().to(device)
    model.encoder.requires_grad_(False)
    ema = Ema({"decoder": model.decoder}, plan.ema_decay)
    rates = (plan.detail_learning_rate, plan.detail_learning_rate * DISCRIMINATOR_HASTE)
    makers = [
        torch.optim.AdamW(part.parameters(), lr=rate, betas=(0.5, 0.9), weight_decay=0.0)
        for part, rate in zip((model.decoder, discriminator), rates, strict=True)
    ]
    parts = {"decoder": model.decoder, "discriminator": discriminator, "ema": ema, "own": makers[0], "other": makers[1]}
    step = 0
    if run.detail.exists():
        kept = load(run.detail)
        step = kept.pop("step")
        for name, part in parts.items():
            part.load_state_dict(kept[name])

    crops = Crops(records, rules, config)
    saved = time.monotonic()
    while step < plan.detail_steps:
        rng = np.random.default_rng((config.seed, 6, step))
        batch, pictures = crops.batch(plan.batch_size, plan.mask_share, plan.crop, rng)
        batch = batch.to(device)
        for maker, rate in zip(makers, rates, strict=True):
            for group in maker.param_groups:
                group["lr"] = rate * _rate(step, plan.detail_steps)
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            with torch.no_grad():
                mean, log_variance = (part.float() for part in model.posterior(batch))
            noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(config.seed * 1_000_003 + step))
            output = model.decode_raw(mean + noise.to(device) * (0.5 * log_variance).exp()).float()
            reconstruction = loose_loss(batch[:pictures], output[:pictures])
            if pictures < len(batch):
                reconstruction = reconstruction + reconstruction_loss(batch[pictures:], output[pictures:])
            critic = -discriminator(output[:pictures]).float().mean()
        weight = torch.zeros(())
        if step >= DISCRIMINATOR_START:
            weight = plan.detail_weight * gradient_ratio(reconstruction, critic, model.decoder[-2].weight)
        makers[0].zero_grad(set_to_none=True)
        (reconstruction + weight * critic).backward()
        torch.nn.utils.clip_grad_norm_(model.decoder.parameters(), 1.0)
        if step >= DISCRIMINATOR_START:
            makers[0].step()
            ema.update()
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            real, drawn = discriminator(torch.cat([batch[:pictures], output[:pictures].detach()])).float().chunk(2)
        loss = F.relu(1 - real).mean() + F.relu(1 + drawn).mean()
        makers[1].zero_grad(set_to_none=True)
        loss.backward()
        makers[1].step()
        step += 1
        if step % 20 == 0 or step == plan.detail_steps:
            psnr = -10 * math.log10(max(((output - batch) / 2).square().mean().item(), 1e-12))
            progress("detail", step, plan.detail_steps, {"hinge": loss.item(), "psnr": psnr})
        if time.monotonic() - saved > save_every_seconds:
            save(run.detail, {name: part.state_dict() for name, part in parts.items()} | {"step": step})
            saved = time.monotonic()

    ema.swap()
    save(run.autoencoder, {**state, "model": model.state_dict(), "detail": step})
    run.detail.unlink(missing_ok=True)
    return model.eval()


def loose_loss(image: Tensor, output: Tensor) -> Tensor:
    """The reconstruction loss of pictures of half the size, and a little of the whole: it holds shapes and tones, and
    leaves the grain of single pixels, which the latent cannot hold, to the critic."""
    half = [F.avg_pool2d(part, 2) for part in (image, output)]
    return reconstruction_loss(*half) + FULL_SIZE_SHARE * reconstruction_loss(image, output)


def gradient_ratio(reconstruction: Tensor, critic: Tensor, last: Tensor) -> Tensor:
    """How much steeper the reconstruction loss is than the critic's, at the decoder's last layer."""
    steep, shallow = (torch.autograd.grad(loss, last, retain_graph=True)[0].norm() for loss in (reconstruction, critic))
    return (steep / (shallow + 1e-4)).clamp(max=LARGEST_WEIGHT).detach()


def _rate(step: int, total: int) -> float:
    """Constant, with a short warm-up, then a linear fall over the last fifth."""
    return min(1.0, (step + 1) / 50, (total - step) / (0.2 * total))
