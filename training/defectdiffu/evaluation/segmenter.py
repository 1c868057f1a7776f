"""A small UNet (Ronneberger et al. 2015): the detector whose gain the paper's Table 2 measures."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .features import as_tensor, mirrored
from .fitting import Report, fit
from .real_windows import Windows

BATCH = 16


class UNet(nn.Module):
    """[n, 3, S, S] → logits [n, 1, S, S]. The first level already halves the resolution, to train on two cores."""

    def __init__(self, width: int = 16, levels: int = 4):
        super().__init__()
        widths = [width * 2**i for i in range(levels)]
        self.stem = nn.Conv2d(3, width, 4, stride=2, padding=1)
        self.down = nn.ModuleList([_double(a, b) for a, b in zip([width, *widths[:-1]], widths, strict=True)])
        self.up = nn.ModuleList([_double(2 * w + w, w) for w in reversed(widths[:-1])])
        self.out = nn.Sequential(nn.Conv2d(width + 3, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        x, kept = self.stem(image), []
        for i, block in enumerate(self.down):
            x = block(F.max_pool2d(x, 2) if i else x)
            kept.append(x)
        for block, skip in zip(self.up, reversed(kept[:-1]), strict=True):
            x = block(torch.cat([_twice(x), skip], 1))
        return self.out(torch.cat([_twice(x), image], 1))


def train_segmenter(
    windows: Windows,
    weights: np.ndarray,
    steps: int,
    seed: int,
    report: Report = lambda done, total: None,
) -> UNet:
    """Trains on windows drawn with `weights` (sum 1), randomly mirrored; binary cross-entropy and Dice. Eval mode."""
    torch.manual_seed(seed)
    rng = np.random.default_rng((seed, 31))
    model = UNet().train()

    def loss_of_batch() -> Tensor:
        chosen = rng.choice(len(windows), BATCH, p=weights)
        image, mask = as_tensor(windows.image[chosen]), torch.from_numpy(windows.mask[chosen])[:, None].float()
        for axis in (-1, -2):
            image, mask = mirrored([image, mask], axis, rng)
        logits = model(image).float()
        return F.binary_cross_entropy_with_logits(logits, mask) + dice_loss(logits.sigmoid(), mask)

    fit(model, 3e-3, 1e-4, steps, loss_of_batch, report)
    return model.eval()


@torch.no_grad()
def probabilities(model: UNet, images: np.ndarray) -> np.ndarray:
    """uint8 [n, S, S, 3] → float32 [n, S, S]."""
    parts = [model(as_tensor(images[i : i + BATCH])).sigmoid()[:, 0].numpy() for i in range(0, len(images), BATCH)]
    return np.concatenate(parts)


def dice_loss(probability: Tensor, mask: Tensor) -> Tensor:
    """1 - Dice over the whole batch, so that windows without a defect count too."""
    return 1 - (2 * (probability * mask).sum() + 1) / (probability.sum() + mask.sum() + 1)


def _double(before: int, after: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in (before, after):
        layers += [nn.Conv2d(width, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers)


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
