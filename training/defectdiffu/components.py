"""The graphs of a bundle as modules: what goes in and out of each is design §4's contract."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .autoencoder import ImageAutoencoder
from .diffusion import alpha_bar, noise_from_velocity
from .tdia import TDIA, Rows
from .text import TextEncoder


class TextComponent(nn.Module):
    """input_ids int64 [P, L] → text_embedding [P, D]."""

    def __init__(self, text: TextEncoder):
        super().__init__()
        self.text = text

    def forward(self, input_ids: Tensor) -> Tensor:
        return self.text(input_ids)


class DenoiserComponent(nn.Module):
    """The guided evaluation with shared rows → noise, mask_feature (diffusion space) and, if learned, variance."""

    def __init__(self, denoiser: TDIA):
        super().__init__()
        self.denoiser = denoiser
        self.register_buffer("alpha_bar", alpha_bar())

    def forward(
        self,
        latent: Tensor,
        timestep: Tensor,
        background_sample: Tensor,
        background_text: Tensor,
        row_background: Tensor,
        defect_text: Tensor,
        fusion_text: Tensor,
    ) -> tuple[Tensor, ...]:
        rows = Rows(background_sample, background_text, row_background, defect_text, fusion_text)
        prediction = self.denoiser(latent, timestep, rows)
        noise = prediction.output
        if self.denoiser.config.prediction == "v":
            sample = background_sample.index_select(0, row_background)
            ab = self.alpha_bar.index_select(0, timestep.index_select(0, sample))[:, None, None, None]
            noise = noise_from_velocity(noise, latent.index_select(0, sample), ab)
        mask_feature = self.denoiser.adapt_mask.denormalise(prediction.mask_feature)
        return (noise, mask_feature) if prediction.variance is None else (noise, mask_feature, prediction.variance)


class DecoderComponent(nn.Module):
    """latent [B, C, h, w] → image [B, 3, H, W] in about [-1, 1]."""

    def __init__(self, autoencoder: ImageAutoencoder):
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, latent: Tensor) -> Tensor:
        return self.autoencoder.decode(latent)


class EncoderComponent(nn.Module):
    """image [B, 3, H, W] in [-1, 1] → latent [B, C, h, w]."""

    def __init__(self, autoencoder: ImageAutoencoder):
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, image: Tensor) -> Tensor:
        return self.autoencoder.encode(image)


@torch.no_grad()
def round_to_half(module: nn.Module) -> None:
    """Rounds the weights to float16 in place: a graph that stores them so then computes exactly what PyTorch does."""
    for parameter in module.parameters():
        parameter.copy_(parameter.half().float())
