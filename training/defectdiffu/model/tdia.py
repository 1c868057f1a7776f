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
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..config import DenoiserConfig
from .defect_attention import DefectAttention, MaskHead
from .layers import DiTBlock, FinalLayer, PatchEmbed, TimestepEmbedder, sincos_positions, unpatchify
from .locality import LocalHead, LocalStem


class Rows(NamedTuple):
    """Which evaluations to make. B samples, U background rows, R rows."""

    background_sample: Tensor  # [U] the sample each background row reads
    background_text: Tensor  # [U, D]
    row_background: Tensor  # [R] the background row each row continues
    defect_text: Tensor  # [R, D]
    fusion_text: Tensor  # [R, D]
    adapter: Tensor | None = None  # [B] the index of each sample's adapter, NO_ADAPTER for none


class Changes(NamedTuple):
    """What adapters add to the modulations of each part, the layers side by side."""

    background: Tensor  # [U, …]
    defect: Tensor  # [R, …]
    fusion: Tensor  # [R, …]


class Modulations(NamedTuple):
    """The modulation of each layer of a part by its condition (timestep and text)."""

    background: list[Tensor]
    defect: list[Tensor]
    fusion: list[Tensor]


class Prediction(NamedTuple):
    output: Tensor  # [R, C, h, w]: noise or v, as the configuration says
    variance: Tensor | None  # [R, C, h, w] where sigma is learned
    mask_feature: Tensor  # [K, C, h, w], normalised (MaskHead)
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

    def forward(self, latent: Tensor, timestep: Tensor, rows: Rows, changes: Changes | None = None) -> Prediction:
        """latent [B, C, h, w], timestep [B]."""
        t = timestep.index_select(0, rows.background_sample)  # [U]
        row_t = t.index_select(0, rows.row_background)  # [R]
        modulations = Modulations(
            self.background_modulation(self.condition(t, rows.background_text)),
            self.defect_modulation(self.condition(row_t, rows.defect_text)),
            self.fusion_modulation(self.condition(row_t, rows.fusion_text)),
        )
        if changes is not None:
            modulations = self._changed(modulations, changes)
        return self.evaluate(latent, rows.background_sample, rows.row_background, modulations)

    def evaluate(
        self,
        latent: Tensor,
        background_sample: Tensor,
        row_background: Tensor,
        modulations: Modulations,
        mask_rows: Tensor | None = None,
    ) -> Prediction:
        """Evaluates the network with `modulations` in place of its conditions. `mask_rows` [K] are the rows whose mask
        features are needed; all by default."""
        n_background, n_defect = self.config.background_blocks, self.config.defect_blocks
        x = self.x_embedder(latent) + self.pos_embed  # [B, N, D]
        local = None
        if self.stem is not None:
            local, tokens = self.stem(latent)  # [B, w, h, w], [B, N, D]
            x = x + tokens

        x = x.index_select(0, background_sample)  # [U, N, D]
        for block, m in zip(self.blocks[:n_background], modulations.background, strict=True):
            x = self._run(block, x, m)

        x = x.index_select(0, row_background)  # [R, N, D]
        maps = []
        defect_blocks = self.blocks[n_background : n_background + n_defect]
        for block, cross, m in zip(defect_blocks, self.cross_defect, modulations.defect, strict=True):
            assert isinstance(block, DiTBlock) and isinstance(cross, DefectAttention)
            x, attention = self._run(partial(_defect_block, block, cross), x, m)
            maps.append(attention)  # [R, N, heads]

        blocks = self.blocks[n_background + n_defect :]
        for block, m in zip(blocks, modulations.fusion[: len(blocks)], strict=True):
            x = self._run(block, x, m)
        of_final, *of_head = modulations.fusion[len(blocks) :]
        output = unpatchify(self.final_layer(x, of_final), self.grid, self.config.patch_size, self.out_channels)
        picture = None
        if self.head is not None and local is not None:
            sample = background_sample.index_select(0, row_background)  # [R]
            correction, picture = self.head(x, local.index_select(0, sample), *of_head)
            output = output + correction

        variance = None
        if self.config.learn_sigma:
            output, variance = output.chunk(2, dim=1)
        select_rows = (lambda t: t) if mask_rows is None else lambda t: t.index_select(0, mask_rows)
        mask_feature = self.adapt_mask(
            select_rows(torch.cat(maps, -1)), None if picture is None else select_rows(picture)
        )
        return Prediction(output, variance, mask_feature, torch.stack(maps).mean((0, -1)))

    def freeze_background(self) -> None:
        """Holds the weights of the background part. The time and the text, which all parts hear, still learn."""
        held = [self.x_embedder, *self.blocks[: self.config.background_blocks]]
        for part in held + ([self.stem] if self.stem is not None else []):
            part.requires_grad_(False)

    def condition(self, timestep: Tensor, text: Tensor) -> Tensor:
        """timestep [P], text [P, text_dim] → c [P, D]."""
        return self.t_embedder(timestep) + self.y_embedders(text)

    def modulation_widths(self) -> tuple[list[int], list[int], list[int]]:
        """The width of each modulation tensor of the background, defect and fusion blocks."""
        config, d = self.config, self.config.hidden_size
        head = [2 * config.local_width * config.local_blocks] if config.locality else []
        return (
            [6 * d] * config.background_blocks,
            [8 * d] * config.defect_blocks,
            [6 * d] * config.fusion_blocks + [2 * d] + head,
        )

    def background_modulation(self, c: Tensor) -> list[Tensor]:
        """c = time + product text [U, D] → of each background block, [U, 6·D]."""
        return [block.modulation(c) for block in self._blocks()[: self.config.background_blocks]]

    def defect_modulation(self, c: Tensor) -> list[Tensor]:
        """c = time + defect text [R, D] → of each defect block and its cross-attention's key and value, [R, 8·D]."""
        first = self.config.background_blocks
        blocks = self._blocks()[first : first + self.config.defect_blocks]
        crosses = cast(list[DefectAttention], list(self.cross_defect))
        return [
            torch.cat([block.modulation(c), cross.cross_attention.key_value(c)], dim=1)
            for block, cross in zip(blocks, crosses, strict=True)
        ]

    def fusion_modulation(self, c: Tensor) -> list[Tensor]:
        """c = time + fusion text [R, D] → of each fusion block [R, 6·D], final layer [R, 2·D], local head."""
        blocks = self._blocks()[self.config.background_blocks + self.config.defect_blocks :]
        last = [self.final_layer.adaLN_modulation(c)] + ([self.head.condition(c)] if self.head is not None else [])
        return [block.modulation(c) for block in blocks] + last

    def _changed(self, modulations: Modulations, changes: Changes) -> Modulations:
        parts = zip(modulations, changes, self.modulation_widths(), strict=True)
        return Modulations(
            *([m + c for m, c in zip(part, change.split(widths, 1), strict=True)] for part, change, widths in parts)
        )

    def _blocks(self) -> list[DiTBlock]:
        return cast(list[DiTBlock], list(self.blocks))

    def _run(self, block: Callable, x: Tensor, c: Tensor):
        """With `checkpointing`, activations within the block are recomputed for the gradient instead of stored."""
        if self.checkpointing and torch.is_grad_enabled():
            return checkpoint(block, x, c, use_reentrant=False)
        return block(x, c)

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.xavier_uniform_(self.x_embedder.proj.weight.view(self.config.hidden_size, -1))
        nn.init.zeros_(self.x_embedder.proj.bias)  # type: ignore[arg-type]
        nn.init.normal_(self.y_embedders.weight, std=0.5)  # its input has unit norm
        for gate in [*self._blocks(), self.final_layer]:
            nn.init.zeros_(cast(nn.Linear, cast(nn.Sequential, gate.adaLN_modulation)[1]).weight)
        nn.init.zeros_(self.final_layer.linear.weight)


def _defect_block(block: DiTBlock, cross: DefectAttention, x: Tensor, modulation: Tensor) -> tuple[Tensor, Tensor]:
    """modulation [B, 8·D]: the block's six, then the cross-attention's key and value."""
    of_block, key_value = modulation.split([6 * x.shape[-1], 2 * x.shape[-1]], dim=1)
    m = of_block.chunk(6, dim=1)
    x = block.attend(x, m)
    out, attention = cross(x, key_value)
    return block.feed(x + out, m), attention
