"""Image autoencoders behind one contract: images in [-1, 1] ↔ latents of the diffusion space (about unit variance).

    encode(image [B, 3, H, W]) → latent [B, C, H/8, W/8]     posterior mean, scaled
    decode(latent) → image

Two implementations: diffusers' `AutoencoderKL` (published Stable Diffusion weights), and a small one that two CPU
cores train in minutes: pixel-unshuffle first, so that no convolution runs above a quarter of the image's size, or
half of it at the decoder's end (`fine_width`).
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..config import AutoencoderConfig
from ..files.pretrained_folders import AUTOENCODER_WEIGHTS, require_readable


class ResidualBlock(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.silu(self.conv1(F.silu(x))))


class SmallAutoencoder(nn.Module):
    """8× down, KL-regularised. `latent_mean` and `latent_std` normalise each channel; measured after training."""

    downscale = 8
    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, config: AutoencoderConfig):
        super().__init__()
        c, w, d = config.latent_channels, config.width, config.deep_width
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(4),  # [B, 48, H/4, W/4]
            nn.Conv2d(48, w, 3, padding=1),
            *[ResidualBlock(w) for _ in range(config.blocks)],
            nn.Conv2d(w, d, 4, stride=2, padding=1),  # [B, d, H/8, W/8]
            *[ResidualBlock(d) for _ in range(config.deep_blocks)],
            nn.SiLU(),
            nn.Conv2d(d, 2 * c, 3, padding=1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(c, d, 3, padding=1),
            *[ResidualBlock(d) for _ in range(config.deep_blocks)],
            nn.SiLU(),
            nn.Conv2d(d, 4 * w, 3, padding=1),
            nn.PixelShuffle(2),  # [B, w, H/4, W/4]
            *[ResidualBlock(w) for _ in range(config.blocks)],
            nn.SiLU(),
            *_to_pixels(config),
        )
        self.register_buffer("latent_mean", torch.zeros(1, c, 1, 1))
        self.register_buffer("latent_std", torch.ones(1, c, 1, 1))

    def posterior(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(z | image), unscaled, [B, C, H/8, W/8] each."""
        mean, log_variance = self.encoder(image).chunk(2, dim=1)
        return mean, log_variance.clamp(-20, 10)

    def encode(self, image: Tensor) -> Tensor:
        return (self.posterior(image)[0] - self.latent_mean) / self.latent_std

    def decode(self, latent: Tensor) -> Tensor:
        return self.decode_raw(latent * self.latent_std + self.latent_mean)

    def decode_raw(self, z: Tensor) -> Tensor:
        return self.decoder(z)

    def scale(self) -> list[float]:
        """The factor from the autoencoder's own latents to the diffusion space, per channel."""
        return (1 / self.latent_std).flatten().tolist()


def _to_pixels(config: AutoencoderConfig) -> list[nn.Module]:
    """[B, w, H/4, W/4] → [B, 3, H, W]."""
    w, f = config.width, config.fine_width
    if not f:
        return [nn.Conv2d(w, 48, 3, padding=1), nn.PixelShuffle(4)]
    return [
        nn.Conv2d(w, 4 * f, 3, padding=1),
        nn.PixelShuffle(2),  # [B, f, H/2, W/2]
        *[ResidualBlock(f) for _ in range(config.fine_blocks)],
        nn.SiLU(),
        nn.Conv2d(f, 12, 3, padding=1),
        nn.PixelShuffle(2),
    ]


class KLAutoencoder(nn.Module):
    """diffusers' AutoencoderKL behind the same contract; encode·0.18215, decode/0.18215 for Stable Diffusion's."""

    downscale = 8
    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, config: AutoencoderConfig):
        super().__init__()
        from diffusers import AutoencoderKL

        if config.pretrained:
            require_readable(Path(config.pretrained), AUTOENCODER_WEIGHTS)
            self.vae = AutoencoderKL.from_pretrained(config.pretrained, local_files_only=True)
            self.factor = float(self.vae.config.scaling_factor)
        else:
            self.vae = AutoencoderKL(
                down_block_types=("DownEncoderBlock2D",) * 4,
                up_block_types=("UpDecoderBlock2D",) * 4,
                block_out_channels=(128, 256, 512, 512),
                layers_per_block=2,
                latent_channels=config.latent_channels,
                scaling_factor=config.scaling_factor,
            )
            self.factor = config.scaling_factor

    def encode(self, image: Tensor) -> Tensor:
        return self.vae.encode(image).latent_dist.mode() * self.factor

    def decode(self, latent: Tensor) -> Tensor:
        return self.vae.decode(latent / self.factor).sample

    def scale(self) -> float:
        return self.factor


ImageAutoencoder = SmallAutoencoder | KLAutoencoder


def build_autoencoder(config: AutoencoderConfig) -> ImageAutoencoder:
    if config.kind == "small":
        return SmallAutoencoder(config)
    if config.kind == "kl":
        return KLAutoencoder(config)
    raise ValueError(f"autoencoder.kind is {config.kind!r}, must be 'small' or 'kl'")


def mask_as_image(mask: Tensor) -> Tensor:
    """A mask [B, H, W] in {0, 1} as the image the autoencoder sees: [B, 3, H, W] in {-1, 1}."""
    return (mask.float()[:, None] * 2 - 1).expand(-1, 3, -1, -1).contiguous()


def autoencoder_loss(
    image: Tensor, output: Tensor, mean: Tensor, log_variance: Tensor, kl_weight: float, weight: Tensor
) -> Tensor:
    """L1 + 2·MSE + ½·gradient L1 + kl_weight·KL, all means. The gradient term keeps thin cracks and grain sharp.
    `weight` [B, 1, H, W] is that of each pixel."""
    difference = output - image
    dx, dy = difference.diff(dim=-1).abs(), difference.diff(dim=-2).abs()
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
    return (
        (weight * difference.abs()).mean()
        + 2 * (weight * difference.square()).mean()
        + 0.5 * ((weight[..., 1:] * dx).mean() + (weight[..., 1:, :] * dy).mean())
        + kl_weight * kl
    )
