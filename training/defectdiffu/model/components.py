"""The graphs of a bundle as modules; models/bundle.schema.json describes their inputs and outputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .autoencoder import ImageAutoencoder
from .noise_schedule import alpha_bar, noise_from_velocity
from .tdia import TDIA, Changes, Modulations, Prediction, Rows
from .text_encoder import TextEncoder


class TextComponent(nn.Module):
    """input_ids int64 [P, L] → text_embedding [P, D]."""

    def __init__(self, text: TextEncoder):
        super().__init__()
        self.text = text

    def forward(self, input_ids: Tensor) -> Tensor:
        return self.text(input_ids)


class ModulationComponent(nn.Module):
    """timestep [P], text [P, D] → the modulation of each part's layers, in one vector per condition: shifts, scales,
    gates, and the cross-attention's key and value.

    It does not depend on the picture: the engine keeps it, once for every distinct (timestep, text).
    """

    def __init__(self, denoiser: TDIA):
        super().__init__()
        self.denoiser = denoiser

    def forward(self, timestep: Tensor, text: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        c = self.denoiser.condition(timestep, text)
        parts = (
            self.denoiser.background_modulation(c),
            self.denoiser.defect_modulation(c),
            self.denoiser.fusion_modulation(c),
        )
        background, defect, fusion = (torch.cat(part, 1) for part in parts)
        return background, defect, fusion


class DenoiserComponent(nn.Module):
    """The guided evaluation with shared rows → noise [R, …], mask_feature [K, …] of `mask_rows` (diffusion space) and,
    if learned, variance [R, …]. Its conditions come as `ModulationComponent` gives them."""

    alpha_bar: Tensor

    def __init__(self, denoiser: TDIA):
        super().__init__()
        self.denoiser = denoiser
        self.register_buffer("alpha_bar", alpha_bar())

    def forward(
        self,
        latent: Tensor,
        timestep: Tensor,
        background_sample: Tensor,
        background_modulation: Tensor,
        row_background: Tensor,
        defect_modulation: Tensor,
        fusion_modulation: Tensor,
        mask_rows: Tensor,
    ) -> tuple[Tensor, ...]:
        widths = self.denoiser.modulation_widths()
        parts = (background_modulation, defect_modulation, fusion_modulation)
        modulations = Modulations(*(list(part.split(width, 1)) for part, width in zip(parts, widths, strict=True)))
        prediction = self.denoiser.evaluate(latent, background_sample, row_background, modulations, mask_rows)
        return self.in_diffusion_space(prediction, latent, timestep, background_sample.index_select(0, row_background))

    def in_diffusion_space(
        self, prediction: Prediction, latent: Tensor, timestep: Tensor, sample: Tensor
    ) -> tuple[Tensor, ...]:
        """`sample` [R]: the one that each row reads."""
        noise = prediction.output
        if self.denoiser.config.prediction == "v":
            ab = self.alpha_bar.index_select(0, timestep.index_select(0, sample))[:, None, None, None]
            noise = noise_from_velocity(noise, latent.index_select(0, sample), ab)
        mask_feature = self.denoiser.adapt_mask.denormalise(prediction.mask_feature)
        return (noise, mask_feature) if prediction.variance is None else (noise, mask_feature, prediction.variance)

    def evaluate(
        self, latent: Tensor, timestep: Tensor, rows: Rows, changes: Changes | None = None
    ) -> tuple[Tensor, ...]:
        """Both components in one: every row, from its texts."""
        sample = rows.background_sample.index_select(0, rows.row_background)
        return self.in_diffusion_space(self.denoiser(latent, timestep, rows, changes), latent, timestep, sample)

    def evaluate_modulated(
        self, latent: Tensor, timestep: Tensor, rows: Rows, modulations: Modulations
    ) -> tuple[Tensor, ...]:
        """Every row, with `modulations` in place of its texts."""
        sample = rows.background_sample.index_select(0, rows.row_background)
        prediction = self.denoiser.evaluate(latent, rows.background_sample, rows.row_background, modulations)
        return self.in_diffusion_space(prediction, latent, timestep, sample)


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
def round_to_float16(module: nn.Module) -> None:
    """Rounds the weights to float16 in place: a graph that stores them so then computes exactly what PyTorch does."""
    for parameter in module.parameters():
        parameter.copy_(parameter.half().float())
