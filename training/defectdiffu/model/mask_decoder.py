"""A decoder of masks: what the image decoder makes of a mask feature, for a small part of its cost.

A mask is black and white, so that a few layers at a low resolution give what the image decoder gives. They are
distilled from it (distillation/train_mask_decoder.py).
"""

from __future__ import annotations

from torch import Tensor, nn

from .autoencoder import ResidualBlock

MASK_DECODER_COMPONENT = "mask_decoder"  # in a bundle
WIDTH, FINE_WIDTH, FINEST_WIDTH = 64, 32, 8  # at 1/8, 1/4 and 1/2 of the image's size


class MaskDecoder(nn.Module):
    """Mask feature [B, C, h, w] in the diffusion space → soft mask [B, 1, 8h, 8w] in about [-1, 1]."""

    def __init__(self, latent_channels: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(latent_channels, WIDTH, 3, padding=1),
            ResidualBlock(WIDTH),
            nn.SiLU(),
            nn.Conv2d(WIDTH, 4 * FINE_WIDTH, 3, padding=1),
            nn.PixelShuffle(2),  # [B, FINE_WIDTH, H/4, W/4]
            ResidualBlock(FINE_WIDTH),
            nn.SiLU(),
            nn.Conv2d(FINE_WIDTH, 4 * FINEST_WIDTH, 3, padding=1),
            nn.PixelShuffle(2),  # [B, FINEST_WIDTH, H/2, W/2]
            ResidualBlock(FINEST_WIDTH),
            nn.SiLU(),
            nn.Conv2d(FINEST_WIDTH, 4, 3, padding=1),
            nn.PixelShuffle(2),  # [B, 1, H, W]
        )

    def forward(self, feature: Tensor) -> Tensor:
        return self.layers(feature)
