"""The parts of a Diffusion Transformer (Peebles & Xie 2023) under the parameter names of its published checkpoints."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SHORT = (
    256  # tokens; up to here, plain matrix products are twice as fast on a CPU as the fused attention's backward pass
)


def layer_norm(width: int) -> nn.LayerNorm:
    return nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)


def modulate(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """adaLN: x [B, N, D], shift and scale [B, D]."""
    return x * (1 + scale[:, None]) + shift[:, None]


def sincos_positions(width: int, grid: int) -> Tensor:
    """Frozen 2-D positions [grid², width]: [sin(x) | cos(x) | sin(y) | cos(y)], x the column, tokens row-major."""
    omega = 1 / 10000 ** (torch.arange(width // 4, dtype=torch.float64) / (width / 4))
    y, x = torch.meshgrid(*[torch.arange(grid, dtype=torch.float64)] * 2, indexing="ij")
    angles_x, angles_y = x.reshape(-1, 1) * omega, y.reshape(-1, 1) * omega
    return torch.cat([angles_x.sin(), angles_x.cos(), angles_y.sin(), angles_y.cos()], dim=1).float()


def timestep_features(timestep: Tensor, width: int = 256) -> Tensor:
    """[B] → [B, width]: [cos(t·f) | sin(t·f)], f_i = 10000^(-i/(width/2))."""
    half = width // 2
    frequencies = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32, device=timestep.device) / half)
    angles = timestep.float()[:, None] * frequencies[None]
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


class PatchEmbed(nn.Module):
    def __init__(self, patch: int, channels: int, width: int):
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, stride=patch)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x).flatten(2).transpose(1, 2)  # [B, N, D]


class TimestepEmbedder(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, timestep: Tensor) -> Tensor:
        return self.mlp(timestep_features(timestep))


def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """softmax(q·kᵀ/√d)·v; q, k, v [B, heads, N, d]."""
    if q.device.type == "cpu" and q.shape[2] <= SHORT:
        return (q * q.shape[-1] ** -0.5 @ k.transpose(-1, -2)).softmax(-1).to(v.dtype) @ v
    return F.scaled_dot_product_attention(q, k, v)


class SelfAttention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        b, n, d = x.shape
        # q, k, v [B, heads, N, d]
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        return self.proj(attention(q, k, v).transpose(1, 2).reshape(b, n, d))


class Mlp(nn.Module):
    """GELU is exact, as in the released DefectDiffu code (DiT's own is the tanh approximation)."""

    def __init__(self, width: int, hidden: int):
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class LocalMixer(nn.Module):
    """Depthwise 3×3 convolution over the token grid, zero at the start: small transformers learn neighbours late."""

    def __init__(self, width: int, grid: int):
        super().__init__()
        self.grid = grid
        self.conv = nn.Conv2d(width, width, 3, padding=1, groups=width)
        nn.init.zeros_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        b, n, d = x.shape
        image = x.reshape(b, self.grid, self.grid, d).permute(0, 3, 1, 2)  # channels-last without a copy
        return self.conv(image).permute(0, 2, 3, 1).reshape(b, n, d)


class DiTBlock(nn.Module):
    """adaLN-Zero block. `attend` and `feed` are its halves: a defect block puts its cross-attention between them.

    What the conditions tell it, `modulation`, does not depend on x: rows that share conditions can share it.
    """

    def __init__(self, width: int, heads: int, mlp_ratio: float, local_grid: int | None):
        super().__init__()
        self.norm1 = layer_norm(width)
        self.attn = SelfAttention(width, heads)
        self.norm2 = layer_norm(width)
        self.mlp = Mlp(width, int(width * mlp_ratio))
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))
        self.local = LocalMixer(width, local_grid) if local_grid else None

    def modulation(self, c: Tensor) -> Tensor:
        """[B, 6·D]: shift, scale, gate of the attention, then of the MLP."""
        return self.adaLN_modulation(c)

    def attend(self, x: Tensor, m: tuple[Tensor, ...]) -> Tensor:
        h = modulate(self.norm1(x), m[0], m[1])
        x = x + m[2][:, None] * self.attn(h)
        return x + self.local(h) if self.local is not None else x

    def feed(self, x: Tensor, m: tuple[Tensor, ...]) -> Tensor:
        return x + m[5][:, None] * self.mlp(modulate(self.norm2(x), m[3], m[4]))

    def forward(self, x: Tensor, modulation: Tensor) -> Tensor:
        m = modulation.chunk(6, dim=1)
        return self.feed(self.attend(x, m), m)


class FinalLayer(nn.Module):
    def __init__(self, width: int, outputs: int):
        super().__init__()
        self.norm_final = layer_norm(width)
        self.linear = nn.Linear(width, outputs)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))

    def forward(self, x: Tensor, modulation: Tensor) -> Tensor:
        """x [B, N, D], modulation [B, 2·D] (shift, scale) → [B, N, patch²·C]."""
        shift, scale = modulation.chunk(2, dim=1)
        return self.linear(modulate(self.norm_final(x), shift, scale))


def unpatchify(x: Tensor, grid: int, patch: int, channels: int) -> Tensor:
    """[B, grid², patch²·C] (C fastest) → [B, C, grid·patch, grid·patch]."""
    x = x.reshape(-1, grid, grid, patch, patch, channels).permute(0, 5, 1, 3, 2, 4)
    return x.reshape(-1, channels, grid * patch, grid * patch)
