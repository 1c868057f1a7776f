"""Image grids during training: real windows beside generated ones, each with its mask outlined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..config import TrainingConfig
from ..data.layout import GOOD, Pair
from ..model.adapter import Adapter
from ..model.autoencoder import ImageAutoencoder
from ..model.training_module import TrainingModule
from ..sampling.generator import Generator
from ..sampling.guidance import SampleRequest
from ..sampling.image_grids import grid, outlined
from .latent_cache import LatentCache


def save_sample_grid(
    config: TrainingConfig,
    cache: LatentCache,
    module: TrainingModule,
    autoencoder: ImageAutoencoder,
    path: Path,
    device: torch.device,
    pairs: list[Pair] | None = None,
    adapters: dict[str, Adapter] | None = None,
) -> None:
    """One row per defective pair of `pairs` (all by default): two real windows, then generated ones at strengths 0, 1
    and 2 from one seed, and one more."""
    generator = Generator(module, autoencoder, config.prompts, device, adapters)
    rows = []
    for index, (product, defect) in enumerate(cache.pairs):
        if defect == GOOD or (pairs is not None and (product, defect) not in pairs):
            continue
        real = [_real(cache, autoencoder, i, device) for i in torch.nonzero(cache.pair == index).flatten()[:2].tolist()]
        drawn = ((1, 0.0), (1, 1.0), (1, 2.0), (2, 1.5))
        requests = [SampleRequest(product, defect, seed, strength, steps=12) for seed, strength in drawn]
        rows.append(real + [outlined(s.image, s.mask) for s in generator.draw(requests)])
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grid(rows)).save(path)


@torch.no_grad()
def _real(cache: LatentCache, autoencoder: ImageAutoencoder, index: int, device: torch.device) -> np.ndarray:
    """A window of the latent cache as the autoencoder gives it back: the best the denoiser could reach."""
    image = autoencoder.decode(cache.latent[index][None].float().to(device))[0].cpu().numpy()
    pixels = ((image / 2 + 0.5).clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    mask = cache.mask[index].float().cpu().numpy() > 0.5
    scale = pixels.shape[0] // mask.shape[0]
    return outlined(pixels, mask.repeat(scale, 0).repeat(scale, 1))
