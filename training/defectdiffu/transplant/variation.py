"""How a transplanted defect differs from the one that it was taken from: turn, mirror, scale, bend, and contrast."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from ..data.windows import Flips
from ..sampling.seeded_noise import seeded_uniforms

TRANSPLANT_STREAM = 6000  # of the seeded noise; placement has 5000
TRIAL_NUMBERS = 9  # uniform numbers that one variation takes


@dataclass(frozen=True)
class VariationLimits:
    """What the product allows. A slanted grain, for instance, allows neither mirrors nor quarter turns."""

    turn: float = 10.0  # degrees, in either direction
    quarter_turns: bool = False
    half_turns: bool = False
    mirrors: Flips = False  # true: left-right and up-down
    scale: tuple[float, float] = (0.85, 1.2)
    bend: float = 0.03  # amplitude, as a share of the donor's longer side
    contrast: float = 0.15  # of the defect to its surroundings: up to this share more or less


#: For defects that are laid anywhere, whatever the product allows.
VARIED = VariationLimits(turn=45, quarter_turns=True, mirrors=True, scale=(0.65, 1.5), bend=0.05, contrast=0.3)


class Variation(NamedTuple):
    quarter_turns: int  # counterclockwise, 0 … 3
    mirrored: bool  # left-right, after the quarter turns
    turn: float  # radians
    scale: float
    bend: tuple[float, float]  # amplitudes down and to the right, as shares of the donor's longer side
    phase: tuple[float, float]  # of the bend, radians
    contrast: float  # factor of the defect's difference from its surroundings


def draw_variation(limits: VariationLimits, seed: int, trial: int) -> Variation:
    """The variation of one trial. Trials of one seed are independent."""
    u = [float(v) for v in seeded_uniforms(seed, TRANSPLANT_STREAM + 1 + trial, TRIAL_NUMBERS)]
    signed = [2 * v - 1 for v in u]
    mirrored = limits.mirrors is not False and u[1] < 0.5
    low, high = limits.scale
    return Variation(
        _quarter_turns(limits, u[0], mirrored),
        mirrored,
        math.radians(limits.turn) * signed[2],
        low * (high / low) ** u[3],
        (limits.bend * signed[4], limits.bend * signed[5]),
        (2 * math.pi * u[6], 2 * math.pi * u[7]),
        1 + limits.contrast * signed[8],
    )


def _quarter_turns(limits: VariationLimits, u: float, mirrored: bool) -> int:
    """0 … 3, of a uniform number in (0, 1)."""
    if limits.quarter_turns:
        return int(4 * u)
    if limits.half_turns or limits.mirrors is True:  # two mirrors are a half turn
        return 2 * int(2 * u)
    return 2 if limits.mirrors == "up-down" and mirrored else 0  # an up-down mirror is a left-right one, turned by half
