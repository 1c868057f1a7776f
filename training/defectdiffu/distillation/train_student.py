"""Trains the student on the teacher's trajectories. It is resumable at any step."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..checkpoints.runs import load, save
from ..model.ema import Ema
from ..progress import Progress
from ..training.schedule import Schedule
from .plan import DistillationPlan
from .student import Student, random_segments, student_loss
from .trajectories import Trajectories

SAVE_EVERY_SECONDS = 120
REPORT_EVERY_STEPS = 20
AVERAGED = "student"


def train_student(
    student: Student,
    trajectories: Trajectories,
    plan: DistillationPlan,
    schedule: Schedule,
    checkpoint: Path,
    computed_on: tuple[torch.device, Callable[[], AbstractContextManager]],
    progress: Progress,
) -> int:
    """Trains to the end of `schedule`, and leaves the averaged weights in `student`. Returns the steps made in all.
    `computed_on`: the device, and the context of each evaluation.

    Raises FloatingPointError when the loss is no number any more; the last checkpoint is kept.
    """
    settings, turbo = plan.optimiser(), student.turbo
    device, autocast = computed_on
    student = student.to(device)
    optimiser = torch.optim.AdamW(turbo.parameters(), lr=plan.learning_rate, weight_decay=0, betas=(0.9, 0.99))
    ema = Ema({AVERAGED: turbo}, settings.ema_decay)
    step = _resume(checkpoint, turbo, ema, optimiser) if checkpoint.exists() else 0
    averages: torch.Tensor | None = None
    saved = time.monotonic()
    last = schedule.finished(step)
    while not last:
        rng = np.random.default_rng((plan.seed, 62, step))
        segments = random_segments(trajectories, plan.batch_size, rng, device)
        for group in optimiser.param_groups:
            group["lr"] = schedule.learning_rate(step, 0)
        with autocast():
            losses = student_loss(student, segments, plan.mask_weight)
        optimiser.zero_grad(set_to_none=True)
        losses[0].backward()
        torch.nn.utils.clip_grad_norm_(turbo.parameters(), settings.clip_norm)
        optimiser.step()
        ema.update()
        step += 1
        lost = torch.stack(losses).detach()
        averages = lost if averages is None else averages.lerp(lost, 0.02)
        last, now = schedule.finished(step), time.monotonic()
        if not (last or step % REPORT_EVERY_STEPS == 0):
            continue
        figures = dict(zip(("total", "velocity", "mask"), averages.tolist(), strict=True))
        if not np.isfinite(figures["total"]):
            raise FloatingPointError(f"the loss is {figures['total']} at step {step}; the last checkpoint is kept")
        progress("student", step, schedule.expected_steps(step), figures)
        if last or now - saved > SAVE_EVERY_SECONDS:
            state = {"turbo": turbo.state_dict(), "ema": ema.state_dict(), "optimiser": optimiser.state_dict()}
            save(checkpoint, {**state, "step": step})
            saved = now
    ema.swap()
    return step


def _resume(checkpoint: Path, turbo: torch.nn.Module, ema: Ema, optimiser: Any) -> int:
    state = load(checkpoint, "turbo", "ema", "optimiser", "step")
    turbo.load_state_dict(state["turbo"])
    ema.load_state_dict(state["ema"])
    optimiser.load_state_dict(state["optimiser"])
    return state["step"]
