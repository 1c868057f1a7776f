"""Harmonises transplants with a trained model: a low share of the noise levels is denoised inside the region.

Unlike a defect that is drawn (composition.py), nothing is searched for in the change, and the mask stays the donor's.
"""

from __future__ import annotations

import numpy as np
import torch

from ..sampling.composition import inner_weight
from ..sampling.generator import Generator
from ..sampling.guidance import SampleRequest
from ..sampling.photograph import cells_of, denoise_inside
from ..sampling.seeded_noise import seeded_noise


@torch.no_grad()
def harmonise(
    generator: Generator,
    images: np.ndarray,
    regions: np.ndarray,
    requests: list[SampleRequest],
    denoising_strength: float,
) -> np.ndarray:
    """images uint8 [n, S, S, 3] of the model's size with transplanted defects, regions bool [n, S, S]: the changed
    pixels of each, none empty; one request per image, of one sampler and number of steps.

    Returns uint8 [n, S, S, 3], the given bytes outside the regions. The model's change is added to the picture, so
    that the picture keeps the grain that latents do not hold. Raises ValueError for a denoising strength outside 0 … 1
    or one that leaves no step.
    """
    if not 0 < denoising_strength <= 1:
        raise ValueError(f"denoising_strength is {denoising_strength}, must be above 0 and at most 1")
    pictures = images.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
    known = generator.autoencoder.encode(torch.from_numpy(pictures).to(generator.device)).float()
    noise = np.stack([seeded_noise(request.seed, 0, tuple(known.shape[1:])) for request in requests])
    cells = np.stack([cells_of(region, known.shape[-1]) for region in regions])[:, None]
    latent, _ = denoise_inside(
        generator,
        known,
        torch.from_numpy(noise).to(generator.device),
        requests,
        denoising_strength,
        torch.from_numpy(cells).to(generator.device),
    )
    change = (generator.autoencoder.decode(latent) - generator.autoencoder.decode(known)).float().cpu().numpy() * 127.5
    weight = np.stack([inner_weight(region) for region in regions])[..., None]
    return np.rint(np.clip(images + weight * change.transpose(0, 2, 3, 1), 0, 255)).astype(np.uint8)
