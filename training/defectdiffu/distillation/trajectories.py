"""What the teacher drew: the latents of all its steps, from noise to x_0, and the mask feature.

They are kept in files of a few dozen trajectories, so that an interrupted drawing goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..checkpoints.runs import load, save
from ..model.turbo_steps import TEACHER_STEPS
from ..progress import Progress
from ..sampling.generator import LATE_TIMESTEP, Generator
from ..sampling.guidance import SampleRequest, guidance_plan, turbo_guidance
from ..sampling.schedulers import make_scheduler
from ..sampling.seeded_noise import seeded_noise
from .conditions import Words, random_requests

BATCH = 32
PER_FILE = 64


@dataclass(frozen=True)
class Trajectories:
    latents: Tensor  # float16 [n, TEACHER_STEPS + 1, C, h, w], from noise to x_0
    mask_feature: Tensor  # float16 [n, C, h, w], in the diffusion space
    phrases: Tensor  # int64 [n, 3] of the background, the defect and the fusion blocks, in `Generator.prompts.every`
    guidance: Tensor  # float32 [n, 3], as TurboModulation's

    def __len__(self) -> int:
        return len(self.latents)


class TrajectoryStore:
    """The files of a run. Those of different seeds do not overlap, so that several processes can draw into one."""

    def __init__(self, directory: Path):
        self.directory = directory

    def files(self) -> list[Path]:
        return sorted(self.directory.glob("[0-9]*.pt"))

    def draw(
        self,
        generator: Generator,
        words: Words,
        count: int,
        progress: Progress,
        finished: Callable[[], bool],
        autocast: Callable[[], AbstractContextManager],
    ) -> None:
        """Draws until there are `count`, or `finished` says so. `autocast` is entered for each evaluation."""
        self.directory.mkdir(parents=True, exist_ok=True)
        every = generator.prompts.every(words.vocabulary.products, words.vocabulary.defects)
        index = {phrase: i for i, phrase in enumerate(every)}
        wanted = range(-(-count // PER_FILE))
        for number in wanted:
            progress("trajectories", min(number * PER_FILE, count), count, {})
            path = self.directory / f"{number:06d}.pt"
            if path.exists():
                continue
            if finished():
                return
            requests = random_requests(words, PER_FILE, number)
            parts = [
                draw_trajectories(generator, requests[start : start + BATCH], index, autocast)
                for start in range(0, PER_FILE, BATCH)
            ]
            save(path, vars(joined(parts)))
        progress("trajectories", count, count, {})

    def load(self) -> Trajectories:
        """Raises ValueError when there is none, or when a file is damaged."""
        files = self.files()
        if not files:
            raise ValueError(f"{self.directory}: no trajectory was drawn before the time was over")
        names = ("latents", "mask_feature", "phrases", "guidance")
        return joined([Trajectories(**load(path, *names)) for path in files])


@torch.no_grad()
def draw_trajectories(
    generator: Generator,
    requests: list[SampleRequest],
    index: dict[str, int],
    autocast: Callable[[], AbstractContextManager] = nullcontext,
) -> Trajectories:
    """DPM-Solver++ in `TEACHER_STEPS`, as `Generator.draw` does."""
    config, normal = generator.denoiser.config, generator.normal
    shape = (config.latent_channels, config.latent_size, config.latent_size)
    x = torch.from_numpy(np.stack([seeded_noise(r.seed, 0, shape) for r in requests])).to(generator.device)
    plans = [guidance_plan(replace(r, sampler="DPM_SOLVER_PP"), normal) for r in requests]
    rows = generator.rows(plans, [r.product for r in requests])
    row_sample = rows.background_sample[rows.row_background]
    weights = torch.tensor([row.coefficient for plan in plans for row in plan], device=x.device)[:, None, None, None]
    defect_row = generator.defect_rows(plans)
    scheduler = make_scheduler("DPM_SOLVER_PP", config.learn_sigma)
    scheduler.set_timesteps(TEACHER_STEPS)
    latents, features = [x], []
    timesteps = scheduler.timesteps.tolist()
    for i, t in enumerate(timesteps):
        with autocast():
            noise, _, feature = generator.evaluate(x, t, rows)
        guided = torch.zeros_like(x).index_add_(0, row_sample, weights * noise.float())
        x = scheduler.step(guided, t, x).prev_sample
        latents.append(x)
        if t < LATE_TIMESTEP or i == len(timesteps) - 1:
            features.append(feature[defect_row].float())
    return Trajectories(
        torch.stack(latents, 1).half().cpu(),
        torch.stack(features).mean(0).half().cpu(),
        torch.tensor([[index[p] for p in generator.prompts.of(r.defect, r.product)] for r in requests]),
        torch.tensor([turbo_guidance(r, normal) for r in requests]),
    )


def joined(parts: list[Trajectories]) -> Trajectories:
    return Trajectories(**{name: torch.cat([getattr(part, name) for part in parts]) for name in vars(parts[0])})
