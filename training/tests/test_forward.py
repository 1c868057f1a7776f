"""The network against a second implementation of it: plain formulas over a state dict, written from the method's facts
(DiT's layers and parameter names; where the prompts, the cross-attention and the mask head of the paper come in)."""

from __future__ import annotations

import math

import torch
from conftest import plain_rows
from torch import Tensor

from defectdiffu.config import DenoiserConfig
from defectdiffu.model.tdia import TDIA

WIDTH, HEADS, CROSS_HEADS, GRID, PATCH, CHANNELS = 48, 3, 6, 4, 2, 4
BACKGROUND, DEFECT, FUSION = 2, 3, 2
CONFIG = DenoiserConfig(
    latent_size=GRID * PATCH, hidden_size=WIDTH, heads=HEADS, cross_heads=CROSS_HEADS, background_blocks=BACKGROUND,
    defect_blocks=DEFECT, fusion_blocks=FUSION, text_dim=12, learn_sigma=True,
)  # fmt: skip


class Formulas:
    def __init__(self, state: dict[str, Tensor]):
        self.state = state

    def linear(self, x: Tensor, name: str) -> Tensor:
        return x @ self.state[f"{name}.weight"].T + self.state[f"{name}.bias"]

    def time(self, t: Tensor) -> Tensor:
        angles = t[:, None].float() * 10000 ** (-torch.arange(128) / 128)
        hidden = self.linear(torch.cat([angles.cos(), angles.sin()], 1), "t_embedder.mlp.0")
        return self.linear(silu(hidden), "t_embedder.mlp.2")

    def tokens(self, latent: Tensor) -> Tensor:
        """Row by row, left to right, each patch times the kernel, plus its position."""
        kernel, bias = self.state["x_embedder.proj.weight"], self.state["x_embedder.proj.bias"]
        columns = []
        for token in range(GRID**2):
            row, column = divmod(token, GRID)
            patch = latent[:, :, row * PATCH : (row + 1) * PATCH, column * PATCH : (column + 1) * PATCH]
            columns.append(torch.einsum("bcij,dcij->bd", patch, kernel) + bias + position(column, row))
        return torch.stack(columns, 1)

    def self_attention(self, x: Tensor, block: str) -> Tensor:
        thirds = self.linear(x, f"{block}.attn.qkv").split(WIDTH, -1)
        heads = []
        for q, k, v in zip(*(part.split(WIDTH // HEADS, -1) for part in thirds), strict=True):
            weights = (q @ k.transpose(1, 2) / math.sqrt(WIDTH // HEADS)).softmax(-1)
            heads.append(weights @ v)
        return self.linear(torch.cat(heads, -1), f"{block}.attn.proj")

    def cross_attention(self, x: Tensor, c: Tensor, name: str) -> tuple[Tensor, Tensor]:
        """One key: each head's softmax runs over the positions. Its output is neither gated nor projected."""
        query = self.linear(standardised(x), f"{name}.to_q")
        key, value = (self.linear(c, f"{name}.{part}")[:, None] for part in ("to_k", "to_v"))
        width = WIDTH // CROSS_HEADS
        outputs, maps = [], []
        for q, k, v in zip(*(part.split(width, -1) for part in (query, key, value)), strict=True):
            maps.append(((q * k).sum(-1) / math.sqrt(width)).softmax(1))
            outputs.append(maps[-1][..., None] * v)
        return torch.cat(outputs, -1), torch.stack(maps, -1)

    def block(self, x: Tensor, c: Tensor, index: int, cross: int | None = None) -> tuple[Tensor, Tensor | None]:
        name, maps = f"blocks.{index}", None
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = (
            part[:, None] for part in self.linear(silu(c), f"{name}.adaLN_modulation.1").split(WIDTH, -1)
        )
        x = x + gate_a * self.self_attention(standardised(x) * (1 + scale_a) + shift_a, name)
        if cross is not None:
            out, maps = self.cross_attention(x, c, f"cross_defect.{cross}.cross_attention")
            x = x + out
        hidden = self.linear(standardised(x) * (1 + scale_m) + shift_m, f"{name}.mlp.fc1")
        hidden = hidden * (1 + torch.erf(hidden / math.sqrt(2))) / 2  # GELU, exact
        return x + gate_m * self.linear(hidden, f"{name}.mlp.fc2"), maps

    def forward(self, latent: Tensor, t: Tensor, product: Tensor, defect: Tensor, both: Tensor):
        """noise, variance, mask feature, Map; one row per sample."""
        time, x = self.time(t), self.tokens(latent)
        for i in range(BACKGROUND):
            x, _ = self.block(x, time + self.linear(product, "y_embedders"), i)
        maps = []
        for j in range(DEFECT):
            x, own = self.block(x, time + self.linear(defect, "y_embedders"), BACKGROUND + j, j)
            maps.append(own)
        c = time + self.linear(both, "y_embedders")
        for i in range(FUSION):
            x, _ = self.block(x, c, BACKGROUND + DEFECT + i)
        shift, scale = (p[:, None] for p in self.linear(silu(c), "final_layer.adaLN_modulation.1").split(WIDTH, -1))
        output = picture(self.linear(standardised(x) * (1 + scale) + shift, "final_layer.linear"), 2 * CHANNELS)
        hidden = silu(standardised(torch.cat(maps, -1)))
        hidden = self.linear(self.linear(hidden, "adapt_mask.mlp.1"), "adapt_mask.mlp.2")
        feature = picture(self.linear(hidden, "adapt_mask.linear"), CHANNELS)
        return output[:, :CHANNELS], output[:, CHANNELS:], feature, torch.stack(maps).mean((0, -1))


def silu(x: Tensor) -> Tensor:
    return x * torch.sigmoid(x)


def standardised(x: Tensor) -> Tensor:
    """LayerNorm without weights, eps 1e-6."""
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + 1e-6).sqrt()


def position(x: int, y: int) -> Tensor:
    omega = 10000.0 ** (-torch.arange(WIDTH // 4, dtype=torch.float64) / (WIDTH // 4))
    return torch.cat([(x * omega).sin(), (x * omega).cos(), (y * omega).sin(), (y * omega).cos()]).float()


def picture(x: Tensor, channels: int) -> Tensor:
    """Each token holds its patch, row by row, the channels last."""
    out = torch.zeros(len(x), channels, GRID * PATCH, GRID * PATCH)
    for token in range(GRID**2):
        row, column = divmod(token, GRID)
        for i in range(PATCH):
            for j in range(PATCH):
                start = (i * PATCH + j) * channels
                out[:, :, row * PATCH + i, column * PATCH + j] = x[:, token, start : start + channels]
    return out


@torch.no_grad()
def test_the_network_computes_the_formulas():
    torch.manual_seed(0)
    denoiser = TDIA(CONFIG).eval()
    for parameter in denoiser.parameters():
        if parameter.requires_grad:  # wake what begins at zero; small enough that no softmax saturates
            parameter.add_(torch.randn_like(parameter) * 0.15)
    latent, t = torch.randn(5, CHANNELS, GRID * PATCH, GRID * PATCH), torch.tensor([0, 3, 17, 500, 999])
    rows = plain_rows(5, CONFIG.text_dim)
    ours = denoiser(latent, t, rows)
    theirs = Formulas(denoiser.state_dict()).forward(
        latent, t, rows.background_text, rows.defect_text, rows.fusion_text
    )
    assert 0.1 < float(ours.attention.max()) < 0.9  # Map differs from place to place (1/16 were even)
    for name, a, b in zip(("noise", "variance", "mask feature", "Map"), ours_in_order(ours), theirs, strict=True):
        assert float(b.std()) > 1e-3, name
        assert float((a - b).abs().max()) <= 1e-4 * float(b.abs().max()), name


def ours_in_order(prediction) -> tuple[Tensor, ...]:
    return prediction.output, prediction.variance, prediction.mask_feature, prediction.attention
