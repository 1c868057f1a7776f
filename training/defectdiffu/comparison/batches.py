"""The batches of a training. How many of their windows are defective depends on the plan alone, not on the method."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..evaluation.features import as_tensor
from ..evaluation.real_windows import Windows, join
from .augmentation import Augment
from .plan import BATCH, ComparisonPlan

Draw = Callable[[np.random.Generator, int], Windows]
IGNORE = 2  # in a mask: neither 1, defect, nor 0, normal; the loss leaves it out


class Composition(NamedTuple):
    """Windows of a batch."""

    real: int  # defective
    synthetic: int  # defective
    normal: int


def composition(plan: ComparisonPlan, real: bool, synthetic: bool) -> Composition:
    """`real`, `synthetic`: whether there are such defective windows. Raises ValueError when there are neither."""
    if not real and not synthetic:
        raise ValueError("a batch needs real or synthetic defective windows")
    defective = round(plan.defective_share * BATCH)
    share = 1.0 if not real else plan.synthetic_share if synthetic else 0.0
    made = round(share * defective)
    return Composition(defective - made, made, BATCH - defective)


class Batches:
    """Draws every batch anew. Each source of synthetic windows gives the same share of them, by turns for the rest."""

    def __init__(
        self,
        plan: ComparisonPlan,
        real: Draw | None,
        normal: Draw,
        synthetic: list[Draw],
        augment: Augment,
        rng: np.random.Generator,
    ):
        self.composition = composition(plan, real is not None, bool(synthetic))
        self._real, self._normal, self._synthetic = real, normal, synthetic
        self._augment, self._rng = augment, rng
        self._turn = 0

    def windows(self) -> Windows:
        """Before augmentation: real defective windows, then synthetic ones, then normal ones."""
        counts = self.composition
        parts = []
        if self._real is not None and counts.real:
            parts.append(self._real(self._rng, counts.real))
        parts += [draw(self._rng, count) for draw, count in self._synthetic_counts() if count]
        parts.append(self._normal(self._rng, counts.normal))
        return join(parts)

    def __call__(self) -> tuple[Tensor, Tensor]:
        """Images float [n, 3, S, S] in [-1, 1] and masks float [n, 1, S, S] of 0, 1 and IGNORE."""
        return self._augment(*tensors(self.windows()))

    def _synthetic_counts(self) -> list[tuple[Draw, int]]:
        total, sources = self.composition.synthetic, len(self._synthetic)
        if not sources:
            return []
        each, rest = divmod(total, sources)
        extra = {(self._turn + i) % sources for i in range(rest)}
        self._turn += rest
        return [(draw, each + (i in extra)) for i, draw in enumerate(self._synthetic)]


def tensors(windows: Windows) -> tuple[Tensor, Tensor]:
    return as_tensor(windows.image), torch.from_numpy(windows.mask)[:, None].float()
