"""Prompts and the text encoder: phrases → pooled, L2-normalised embeddings [P, D].

The small preset's encoder is a CLIP text model of a few layers over a word-level tokenizer of the domain's own words,
trained with the denoiser; the paper's is CLIP RN50's text tower, frozen, read from the user's disk.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from ..config import PromptConfig, TextConfig
from ..files.pretrained_folders import TEXT_WEIGHTS, read_tokenizer, require_readable

SPECIAL = ["<pad>", "<unk>", "<start>", "<end>"]  # <end> must not be id 2: transformers reads that as a legacy marker
PAD, START, END = 0, 2, 3


class Prompts:
    """Turns names into the three phrases of a row. `None` as product is the null product."""

    def __init__(self, config: PromptConfig):
        self.config = config

    def of(self, defect: str, product: str | None) -> tuple[str, str, str]:
        """The phrases for the background, defect and fusion blocks."""
        names = {"defect": defect, "product": product or self.config.null_product}
        wording = self.config
        return wording.background.format(**names), wording.defect.format(**names), wording.fusion.format(**names)

    def every(self, products: list[str], defects: list[str]) -> list[str]:
        """Every phrase that these names can make, in a stable order."""
        kinds = [self.config.normal, *defects]
        return list(dict.fromkeys(phrase for d in kinds for p in [*products, None] for phrase in self.of(d, p)))


def word_tokenizer(phrases: list[str], context_length: int) -> Tokenizer:
    """A tokenizer.json over the words of the phrases; unknown words become <unk>."""
    words = sorted({word for phrase in phrases for word in phrase.lower().split()})
    vocabulary = {word: i for i, word in enumerate([*SPECIAL, *words])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.post_processor = TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", START), ("<end>", END)]
    )
    tokenizer.enable_truncation(context_length)
    return tokenizer


def with_words(tokenizer: Tokenizer, phrases: list[str]) -> Tokenizer:
    """A word-level tokenizer that also knows the words of the phrases; those it knows keep their places."""
    document = json.loads(tokenizer.to_str())
    vocabulary = document["model"]["vocab"]
    for word in sorted({word for phrase in phrases for word in phrase.lower().split()} - vocabulary.keys()):
        vocabulary[word] = len(vocabulary)
    return Tokenizer.from_str(json.dumps(document))


class TextEncoder(nn.Module):
    """input_ids [P, L] → embedding [P, D] of unit length."""

    def __init__(self, model: CLIPTextModelWithProjection, tokenizer: Tokenizer, context_length: int, pad: int):
        super().__init__()
        self.model, self.tokenizer, self.context_length, self.pad = model, tokenizer, context_length, pad

    def forward(self, input_ids: Tensor) -> Tensor:
        return F.normalize(self.model(input_ids=input_ids).text_embeds, dim=-1)

    def ids(self, phrases: list[str]) -> Tensor:
        """int64 [P, L], padded. Raises ValueError for a phrase that does not fit the context."""
        rows = []
        for phrase in phrases:
            encoding = self.tokenizer.encode(phrase)
            ids = encoding.ids
            if encoding.overflowing or len(ids) > self.context_length:  # the tokenizer itself would cut it silently
                raise ValueError(f"prompt {phrase!r} is too long: at most {self.context_length} tokens fit")
            rows.append(ids + [self.pad] * (self.context_length - len(ids)))
        return torch.tensor(rows, dtype=torch.int64)

    def encode(self, phrases: list[str]) -> Tensor:
        return self(self.ids(phrases).to(next(self.model.parameters()).device))


def build_text_encoder(config: TextConfig, phrases: list[str], tokenizer: Tokenizer | None = None) -> TextEncoder:
    if config.kind == "clip":
        folder = Path(config.pretrained)
        require_readable(folder, TEXT_WEIGHTS)
        tokenizer = read_tokenizer(folder)
        loaded: Any = CLIPTextModelWithProjection.from_pretrained(
            folder, local_files_only=True, output_loading_info=True
        )
        model, found = loaded
        if lacking := sorted(found["missing_keys"]):  # which would be random values
            raise ValueError(f"{folder}: its weights lack {lacking[:5]}: not a CLIP text tower with its projection")
        length = model.config.max_position_embeddings
        tokenizer.enable_truncation(length)
        return TextEncoder(model.requires_grad_(False), tokenizer, length, model.config.eos_token_id)
    if config.kind != "word":
        raise ValueError(f"text.kind is {config.kind!r}, must be 'word' or 'clip'")
    tokenizer = tokenizer or word_tokenizer(phrases, config.context_length)
    model = CLIPTextModelWithProjection(
        CLIPTextConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=config.hidden_size,
            intermediate_size=2 * config.hidden_size,
            projection_dim=config.projection,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            max_position_embeddings=config.context_length,
            bos_token_id=START,
            eos_token_id=END,
            pad_token_id=PAD,
        )
    )
    return TextEncoder(model, tokenizer, config.context_length, PAD)
