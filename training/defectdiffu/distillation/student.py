"""The student in training: the teacher's denoiser, held, with modulations of the student's own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..model.tdia import TDIA, Modulations, Prediction
from ..model.turbo_modulation import TurboModulation
from ..model.turbo_steps import END, STUDENT_STEPS, TEACHER_STEPS, timesteps_of, velocity_between
from .trajectories import Trajectories

SHARES = (0.3, 0.5, 0.2)  # of the student's steps in a batch


class Segments(NamedTuple):
    """Steps that the student shall take."""

    latent: Tensor  # float32 [n, C, h, w]
    timestep: Tensor  # int64 [n]
    next_timestep: Tensor  # int64 [n]
    phrases: Tensor  # int64 [n, 3]
    guidance: Tensor  # float32 [n, 3]
    velocity: Tensor  # float32 [n, C, h, w], which leads to where the teacher arrived
    mask_feature: Tensor  # float32 [k, C, h, w], of the last steps, in the diffusion space
    last: Tensor  # int64 [k]


def random_segments(trajectories: Trajectories, count: int, rng: np.random.Generator, device: torch.device) -> Segments:
    chosen = torch.from_numpy(rng.integers(len(trajectories), size=count))
    length = TEACHER_STEPS // rng.choice(STUDENT_STEPS, size=count, p=SHARES)
    begin = torch.from_numpy(rng.integers(TEACHER_STEPS // length) * length)
    end = begin + torch.from_numpy(length)
    timesteps = torch.tensor([*timesteps_of(TEACHER_STEPS), END])
    latent = trajectories.latents[chosen, begin].float()
    later = trajectories.latents[chosen, end].float()
    last = (timesteps[end] == END).nonzero().flatten()
    parts = (
        latent,
        timesteps[begin],
        timesteps[end],
        trajectories.phrases[chosen],
        trajectories.guidance[chosen],
        velocity_between(latent, later, timesteps[begin], timesteps[end]),
        trajectories.mask_feature[chosen[last]].float(),
        last,
    )
    return Segments(*(part.to(device) for part in parts))


class Student(nn.Module):
    """`texts` [P, text_dim]: the embeddings of all phrases."""

    texts: Tensor

    def __init__(self, denoiser: TDIA, turbo: TurboModulation, texts: Tensor):
        super().__init__()
        self.denoiser, self.turbo = denoiser.requires_grad_(False), turbo
        self.register_buffer("texts", texts)

    def forward(self, segments: Segments) -> Prediction:
        each = torch.arange(len(segments.latent), device=segments.latent.device)
        modulations = self.modulations(segments)
        return self.denoiser.evaluate(segments.latent, each, each, modulations, segments.last)

    def modulations(self, segments: Segments) -> Modulations:
        parts = []
        for part in range(3):
            text = self.texts[segments.phrases[:, part]]
            conditions = segments.timestep, segments.next_timestep, text, segments.guidance
            parts.append(list(self.turbo.part(part, *conditions).split(self.turbo.widths[part], 1)))
        return Modulations(*parts)


def student_loss(student: Student, segments: Segments, mask_weight: float) -> tuple[Tensor, Tensor, Tensor]:
    """total, velocity and mask loss, each a mean of squares; masks are normalised as in Eq. 6."""
    prediction = student(segments)
    velocity = (prediction.output.float() - segments.velocity).square().mean()
    mean, std = student.denoiser.adapt_mask.statistics
    target = (segments.mask_feature - mean) / std
    mask = (prediction.mask_feature.float() - target).square().mean() if len(target) else velocity.new_zeros(())
    return velocity + mask_weight * mask, velocity.detach(), mask.detach()
