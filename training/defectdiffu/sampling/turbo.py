"""A student's sampling: one row per sample, whose modulations tell it the guidance and where its step leads."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ..model.noise_schedule import alpha_bar
from ..model.tdia import Modulations, Rows
from ..model.turbo_modulation import TurboModulation
from ..model.turbo_steps import END, timesteps_of
from .guidance import TURBO, SampleRequest, turbo_guidance


class TurboStep(NamedTuple):
    next_timestep: int
    guidance: list[tuple[float, float, float]]  # of each sample


class Stepped(NamedTuple):
    prev_sample: Tensor


class TurboScheduler:
    """DDIM on `timesteps_of`, whose last step leads to x_0. It has what is used of diffusers' schedulers."""

    timesteps: Tensor

    def __init__(self) -> None:
        self.alphas_cumprod = alpha_bar()

    def set_timesteps(self, steps: int) -> None:
        self.timesteps = torch.tensor(timesteps_of(steps))

    def step(self, epsilon: Tensor, t: int, x: Tensor) -> Stepped:
        steps = self.timesteps.tolist()
        index = steps.index(t)
        here = self.alphas_cumprod[t]
        there = self.alphas_cumprod[steps[index + 1]] if index + 1 < len(steps) else torch.ones(())
        x0 = (x - (1 - here).sqrt() * epsilon) / here.sqrt()
        return Stepped(there.sqrt() * x0 + (1 - there).sqrt() * epsilon)


def turbo_step(requests: list[SampleRequest], normal: str, timesteps: list[int], index: int) -> TurboStep | None:
    """What the student hears at this step; None for other samplers."""
    if requests[0].sampler != TURBO:
        return None
    following = timesteps[index + 1] if index + 1 < len(timesteps) else END
    return TurboStep(following, [turbo_guidance(request, normal) for request in requests])


def turbo_modulations(turbo: TurboModulation, timestep: Tensor, rows: Rows, step: TurboStep) -> Modulations:
    """timestep [B] → the modulations of all rows."""
    guidance = torch.tensor(step.guidance, device=timestep.device)  # [B, 3]
    of_background = rows.background_sample
    of_row = of_background.index_select(0, rows.row_background)
    texts = ((of_background, rows.background_text), (of_row, rows.defect_text), (of_row, rows.fusion_text))
    parts = []
    for part, (sample, text) in enumerate(texts):
        following = torch.full_like(timestep[sample], step.next_timestep)
        modulation = turbo.part(part, timestep[sample], following, text, guidance[sample])
        parts.append(list(modulation.split(turbo.widths[part], 1)))
    return Modulations(*parts)
