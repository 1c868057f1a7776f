"""The student's steps: along the angle φ of x_t = cos φ·x_0 + sin φ·ε, from a timestep to any later one."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .noise_schedule import TRAIN_STEPS, alpha_bar

TEACHER_STEPS = 24  # a multiple of all of the student's
STUDENT_STEPS = (8, 4, 2)
END = 0  # the next timestep of the last step, which leads to x_0


def timesteps_of(steps: int) -> list[int]:
    """Evenly spaced from the noisiest, as DPM-Solver++ visits them; those of few steps are among those of
    `TEACHER_STEPS`."""
    return [int(t) for t in np.linspace(0, TRAIN_STEPS - 1, steps + 1).round()[:0:-1]]


def angles() -> Tensor:
    """φ of each timestep, float32 [TRAIN_STEPS]."""
    ab = alpha_bar().double()
    return torch.atan2((1 - ab).sqrt(), ab.sqrt()).float()


def angle_of(timestep: Tensor) -> Tensor:
    """φ of timesteps int64 [n], 0 where they are `END`."""
    return torch.where(timestep == END, 0.0, angles().to(timestep.device)[timestep])


def step(x: Tensor, velocity: Tensor, timestep: Tensor, next_timestep: Tensor) -> Tensor:
    """DDIM: x, velocity [n, C, h, w] at timestep [n] → x at next_timestep [n], x_0 where that is `END`."""
    delta = (angle_of(timestep) - angle_of(next_timestep))[:, None, None, None]
    return delta.cos() * x - delta.sin() * velocity


def velocity_between(x: Tensor, later: Tensor, timestep: Tensor, next_timestep: Tensor) -> Tensor:
    """The velocity with which `step` leads from x [n, C, h, w] to `later` [n, C, h, w]."""
    delta = (angle_of(timestep) - angle_of(next_timestep))[:, None, None, None]
    return (delta.cos() * x - later) / delta.sin()
