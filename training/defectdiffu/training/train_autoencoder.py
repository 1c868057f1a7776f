"""Trains the small autoencoder on random crops of real windows and of masks, measures its latents' scale, and lets the
decoder be fine-tuned against a discriminator if the plan says so."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ..checkpoints.channel_expansion import HOLD, Anchor, expanded_autoencoder
from ..checkpoints.runs import Run, load, save
from ..config import TrainingConfig
from ..data.record import Record
from ..data.windows import Rules
from ..model.autoencoder import ImageAutoencoder, SmallAutoencoder, autoencoder_loss, build_autoencoder
from ..model.ema import Ema
from ..progress import Progress
from .adversarial_finetuning import finetune_adversarially, is_finetuned
from .autoencoder_stage import AutoencoderStage
from .crops import Crops

Share = Callable[[], float]


def train_autoencoder(
    run: Run,
    config: TrainingConfig,
    records: list[Record],
    rules: Rules,
    device: torch.device,
    bf16: bool,
    progress: Progress,
    save_every_seconds: float,
    time_share: Share = lambda: 0.0,
) -> ImageAutoencoder:
    """Trains, resumes, or loads a finished one. Returns it with its EMA weights and latent scale, in eval mode.

    `time_share`: how much of the time that it may take is over. It ends with the time or with the plan's steps.
    """
    plan = config.autoencoder_training
    anchor = Anchor.of(run, device)
    torch.manual_seed(config.seed)
    model: ImageAutoencoder
    model = expanded_autoencoder(anchor.old, config.autoencoder) if anchor else build_autoencoder(config.autoencoder)
    model.to(device)
    if not isinstance(model, SmallAutoencoder):
        return model.eval()
    state = load(run.autoencoder, "model", "finished") if run.autoencoder.exists() else None
    finished = state is not None and state["finished"]
    if state:
        model.load_state_dict(state["model"])
        if finished and is_finetuned(state, plan):
            return model.eval()

    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    stage = AutoencoderStage(run, config, Crops(records, rules, config, device), bf16, progress, save_every_seconds)
    if not finished:
        _reconstruct(model, stage, state, anchor, time_share)
        model.eval()
        _measure_scale(model, stage.crops, config)
        if anchor:
            anchor.hold_scale(model)
        save(run.autoencoder, {"model": model.state_dict(), "step": plan.steps, "finished": True})
    if plan.adversarial_steps:
        finetune_adversarially(model, stage)
    return model.eval()


def _reconstruct(
    model: SmallAutoencoder,
    stage: AutoencoderStage,
    state: dict[str, Any] | None,
    anchor: Anchor | None,
    time_share: Share,
) -> None:
    """Leaves the averages in the model. `state` is what an earlier, interrupted call saved; `anchor` what the model
    grew out of."""
    run, config, crops, bf16, progress, save_every_seconds = stage
    plan, device = config.autoencoder_training, crops.device
    ema = Ema({"autoencoder": model}, plan.ema_decay)
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.learning_rate)
    step = 0
    if state:
        ema.load_state_dict(state["ema"])
        optimiser.load_state_dict(state["optimiser"])
        step = state["step"]
    begun, saved = step, time.monotonic()
    share = max(step / plan.steps, time_share())
    while share < 1:
        rng = np.random.default_rng((config.seed, 1, step))
        batch, near_defect = crops.batch(plan.batch_size, plan.mask_share, plan.crop, rng)
        for group in optimiser.param_groups:
            group["lr"] = plan.learning_rate * _cosine(step, share)
        generator = torch.Generator(device).manual_seed(config.seed * 1_000_003 + step)
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            mean, log_variance = model.posterior(batch)
            mean, log_variance = mean.float(), log_variance.float()
            noise = torch.randn(mean.shape, generator=generator, device=device)
            output = model.decode_raw(mean + noise * (0.5 * log_variance).exp())
            weight = 1 + plan.defect_weight * near_defect
            loss = autoencoder_loss(batch, output.float(), mean, log_variance, plan.kl_weight, weight)
            if anchor:
                loss = loss + HOLD * anchor.distance(batch, mean)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        ema.update()
        step += 1
        share = max(step / plan.steps, time_share())
        if step % 20 == 0 or share >= 1:
            psnr = -10 * math.log10(max(((output - batch) / 2).float().square().mean().item(), 1e-12))
            expected = min(plan.steps, max(step, round(step / share)))
            progress("autoencoder", step - begun, expected - begun, {"loss": loss.item(), "psnr": psnr})
        if time.monotonic() - saved > save_every_seconds:
            state = {"model": model.state_dict(), "ema": ema.state_dict(), "optimiser": optimiser.state_dict()}
            save(run.autoencoder, {**state, "step": step, "finished": False})
            saved = time.monotonic()
    ema.swap()


@torch.no_grad()
def _measure_scale(model: SmallAutoencoder, crops: Crops, config: TrainingConfig) -> None:
    """Sets `latent_mean`, `latent_std` so that real windows have zero mean and unit variance per channel."""
    rng = np.random.default_rng((config.seed, 2))
    means = []
    for _ in range(32):
        batch = crops.batch(32, 0.0, config.image_size, rng)
        means.append(model.posterior(batch.pictures)[0])
    z = torch.cat(means)
    model.latent_mean.copy_(z.mean(dim=(0, 2, 3), keepdim=True))
    model.latent_std.copy_(z.std(dim=(0, 2, 3), keepdim=True))


def _cosine(step: int, share: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * share)) if step > 100 else (step + 1) / 101
