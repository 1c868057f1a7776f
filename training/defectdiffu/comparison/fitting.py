"""Training to convergence: the loss on the validation part decides when to stop and which weights are kept."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..evaluation.real_windows import Windows
from ..training.devices import cpu_computes_bf16
from .batches import tensors
from .detectors import Detector
from .plan import BATCH, ComparisonPlan

WEIGHT_DECAY = 1e-4
RATE_FACTOR = 0.3  # by which the rates fall when the validation loss stands still for half the patience
IMPROVEMENT = 1e-3  # of the loss; less counts as standing still


Batch = Callable[[], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Fitted:
    model: nn.Module  # with the best weights, in eval mode
    steps: int
    best_step: int
    converged: bool  # patience ran out before the steps did, in the last stage
    losses: list[float]  # of each validation


def fit(
    detector: Detector,
    stages: Sequence[Batch],
    validation: Windows,
    plan: ComparisonPlan,
    seed: int,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Fitted:
    """AdamW. `seed` sets the initial weights and the augmentation.

    Stages take their batches from one source each, and share the steps: what one leaves when it has converged is for
    those after it. A later stage begins from the best weights so far, with its rates at RATE_FACTOR.
    """
    torch.manual_seed(seed)
    model = detector.build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    fitting = _Fitting(detector, model, validation, plan)
    for i, batch in enumerate(stages):
        limit = plan.max_steps * (i + 1) // len(stages)
        fitting.run(batch, limit, RATE_FACTOR if i else 1.0, report)
    return fitting.fitted()


class _Fitting:
    def __init__(self, detector: Detector, model: nn.Module, validation: Windows, plan: ComparisonPlan):
        self._detector, self._model, self._validation, self._plan = detector, model, validation, plan
        self._kept = copy.deepcopy(model.state_dict())
        self._best, self._best_step, self._step, self._waited = np.inf, 0, 0, 0
        self._losses: list[float] = []

    def run(self, batch: Batch, limit: int, rate_factor: float, report: Callable[[int, int], None]) -> None:
        """One stage, until step `limit` or until patience runs out."""
        plan, detector, model = self._plan, self._detector, self._model.train()
        model.load_state_dict(self._kept)
        optimiser = torch.optim.AdamW(detector.parameter_groups(model, rate_factor), weight_decay=WEIGHT_DECAY)
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimiser, factor=RATE_FACTOR, patience=plan.patience // 2, threshold=IMPROVEMENT, threshold_mode="abs"
        )
        self._waited = 0
        while self._step < limit and self._waited < plan.patience:
            image, mask = batch()
            loss = detector.loss(logits_of(model, image), mask)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            self._step += 1
            if self._step % plan.check_every == 0 or self._step == limit:
                schedule.step(self._validate())
            report(self._step, plan.max_steps)

    def fitted(self) -> Fitted:
        self._model.load_state_dict(self._kept)
        converged = self._waited >= self._plan.patience
        return Fitted(self._model.eval(), self._step, self._best_step, converged, self._losses)

    def _validate(self) -> float:
        loss = _validation_loss(self._detector, self._model, self._validation)
        self._losses.append(loss)
        self._waited += 1
        if loss < self._best - IMPROVEMENT:
            self._best, self._best_step, self._waited = loss, self._step, 0
            self._kept = copy.deepcopy(self._model.state_dict())
        return loss


def logits_of(model: nn.Module, image: Tensor) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16, enabled=cpu_computes_bf16()):
        return model(image).float()


@torch.no_grad()
def predict(model: nn.Module, windows: Windows) -> Tensor:
    """Logits of a detector in eval mode."""
    image, _ = tensors(windows)
    return torch.cat([logits_of(model, part) for part in image.split(BATCH)])


def _validation_loss(detector: Detector, model: nn.Module, windows: Windows) -> float:
    model.eval()
    loss = detector.loss(predict(model, windows), tensors(windows)[1])
    model.train()
    return float(loss)
