"""The training module: the denoiser and the text encoder, which are optimised together."""

from __future__ import annotations

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from ..config import TrainingConfig
from ..data.vocabulary import Vocabulary
from .tdia import TDIA, Prediction, Rows
from .text_encoder import Prompts, TextEncoder, build_text_encoder


class TrainingModule(nn.Module):
    def __init__(self, denoiser: TDIA, text: TextEncoder):
        super().__init__()
        self.denoiser, self.text = denoiser, text

    def forward(self, input_ids: Tensor, phrases: Tensor, latent: Tensor, timestep: Tensor) -> Prediction:
        """`phrases` [3, B] indexes the rows of input_ids: background, defect and fusion phrase of each sample."""
        background, defect, fusion = self.text(input_ids)[phrases]
        each = torch.arange(len(latent), device=latent.device)
        return self.denoiser(latent, timestep, Rows(each, background, each, defect, fusion))


def build_training_module(
    config: TrainingConfig, vocabulary: Vocabulary, tokenizer: Tokenizer | None = None
) -> TrainingModule:
    """Untrained weights; `tokenizer` is a saved one, else it is made from the vocabulary."""
    phrases = Prompts(config.prompts).every(vocabulary.products, vocabulary.defects)
    return TrainingModule(TDIA(config.denoiser), build_text_encoder(config.text, phrases, tokenizer))
