"""Settings of the networks: autoencoder, denoiser, text encoder, and the wording of prompts."""

from __future__ import annotations

from string import Formatter
from typing import Annotated, Literal

from annotated_types import Ge
from pydantic import model_validator

from .settings import (
    Count,
    Flag,
    NonNegativeCount,
    Positive,
    SettingsError,
    Text,
    Whole,
    settings,
)

TEMPLATES = ("background", "defect", "fusion")
ContextLength = Annotated[Whole, Ge(3)]  # tokens: at least one word between the start and the end marker


@settings
class AutoencoderConfig:
    kind: Literal["small", "kl"] = "small"
    latent_channels: Count = 4
    width: Count = 64
    deep_width: Count = 128
    blocks: NonNegativeCount = 2
    deep_blocks: NonNegativeCount = 3
    # Width of the decoder's blocks at half the image's size; without them, texture repeats every 4 pixels.
    fine_width: NonNegativeCount = 0
    fine_blocks: NonNegativeCount = 2
    pretrained: Text = ""  # kind "kl": folder of diffusers weights on the user's disk
    scaling_factor: Positive = 0.18215  # kind "kl"


@settings
class DenoiserConfig:
    """TDIA. `background_blocks`, `defect_blocks` and `fusion_blocks` are the paper's N, M and K."""

    latent_channels: Count = 4
    latent_size: Count = 16  # latents along a side: an eighth of the image's side
    patch_size: Count = 2
    hidden_size: Count = 256
    heads: Count = 4
    cross_heads: Count = 4
    mlp_ratio: Positive = 4.0
    background_blocks: Count = 3
    defect_blocks: Count = 3
    fusion_blocks: NonNegativeCount = 3
    text_dim: Count = 128
    learn_sigma: Flag = False
    # What the network predicts: the noise or the velocity. The exported graph turns velocity into noise.
    prediction: Literal["epsilon", "v"] = "epsilon"
    # Convolutions beside the DiT blocks (see tdia.py). Off for checkpoints that have the paper's shape.
    locality: Flag = False
    local_width: Count = 64
    local_blocks: NonNegativeCount = 3
    mask_reads_picture: Flag = False  # with locality: the mask head also sees the local head's features

    @property
    def depth(self) -> int:
        return self.background_blocks + self.defect_blocks + self.fusion_blocks

    @model_validator(mode="after")
    def _sizes_divide(self) -> DenoiserConfig:
        problems = []
        if self.latent_size % self.patch_size:
            problems.append(f"patch_size is {self.patch_size}, must divide latent_size, {self.latent_size}")
        for name in ("heads", "cross_heads"):
            if self.hidden_size % getattr(self, name):
                problems.append(f"{name} is {getattr(self, name)}, must divide hidden_size, {self.hidden_size}")
        if problems:
            raise SettingsError(problems)
        return self


@settings
class TextConfig:
    kind: Literal["word", "clip"] = "word"  # "word": small, trained with the denoiser; "clip": frozen, pretrained
    pretrained: Text = ""  # kind "clip": folder of transformers weights on the user's disk
    hidden_size: Count = 128
    layers: Count = 1
    heads: Count = 4
    projection: Count = 128
    context_length: ContextLength = 12  # tokens

    @model_validator(mode="after")
    def _heads_divide(self) -> TextConfig:
        if self.kind == "word" and self.hidden_size % self.heads:
            raise ValueError(f"heads is {self.heads}, must divide text.hidden_size, {self.hidden_size}")
        return self


@settings
class PromptConfig:
    """The wording of the bundle's manifest. {product} and {defect} are replaced by prompt names."""

    background: Text = "a photo of {product}"
    defect: Text = "a photo of {defect}"
    fusion: Text = "a photo of {defect} {product}"
    normal: Text = "good"
    null_product: Text = "industry"

    @model_validator(mode="after")
    def _words_and_templates(self) -> PromptConfig:
        problems = [
            f"{name} is empty, must be a word" for name in ("normal", "null_product") if not getattr(self, name).strip()
        ]
        for name in TEMPLATES:
            template = getattr(self, name)
            if _placeholders(template) - {"product", "defect"}:
                problems.append(f"{name} is {template!r}, may name {{product}} and {{defect}} alone")
        if problems:
            raise SettingsError(problems)
        return self


def _placeholders(template: str) -> set[str]:
    try:
        return {field for _, field, _, _ in Formatter().parse(template) if field is not None}
    except ValueError:  # a brace that is not closed
        return {template}
