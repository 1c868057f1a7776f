"""Trains the small autoencoder on random crops of real windows and of masks, and measures its latents' scale."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import torch

from .autoencoder import SmallAutoencoder, autoencoder_loss, build_autoencoder
from .config import TrainingConfig
from .crops import Crops
from .ema import Ema
from .layout import Record
from .runs import Run, load, save
from .windows import Rules

Progress = Callable[[str, int, int, dict[str, float]], None]


def train_autoencoder(
    run: Run,
    config: TrainingConfig,
    records: list[Record],
    rules: Rules,
    device: torch.device,
    bf16: bool,
    progress: Progress,
    save_every_seconds: float,
) -> SmallAutoencoder:
    """Trains, resumes, or loads a finished one. Returns it with its EMA weights and latent scale, in eval mode."""
    plan = config.autoencoder_training
    torch.manual_seed(config.seed)
    model = build_autoencoder(config.autoencoder).to(device)
    if not isinstance(model, SmallAutoencoder):
        return model.eval()
    ema = Ema({"autoencoder": model}, plan.ema_decay)
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.learning_rate)
    step = 0
    if run.autoencoder.exists():
        state = load(run.autoencoder)
        model.load_state_dict(state["model"])
        if state["finished"]:
            return model.eval()
        ema.load_state_dict(state["ema"])
        optimiser.load_state_dict(state["optimiser"])
        step = state["step"]

    model.to(memory_format=torch.channels_last)
    crops = Crops(records, rules, config)
    saved = time.monotonic()
    while step < plan.steps:
        rng = np.random.default_rng((config.seed, 1, step))
        batch = crops.batch(plan.batch_size, plan.mask_share, plan.crop, rng).to(device)
        for group in optimiser.param_groups:
            group["lr"] = plan.learning_rate * _cosine(step, plan.steps)
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            mean, log_variance = model.posterior(batch)
            mean, log_variance = mean.float(), log_variance.float()
            noise = torch.randn(mean.shape, generator=torch.Generator().manual_seed(config.seed * 1_000_003 + step))
            output = model.decode_raw(mean + noise.to(device) * (0.5 * log_variance).exp())
            loss = autoencoder_loss(batch, output.float(), mean, log_variance, plan.kl_weight)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        ema.update()
        step += 1
        if step % 20 == 0 or step == plan.steps:
            psnr = -10 * math.log10(max(((output - batch) / 2).float().square().mean().item(), 1e-12))
            progress("autoencoder", step, plan.steps, {"loss": loss.item(), "psnr": psnr})
        if time.monotonic() - saved > save_every_seconds:
            state = {"model": model.state_dict(), "ema": ema.state_dict(), "optimiser": optimiser.state_dict()}
            save(run.autoencoder, {**state, "step": step, "finished": False})
            saved = time.monotonic()

    ema.swap()
    model.eval()
    _measure_scale(model, crops, config, device)
    save(run.autoencoder, {"model": model.state_dict(), "step": step, "finished": True})
    return model


@torch.no_grad()
def _measure_scale(model: SmallAutoencoder, crops: Crops, config: TrainingConfig, device: torch.device) -> None:
    """Sets `latent_mean`, `latent_std` so that real windows have zero mean and unit variance per channel."""
    rng = np.random.default_rng((config.seed, 2))
    means = []
    for _ in range(32):
        batch = crops.batch(32, 0.0, config.image_size, rng).to(device)
        means.append(model.posterior(batch)[0])
    z = torch.cat(means)
    model.latent_mean.copy_(z.mean(dim=(0, 2, 3), keepdim=True))
    model.latent_std.copy_(z.std(dim=(0, 2, 3), keepdim=True))


def _cosine(step: int, total: int) -> float:
    return 0.5 * (1 + math.cos(math.pi * step / total)) if step > 100 else (step + 1) / 101
