"""Trains an adapter on the latent cache; the model's own weights are held. It is resumable at any step."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator

from ..checkpoints.adapter_runs import STORED_NAME, save_adapter
from ..checkpoints.base_bundle import BaseBundle
from ..checkpoints.runs import Run, load
from ..checkpoints.trained_model import TrainedModel
from ..config import TrainingConfig
from ..model.adapter import Adapter, AdapterModule
from ..model.ema import Ema
from ..progress import Progress
from .batches import BatchBuilder
from .latent_cache import LatentCache, LatentCacheSampler
from .loss import Losses
from .schedule import Schedule
from .train import REPORT_EVERY_STEPS, SAVE_EVERY_SECONDS

REPORT_EVERY_SECONDS = 5.0  # where steps are slow


def train_adapter(
    run: Run,
    config: TrainingConfig,
    cache: LatentCache,
    model: TrainedModel,
    adapter: Adapter,
    belongs_to: tuple[Path, BaseBundle],
    schedule: Schedule,
    accelerator: Accelerator,
    progress: Progress,
    save_every_seconds: float | None = None,
    on_saved: Callable[[], None] = lambda: None,
) -> None:
    """Trains `adapter` of `model` from the run's checkpoint, if there is one, to the end of `schedule`. Calls
    `on_saved` after every checkpoint but the last one.

    Steps count from 0, unlike those of a denoiser that is trained on. Raises FloatingPointError when the loss is no
    number any more.
    """
    plan = config.optimiser
    parameters = [parameter for parameter in adapter.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=plan.learning_rate, weight_decay=0, betas=(0.9, 0.99))
    module, optimiser = accelerator.prepare(AdapterModule(model.module.denoiser, adapter), optimiser)
    cache = cache.to(accelerator.device)
    ema = Ema({STORED_NAME: adapter}, plan.ema_decay)
    step, samples_seen = _resume(run, adapter, ema, optimiser) if run.adapter.exists() else (0, 0)
    builder = BatchBuilder(config, cache, model.module.denoiser)
    sampler = LatentCacheSampler(cache, plan.normal_share, {})
    interval = SAVE_EVERY_SECONDS if save_every_seconds is None else save_every_seconds
    saved = reported = time.monotonic()
    while not schedule.finished(step):
        share = np.random.default_rng((config.seed, 4, step, accelerator.process_index))
        turn = step * accelerator.num_processes + accelerator.process_index
        batch = builder.make(sampler.draw(plan.batch_size, share), turn)
        for group in optimiser.param_groups:
            group["lr"] = schedule.learning_rate(step, 0)
        with accelerator.autocast():
            prediction = module(batch.phrases, batch.latent, batch.timestep)
        losses = builder.loss(prediction, batch, model.module.denoiser.grid)
        optimiser.zero_grad(set_to_none=True)
        accelerator.backward(losses.total)
        accelerator.clip_grad_norm_(parameters, plan.clip_norm)
        optimiser.step()
        ema.update()
        step += 1
        samples_seen += plan.batch_size * accelerator.num_processes
        last, now = schedule.finished(step), time.monotonic()
        due = step % REPORT_EVERY_STEPS == 0 or now - reported > REPORT_EVERY_SECONDS
        if not accelerator.is_main_process or not (last or due):
            continue
        reported = now
        figures = _figures(losses, step)
        progress("adapter", step, schedule.expected_steps(step), figures)
        if last or now - saved > interval:
            state = {"ema": ema.state_dict(), "optimiser": optimiser.state_dict()}
            place = {"step": step, "samples_seen": samples_seen}
            save_adapter(run, adapter, cache.vocabulary, *belongs_to, state | place)
            run.record(**place, time=time.time(), **figures)
            saved = now
            if not last:
                on_saved()


def _resume(run: Run, adapter: Adapter, ema: Ema, optimiser: Any) -> tuple[int, int]:
    """The place in the training, (step, samples seen)."""
    state = load(run.adapter, "adapter", "ema", "optimiser", "step", "samples_seen")
    adapter.load_state_dict(state["adapter"])
    ema.load_state_dict(state["ema"])
    optimiser.load_state_dict(state["optimiser"])
    return state["step"], state["samples_seen"]


def _figures(losses: Losses, step: int) -> dict[str, float]:
    figures = dict(zip(Losses._fields, torch.stack(losses).tolist(), strict=True))
    if not np.isfinite(figures["total"]):
        raise FloatingPointError(f"the loss is {figures['total']} at step {step}; the last checkpoint is kept")
    return figures
