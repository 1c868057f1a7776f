"""Training to convergence: the loss on the validation part decides when to stop and which weights are kept."""

from __future__ import annotations

import copy
from collections.abc import Callable
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


@dataclass(frozen=True)
class Fitted:
    model: nn.Module  # with the best weights, in eval mode
    steps: int
    best_step: int
    converged: bool  # patience ran out before the steps did
    losses: list[float]  # of each validation


def fit(
    detector: Detector,
    batch: Callable[[], tuple[Tensor, Tensor]],
    validation: Windows,
    plan: ComparisonPlan,
    seed: int,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Fitted:
    """AdamW. `seed` sets the initial weights and the augmentation."""
    torch.manual_seed(seed)
    model = detector.build().train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(detector.parameter_groups(model), weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, factor=RATE_FACTOR, patience=plan.patience // 2, threshold=IMPROVEMENT, threshold_mode="abs"
    )
    best, best_step, kept = np.inf, 0, copy.deepcopy(model.state_dict())
    losses: list[float] = []
    step = waited = 0
    while step < plan.max_steps and waited < plan.patience:
        image, mask = batch()
        loss = detector.loss(logits_of(model, image), mask)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        step += 1
        if step % plan.check_every == 0 or step == plan.max_steps:
            losses.append(_validation_loss(detector, model, validation))
            schedule.step(losses[-1])
            waited += 1
            if losses[-1] < best - IMPROVEMENT:
                best, best_step, waited = losses[-1], step, 0
                kept = copy.deepcopy(model.state_dict())
        report(step, plan.max_steps)
    model.load_state_dict(kept)
    return Fitted(model.eval(), step, best_step, waited >= plan.patience, losses)


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
