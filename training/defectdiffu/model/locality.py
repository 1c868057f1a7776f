"""Convolutions beside the DiT blocks, on the latent's own grid; they add nothing until they are trained."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ..config import DenoiserConfig
from .layers import unpatchify


class LocalStem(nn.Module):
    """Convolutions on the latent's own grid beside the patch embedding; their tokens are zero at the start."""

    def __init__(self, config: DenoiserConfig):
        super().__init__()
        w = config.local_width
        self.conv1 = nn.Conv2d(config.latent_channels, w, 3, padding=1)
        self.conv2 = nn.Conv2d(w, w, 3, padding=1)
        self.conv3 = nn.Conv2d(w, w, 3, padding=1)
        self.embed = nn.Conv2d(w, config.hidden_size, config.patch_size, stride=config.patch_size)
        nn.init.zeros_(self.embed.weight)
        nn.init.zeros_(self.embed.bias)  # type: ignore[arg-type]

    def forward(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        x = self.conv1(latent)
        x = x + self.conv2(F.silu(x))
        x = x + self.conv3(F.silu(x))
        return x, self.embed(F.silu(x)).flatten(2).transpose(1, 2)


class LocalHead(nn.Module):
    """Convolutions on the latent's own grid after the fusion blocks, conditioned as these are; zero at the start."""

    def __init__(self, config: DenoiserConfig, out_channels: int):
        super().__init__()
        w, d, p, blocks = config.local_width, config.hidden_size, config.patch_size, config.local_blocks
        self.grid, self.patch, self.width = config.latent_size // p, p, w
        self.expand = nn.Linear(d, p * p * w)
        self.condition = nn.Sequential(nn.SiLU(), nn.Linear(d, 2 * w * blocks))
        self.conv1 = nn.ModuleList([nn.Conv2d(w, w, 3, padding=1) for _ in range(blocks)])
        self.conv2 = nn.ModuleList([nn.Conv2d(w, w, 3, padding=1) for _ in range(blocks)])
        self.out = nn.Conv2d(w, out_channels, 3, padding=1)
        for module in (self.condition[1], self.out, *self.conv2):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)

    def forward(self, tokens: Tensor, local: Tensor, modulation: Tensor) -> tuple[Tensor, Tensor]:
        """tokens [R, N, D], local [R, W, h, w], modulation [R, 2·W·blocks] → output [R, out_channels, h, w],
        features [R, W, h, w]."""
        x = local + unpatchify(self.expand(tokens), self.grid, self.patch, self.width)
        m = modulation[..., None, None].chunk(2 * len(self.conv1), dim=1)
        for i, (conv1, conv2) in enumerate(zip(self.conv1, self.conv2, strict=True)):
            h = conv1(F.silu(x)) * (1 + m[2 * i]) + m[2 * i + 1]
            x = x + conv2(F.silu(h))
        x = F.silu(x)
        return self.out(x), x
