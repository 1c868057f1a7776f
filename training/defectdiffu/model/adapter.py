"""An adapter: a product and its defects learnt beside a model whose own weights stay as they are.

It has an embedding for every phrase of its own words, which takes the text encoder's place, and what it adds to the
modulations of each part: a low-rank change, up·down·SiLU(time + text) as in LoRA (Hu et al. 2022), zero at the start.
Modulations travel per row, so rows of several adapters, and of none, share one evaluation of the denoiser.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..config import AdapterConfig
from ..data.vocabulary import Vocabulary
from .layers import timestep_features
from .tdia import TDIA, Changes, Prediction, Rows
from .text_encoder import Prompts
from .training_module import TrainingModule

TIME_FEATURES = 256
NO_ADAPTER = -1  # the index of a sample without an adapter
BACKGROUND = 0  # the index of a part


class Adapter(nn.Module):
    def __init__(self, config: AdapterConfig, widths: Sequence[int], phrases: list[str], embedding: Tensor):
        """`widths`: of each part's modulations together; embedding [n, text_dim] of the n phrases."""
        super().__init__()
        self.config, self.widths, self.phrases = config, list(widths), phrases
        self.embedding = nn.Parameter(embedding.clone())
        self.time = nn.Linear(TIME_FEATURES, config.hidden)
        self.text = nn.Linear(embedding.shape[1], config.hidden, bias=False)
        self.down = nn.ModuleList([nn.Linear(config.hidden, config.rank) for _ in widths])
        self.up = nn.ModuleList([nn.Linear(config.rank, width, bias=False) for width in widths])
        for up in self.up:
            nn.init.zeros_(cast(nn.Linear, up).weight)
        if not config.background:
            for layer in (self.down[BACKGROUND], self.up[BACKGROUND]):
                layer.requires_grad_(False)

    @property
    def embeddings(self) -> Tensor:
        """Of the phrases, [n, text_dim], of unit length as the text encoder's are."""
        return F.normalize(self.embedding, dim=-1)

    def encode(self, phrases: list[str]) -> Tensor:
        """[P, text_dim]. Raises ValueError for a phrase that the adapter was not made for."""
        if unknown := [phrase for phrase in phrases if phrase not in self.phrases]:
            raise ValueError(f"the adapter does not know {unknown[0]!r}; it knows {', '.join(map(repr, self.phrases))}")
        return self.embeddings[torch.tensor([self.phrases.index(phrase) for phrase in phrases])]

    def part(self, index: int, timestep: Tensor, text: Tensor) -> Tensor:
        """What is added to the modulations of part 0, 1 or 2: timestep [P], text [P, text_dim] → [P, width]."""
        h = F.silu(self.time(timestep_features(timestep, TIME_FEATURES)) + self.text(text))
        change = self.up[index](self.down[index](h))
        return change.detach() if index == BACKGROUND and not self.config.background else change

    def forward(self, timestep: Tensor, text: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """timestep [P], text [P, text_dim] → the change of each part, as ModulationComponent's."""
        background, defect, fusion = (self.part(index, timestep, text) for index in range(3))
        return background, defect, fusion


def new_adapter(
    config: AdapterConfig, module: TrainingModule, prompts: Prompts, words: Vocabulary, known: Vocabulary
) -> Adapter:
    """An adapter of `words` that changes nothing yet; `known` are those of the model.

    A phrase begins as the text encoder's. A product that is new begins as no product, and a defect as the mean of those
    that are known.
    """
    product_like = lambda name: name if name in known.products else None  # noqa: E731
    defects_like = lambda name: [name] if name in (prompts.config.normal, *known.defects) else known.defects  # noqa: E731
    begins: dict[str, list[str]] = {}
    for defect in [prompts.config.normal, *words.defects]:
        for product in [*words.products, None]:
            like = [prompts.of(each, product_like(product)) for each in defects_like(defect)]
            begins |= zip(prompts.of(defect, product), map(list, zip(*like, strict=True)), strict=True)
    with torch.no_grad():
        embedding = torch.stack([module.text.encode(like).mean(0) for like in begins.values()])
    widths = [sum(of_layers) for of_layers in module.denoiser.modulation_widths()]
    return Adapter(config, widths, list(begins), embedding)


def changes_of(adapters: Sequence[Adapter], timestep: Tensor, rows: Rows) -> Changes | None:
    """What the adapters of the samples add to the modulations of their rows, zero where a sample has none.

    timestep [B]. None where no sample has an adapter, so that nothing at all is added.
    """
    of_sample = rows.adapter
    if of_sample is None or not (of_sample != NO_ADAPTER).any():
        return None
    sample = rows.background_sample.index_select(0, rows.row_background)  # [R]
    reads = (rows.background_sample, sample, sample)
    texts = (rows.background_text, rows.defect_text, rows.fusion_text)
    parts = []
    for part, (of_row, text) in enumerate(zip(reads, texts, strict=True)):
        change = text.new_zeros(len(text), adapters[0].widths[part])
        for index, adapter in enumerate(adapters):
            own = (of_sample[of_row] == index).nonzero().flatten()
            if len(own):
                change = change.index_copy(0, own, adapter.part(part, timestep[of_row[own]], text[own]))
        parts.append(change)
    return Changes(*parts)


class AdapterModule(nn.Module):
    """An adapter in training: the denoiser's weights are held, and its phrases are the adapter's."""

    def __init__(self, denoiser: TDIA, adapter: Adapter):
        super().__init__()
        self.denoiser, self.adapter = denoiser.requires_grad_(False), adapter

    def forward(self, phrases: Tensor, latent: Tensor, timestep: Tensor) -> Prediction:
        """`phrases` [3, B] indexes the adapter's: background, defect and fusion phrase of each sample."""
        background, defect, fusion = self.adapter.embeddings[phrases]
        if not self.adapter.config.background:
            background = background.detach()  # so that no gradient goes through the background part at all
        each = torch.arange(len(latent), device=latent.device)
        rows = Rows(each, background, each, defect, fusion, torch.zeros_like(each))
        return self.denoiser(latent, timestep, rows, changes_of([self.adapter], timestep, rows))
