"""Exponential moving average of a model's parameters: the weights that are sampled from and exported."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Ema:
    """Keeps the average of the trainable parameters; `decay` warms up so that early steps do not linger."""

    def __init__(self, models: dict[str, nn.Module], decay: float):
        self.decay = decay
        self.steps = 0
        self._parameters = {f"{m}.{n}": p for m, model in models.items() for n, p in model.named_parameters()}
        self.average = {name: p.detach().clone() for name, p in self._parameters.items()}

    @torch.no_grad()
    def update(self) -> None:
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        names = list(self.average)
        torch._foreach_lerp_([self.average[n] for n in names], [self._parameters[n].detach() for n in names], 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchanges the live parameters with their averages; call twice to restore."""
        for name, parameter in self._parameters.items():
            kept = parameter.detach().clone()
            parameter.copy_(self.average[name])
            self.average[name] = kept

    def state_dict(self) -> dict[str, Tensor | int]:
        return {"steps": self.steps, **{f"average.{n}": t for n, t in self.average.items()}}

    def load_state_dict(self, state: dict[str, Tensor | int]) -> None:
        self.steps = int(state["steps"])
        for name in self.average:
            self.average[name].copy_(torch.as_tensor(state[f"average.{name}"]))
