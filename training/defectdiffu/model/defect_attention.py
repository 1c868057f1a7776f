"""Cross-attention of the defect blocks, and the mask head that reads its maps (paper §3.4, Eq. 5–7)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..config import DenoiserConfig
from .layers import layer_norm, unpatchify


class CrossAttention(nn.Module):
    """One key and one value: the vector c = time + defect text. The softmax therefore runs over the image positions,
    and each head yields one spatial map that sums to 1 (over the one key it would be constant)."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width)
        self.to_k = nn.Linear(width, width)
        self.to_v = nn.Linear(width, width)

    def key_value(self, c: Tensor) -> Tensor:
        """c [B, D] → the one key and the one value, [B, 2·D]."""
        return torch.cat([self.to_k(c), self.to_v(c)], dim=1)

    def forward(self, x: Tensor, key_value: Tensor) -> tuple[Tensor, Tensor]:
        """x [B, N, D], key_value [B, 2·D] → output [B, N, D], maps [B, N, heads]."""
        b, n, d = x.shape
        q = self.to_q(x).reshape(b, n, self.heads, d // self.heads)
        k, v = key_value.reshape(b, 2, 1, self.heads, d // self.heads).unbind(1)
        maps = ((q * k).sum(-1).float() * (d // self.heads) ** -0.5).softmax(dim=1)  # [B, N, heads], Eq. 5
        return (maps[..., None] * v).reshape(b, n, d), maps


class DefectAttention(nn.Module):
    """Own LayerNorm, then cross-attention; added to the residual stream without a gate."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm = layer_norm(width)
        self.cross_attention = CrossAttention(width, heads)

    def forward(self, x: Tensor, key_value: Tensor) -> tuple[Tensor, Tensor]:
        return self.cross_attention(self.norm(x), key_value)


class MaskHead(nn.Module):
    """All maps of all defect blocks, concatenated → mask feature M_f of the latent's shape (Eq. 6's left side).

    `latent_mean` and `latent_std` normalise the latents of masks, which are distributed unlike those of photographs:
    the head gives normalised mask latents, `denormalise` brings them to the diffusion space.
    """

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, channels: int, config: DenoiserConfig):
        super().__init__()
        patch, latent_channels = config.patch_size, config.latent_channels
        self.patch, self.latent_channels, self.grid = patch, latent_channels, config.latent_size // patch
        self.norm = layer_norm(channels)
        self.mlp = nn.Sequential(nn.SiLU(), nn.Linear(channels, 2 * channels), nn.Linear(2 * channels, channels))
        self.linear = nn.Linear(channels, patch * patch * latent_channels)
        self.refine = MaskRefiner(channels, config) if config.locality else None
        self.register_buffer("latent_mean", torch.zeros(1, latent_channels, 1, 1))
        self.register_buffer("latent_std", torch.ones(1, latent_channels, 1, 1))

    def forward(self, maps: Tensor, picture: Tensor | None) -> Tensor:
        """maps [B, N, M·heads], picture [B, W, h, w] (features of the local head, if there is one) → [B, C, h, w],
        normalised."""
        h = self.norm(maps)
        feature = unpatchify(self.linear(self.mlp(h)), self.grid, self.patch, self.latent_channels)
        return feature if self.refine is None else feature + self.refine(h, picture)

    @property
    def statistics(self) -> tuple[Tensor, Tensor]:
        return self.latent_mean, self.latent_std

    def denormalise(self, feature: Tensor) -> Tensor:
        return feature * self.latent_std + self.latent_mean


class MaskRefiner(nn.Module):
    """Convolutions over the maps at the latent's resolution; zero at the start, part of `locality`.

    With `mask_reads_picture` they see the features of which the picture's noise is read off, too: maps that sum to 1
    over the tokens tell where a defect is, but not where the edge of a thin one runs within a token.
    """

    def __init__(self, channels: int, config: DenoiserConfig):
        super().__init__()
        self.patch, self.width = config.patch_size, config.local_width // 2
        self.grid, width = config.latent_size // config.patch_size, self.width
        self.expand = nn.Linear(channels, self.patch**2 * width)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.out = nn.Conv2d(width, config.latent_channels, 3, padding=1)
        zero = [self.out]
        self.picture = None
        if config.mask_reads_picture:
            self.picture = nn.Conv2d(config.local_width, width, 1)
            self.conv3 = nn.Conv2d(width, width, 3, padding=1)
            self.conv4 = nn.Conv2d(width, width, 3, padding=1)
            zero += [self.picture, self.conv4]
        for module in zero:
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(self, h: Tensor, picture: Tensor | None) -> Tensor:
        x = unpatchify(self.expand(h), self.grid, self.patch, self.width)
        if self.picture is not None:
            x = x + self.picture(picture)
        x = x + self.conv1(F.silu(x))
        x = x + self.conv2(F.silu(x))
        if self.picture is not None:
            x = x + self.conv4(F.silu(self.conv3(F.silu(x))))
        return self.out(F.silu(x))
