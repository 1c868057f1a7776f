"""The student's conditions: guidance and the length of the step, told to the denoiser by its modulations alone.

The student evaluates the teacher's own denoiser with other modulations, so that its rows and the teacher's share one
evaluation. One of its rows gives what Eq. 4 gives with three (Meng et al. 2023, w-conditioned distillation), and its
step leads to any later timestep, not to the next one alone (as in shortcut models, Frans et al. 2025).
"""

from __future__ import annotations

import copy
import math
from typing import cast

import torch
from torch import Tensor, nn

from .layers import timestep_features
from .tdia import TDIA

STUDENT_COMPONENT = "turbo_modulation"  # in a bundle
GUIDANCE_FEATURES = 4  # strength, product scale, and one for each rule of guidance
FREQUENCIES = 4  # of each scale


class TurboModulation(nn.Module):
    """Begins as the denoiser's modulations: the guidance and the next timestep are zero at the start."""

    def __init__(self, denoiser: TDIA):
        super().__init__()
        width = denoiser.config.hidden_size
        self.widths = denoiser.modulation_widths()
        self.time = copy.deepcopy(denoiser.t_embedder)
        self.text = copy.deepcopy(denoiser.y_embedders)
        self.parts = nn.ModuleList([nn.ModuleList(copy.deepcopy(layers)) for layers in _layers(denoiser)])
        features = 256 + 2 * 2 * FREQUENCIES + GUIDANCE_FEATURES
        self.guidance = nn.Sequential(nn.Linear(features, width), nn.SiLU(), nn.Linear(width, width))
        nn.init.zeros_(cast(nn.Linear, self.guidance[2]).weight)
        nn.init.zeros_(self.guidance[2].bias)  # type: ignore[arg-type]

    def forward(
        self, timestep: Tensor, next_timestep: Tensor, text: Tensor, guidance: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """timestep, next_timestep int64 [P] (the latter 0 in the last step), text [P, text_dim], guidance [P, 3]:
        strength, product scale, and 1 for PRODUCT_RELATIVE or 0 for DOUBLE_FREE → as ModulationComponent's."""
        conditions = timestep, next_timestep, text, guidance
        background, defect, fusion = (self.part(index, *conditions) for index in range(3))
        return background, defect, fusion

    def part(self, index: int, timestep: Tensor, next_timestep: Tensor, text: Tensor, guidance: Tensor) -> Tensor:
        """The modulations of part 0, 1 or 2, [P, width]."""
        c = self.time(timestep) + self.text(text) + self.guidance(self._features(next_timestep, guidance))
        return torch.cat([layer(c) for layer in cast(nn.ModuleList, self.parts[index])], 1)

    def _features(self, next_timestep: Tensor, guidance: Tensor) -> Tensor:
        scales, relative = guidance[:, :2], guidance[:, 2:]
        waves = [f(scales * (math.pi * 2.0 ** (k - 2))) for k in range(FREQUENCIES) for f in (torch.cos, torch.sin)]
        return torch.cat([timestep_features(next_timestep), *waves, scales, relative, 1 - relative], 1)


class KeyValue(nn.Module):
    """The key and the value of a defect block's cross-attention, from the condition."""

    def __init__(self, to_k: nn.Linear, to_v: nn.Linear):
        super().__init__()
        self.to_k, self.to_v = to_k, to_v

    def forward(self, c: Tensor) -> Tensor:
        return torch.cat([self.to_k(c), self.to_v(c)], 1)


def _layers(denoiser: TDIA) -> tuple[list[nn.Module], list[nn.Module], list[nn.Module]]:
    """What computes the modulations of each part from the condition, in the order of `TDIA.modulation_widths`."""
    config = denoiser.config
    blocks = [cast(nn.Module, block.adaLN_modulation) for block in denoiser.blocks]
    first, last = config.background_blocks, config.background_blocks + config.defect_blocks
    defect: list[nn.Module] = []
    for block, cross in zip(blocks[first:last], denoiser.cross_defect, strict=True):
        attention = cast(nn.Module, cross.cross_attention)
        defect += [block, KeyValue(cast(nn.Linear, attention.to_k), cast(nn.Linear, attention.to_v))]
    head = [denoiser.head.condition] if denoiser.head is not None else []
    return blocks[:first], defect, [*blocks[last:], denoiser.final_layer.adaLN_modulation, *head]
