"""Distils a bundle: the teacher draws, the student learns to draw the same in a few rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from ..checkpoints.from_bundle import load_bundle
from ..checkpoints.trained_model import TrainedModel
from ..model.text_encoder import Prompts
from ..model.turbo_modulation import TurboModulation
from ..progress import Progress
from ..sampling.generator import Generator
from ..training.devices import precision_for, processes
from ..training.schedule import Schedule, StepSchedule, TimeSchedule
from .conditions import Words
from .plan import DistillationPlan
from .run import DistillationRun
from .student import Student
from .train_student import train_student

DRAWING_SHARE = 0.4  # of --minutes


@dataclass(frozen=True)
class Distilled:
    model: TrainedModel
    turbo: TurboModulation
    steps: int
    trajectories: int

    def generator(self) -> Generator:
        """Draws as the teacher and, with the sampler TURBO, as the student. On the CPU."""
        self.model.module.cpu()
        self.model.autoencoder.cpu()
        return self.model.generator(turbo=self.turbo)


def distil(
    bundle: Path,
    directory: Path,
    plan: DistillationPlan,
    progress: Progress,
    minutes: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Distilled:
    """Draws the trajectories that are missing, then trains. Both go on where an interrupted call left them.

    With `minutes`, both end when their share of the time is over. Raises ValueError for a model that does not predict
    v, and for other settings than those of the run.
    """
    began = clock()
    model = load_bundle(bundle)
    config = model.config.denoiser
    if config.prediction != "v" or config.learn_sigma:
        raise ValueError(f"{bundle}: its denoiser must predict v and no variance to be distilled")
    run = DistillationRun(directory)
    run.begin(bundle, plan)
    device = processes().device
    bf16 = precision_for("auto") == "bf16"
    autocast = partial(torch.autocast, device.type, torch.bfloat16, enabled=bf16)
    generator = model.generator(device)
    words = Words(model.vocabulary, model.config.prompts.normal)
    drawn = lambda: minutes is not None and clock() - began >= 60 * minutes * DRAWING_SHARE  # noqa: E731
    run.trajectories.draw(generator, words, plan.trajectories, progress, drawn, autocast)
    trajectories = run.trajectories.load()
    torch.manual_seed(plan.seed)
    student = Student(model.module.denoiser, TurboModulation(model.module.denoiser), texts_of(model))
    left = 60 * minutes - (clock() - began) if minutes is not None else None
    schedule: Schedule = (
        StepSchedule(plan.optimiser(), plan.steps) if left is None else TimeSchedule(plan.optimiser(), max(0.0, left))
    )
    steps = train_student(student, trajectories, plan, schedule, run.student, (device, autocast), progress)
    return Distilled(model, student.turbo.cpu().eval(), steps, len(trajectories))


def texts_of(model: TrainedModel) -> torch.Tensor:
    """The embeddings of every phrase, [P, text_dim], in the order of `Prompts.every`."""
    phrases = Prompts(model.config.prompts).every(model.vocabulary.products, model.vocabulary.defects)
    with torch.no_grad():
        return model.module.text.encode(phrases)
