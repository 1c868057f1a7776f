"""TDIA, the text-guided disentangled integrated architecture (paper §3.2, Fig. 2): a DiT cut into three parts.

    background blocks  hear  a photo of {product}
    defect blocks      hear  a photo of {defect}            + cross-attention over the image positions
    fusion blocks      hear  a photo of {defect} {product}  (the final layer too)

Rows share work: the background part depends on (x_t, t, c_p) alone, so several rows may continue one background
evaluation. Parameters are named as in the published DiT checkpoints and the authors' released code.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .config import DenoiserConfig
from .defect_attention import DefectAttention, MaskHead
from .layers import DiTBlock, FinalLayer, PatchEmbed, TimestepEmbedder, sincos_positions, unpatchify


class Rows(NamedTuple):
    """Which evaluations to make. B samples, U background rows, R rows."""

    background_sample: Tensor  # [U] the sample each background row reads
    background_text: Tensor  # [U, D]
    row_background: Tensor  # [R] the background row each row continues
    defect_text: Tensor  # [R, D]
    fusion_text: Tensor  # [R, D]


class Prediction(NamedTuple):
    output: Tensor  # [R, C, h, w]: noise or v, as the configuration says
    variance: Tensor | None  # [R, C, h, w] where sigma is learned
    mask_feature: Tensor  # [R, C, h, w], normalised (MaskHead)
    attention: Tensor  # [R, N]: Map of Eq. 7, sums to 1 over the positions


class TDIA(nn.Module):
    def __init__(self, config: DenoiserConfig):
        super().__init__()
        self.config = config
        self.checkpointing = False  # set by training, to save memory for a quarter more time
        d, p, c = config.hidden_size, config.patch_size, config.latent_channels
        self.grid = config.latent_size // p
        self.out_channels = 2 * c if config.learn_sigma else c
        local_grid = self.grid if config.locality else None
        self.x_embedder = PatchEmbed(p, c, d)
        self.t_embedder = TimestepEmbedder(d)
        self.y_embedders = nn.Linear(config.text_dim, d)
        self.pos_embed = nn.Parameter(sincos_positions(d, self.grid)[None], requires_grad=False)
        self.blocks = nn.ModuleList(
            [DiTBlock(d, config.heads, config.mlp_ratio, local_grid) for _ in range(config.depth)]
        )
        self.cross_defect = nn.ModuleList([DefectAttention(d, config.cross_heads) for _ in range(config.defect_blocks)])
        maps = config.defect_blocks * config.cross_heads
        self.adapt_mask = MaskHead(maps, config)
        self.final_layer = FinalLayer(d, p * p * self.out_channels)
        self._initialise()
        # After the initialisation above: these bring their own zeros.
        self.stem = LocalStem(config) if config.locality else None
        self.head = LocalHead(config, self.out_channels) if config.locality else None

    def forward(self, latent: Tensor, timestep: Tensor, rows: Rows) -> Prediction:
        """latent [B, C, h, w], timestep [B]."""
        n_background, n_defect = self.config.background_blocks, self.config.defect_blocks
        t = self.t_embedder(timestep)  # [B, D]
        x = self.x_embedder(latent) + self.pos_embed  # [B, N, D]
        local = None
        if self.stem is not None:
            local, tokens = self.stem(latent)  # [B, w, h, w], [B, N, D]
            x = x + tokens

        x, t = x.index_select(0, rows.background_sample), t.index_select(0, rows.background_sample)  # [U, …]
        c = t + self.y_embedders(rows.background_text)
        for block in self.blocks[:n_background]:
            x = self._run(block, x, c)

        x, t = x.index_select(0, rows.row_background), t.index_select(0, rows.row_background)  # [R, …]
        c = t + self.y_embedders(rows.defect_text)
        maps = []
        for block, cross in zip(self.blocks[n_background : n_background + n_defect], self.cross_defect, strict=True):
            x, attention = self._run(partial(_defect_block, block, cross), x, c)
            maps.append(attention)  # [R, N, heads]

        c = t + self.y_embedders(rows.fusion_text)
        for block in self.blocks[n_background + n_defect :]:
            x = self._run(block, x, c)
        output = unpatchify(self.final_layer(x, c), self.grid, self.config.patch_size, self.out_channels)
        picture = None
        if self.head is not None:
            sample = rows.background_sample.index_select(0, rows.row_background)  # [R]
            correction, picture = self.head(x, local.index_select(0, sample), c)
            output = output + correction

        variance = None
        if self.config.learn_sigma:
            output, variance = output.chunk(2, dim=1)
        mask_feature = self.adapt_mask(torch.cat(maps, -1), picture)
        return Prediction(output, variance, mask_feature, torch.stack(maps).mean((0, -1)))

    def _run(self, block: Callable, x: Tensor, c: Tensor):
        """With `checkpointing`, what the block computed within is computed anew for its gradient instead of kept."""
        if self.checkpointing and torch.is_grad_enabled():
            return checkpoint(block, x, c, use_reentrant=False)
        return block(x, c)

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.xavier_uniform_(self.x_embedder.proj.weight.view(self.config.hidden_size, -1))
        nn.init.zeros_(self.x_embedder.proj.bias)
        nn.init.normal_(self.y_embedders.weight, std=0.5)  # its input has unit norm
        for block in self.blocks:
            nn.init.zeros_(block.adaLN_modulation[1].weight)
        nn.init.zeros_(self.final_layer.adaLN_modulation[1].weight)
        nn.init.zeros_(self.final_layer.linear.weight)


def _defect_block(block: DiTBlock, cross: DefectAttention, x: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    m = block.modulation(c)
    x = block.attend(x, m)
    out, attention = cross(x, c)
    return block.feed(x + out, m), attention


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
        nn.init.zeros_(self.embed.bias)

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

    def forward(self, tokens: Tensor, local: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """tokens [R, N, D], local [R, W, h, w], c [R, D] → output [R, out_channels, h, w], features [R, W, h, w]."""
        x = local + unpatchify(self.expand(tokens), self.grid, self.patch, self.width)
        modulation = self.condition(c)[..., None, None].chunk(2 * len(self.conv1), dim=1)
        for i, (conv1, conv2) in enumerate(zip(self.conv1, self.conv2, strict=True)):
            h = conv1(F.silu(x)) * (1 + modulation[2 * i]) + modulation[2 * i + 1]
            x = x + conv2(F.silu(h))
        x = F.silu(x)
        return self.out(x), x
