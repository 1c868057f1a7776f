"""The detectors that a comparison trains: segmenters, which score pixels, and classifiers, which score windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..evaluation.segmenter import UNet, dice_loss
from .batches import IGNORE
from .networks import ENCODER, PretrainedClassifier, PretrainedUNet, SmallResNet


@dataclass(frozen=True)
class Detector:
    """A network [n, 3, S, S] in [-1, 1] → logits [n, 1, S, S] of a segmenter or [n, 1, 1, 1] of a classifier."""

    build: Callable[[], nn.Module]
    rate: float  # learning rate
    encoder_rate: float  # of the parameters of a pretrained encoder
    segments: bool

    @property
    def headline(self) -> str:
        """The figure that the verdict and the threshold go by."""
        return "miou" if self.segments else "balanced_accuracy"

    def parameter_groups(self, model: nn.Module) -> list[dict[str, object]]:
        named = list(model.named_parameters())
        groups: list[dict[str, object]] = [
            {"params": [p for name, p in named if not name.startswith(ENCODER)], "lr": self.rate},
            {"params": [p for name, p in named if name.startswith(ENCODER)], "lr": self.encoder_rate},
        ]
        return [group for group in groups if group["params"]]

    def truth(self, mask: Tensor) -> Tensor:
        """What the logits are compared with, of masks [n, 1, S, S] in {0, 1, IGNORE}: a window with any defect is
        defective."""
        defect = torch.where(mask == IGNORE, 0.0, mask)
        return defect if self.segments else defect.amax((2, 3), keepdim=True)

    def loss(self, logits: Tensor, mask: Tensor) -> Tensor:
        """Binary cross-entropy, and Dice for segmenters, of the pixels that are not ignored."""
        truth = self.truth(mask)
        if not self.segments:
            return F.binary_cross_entropy_with_logits(logits, truth)
        kept = mask != IGNORE
        entropy = F.binary_cross_entropy_with_logits(logits[kept], truth[kept])
        return entropy + dice_loss(logits[kept].sigmoid(), truth[kept])


DETECTORS = {
    "small UNet": Detector(UNet, rate=2e-3, encoder_rate=0, segments=True),
    "pretrained UNet": Detector(PretrainedUNet, rate=2e-3, encoder_rate=3e-4, segments=True),
    "small ResNet": Detector(SmallResNet, rate=1e-3, encoder_rate=0, segments=False),
    "pretrained classifier": Detector(PretrainedClassifier, rate=1e-3, encoder_rate=3e-4, segments=False),
}
