"""What a decoder of masks learns from: mask features, and what the image decoder makes of each.

Half of the features are those of samples, and half are encoded masks of random shapes. The latter keep the decoder from
knowing the shapes of the bundle's own defects alone: a model that is trained on from the bundle draws others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from ..checkpoints.trained_model import TrainedModel
from ..model.autoencoder import ImageAutoencoder
from ..progress import Progress
from ..sampling.generator import Generator
from ..sampling.guidance import TURBO
from ..sampling.masks import soft_mask
from .conditions import Words, random_requests

BATCH = 16
STUDENT_STEPS = 4
TEACHER, TEACHER_STEPS = "DPM_SOLVER_PP", 8
NOISE = (0.0, 0.3)  # standard deviation of what is added to an encoded mask, in the latent space
COVERED = (0.002, 0.4)  # share of a random mask


@dataclass(frozen=True)
class MaskExamples:
    feature: Tensor  # float32 [n, C, h, w]
    grey: Tensor  # float16 [n, 1, H, W] in [-1, 1]: the image decoder's soft mask

    def at(self, index: np.ndarray) -> MaskExamples:
        return MaskExamples(self.feature[index], self.grey[index])

    def __len__(self) -> int:
        return len(self.feature)


def mask_examples(
    model: TrainedModel,
    generator: Generator,
    count: int,
    seed: int,
    progress: Progress,
    finished: Callable[[], bool] = lambda: False,
) -> MaskExamples:
    """About `count` examples, or as many as there are when `finished` says so; at least one batch of each kind."""
    words = Words(model.vocabulary, model.config.prompts.normal)
    rng = np.random.default_rng((seed, 63))
    features: list[Tensor] = []
    while len(features) * BATCH < count and not (features and finished()):
        features.append(drawn_features(generator, words, seed * 10_007 + len(features)))
        features.append(encoded_masks(model.autoencoder, model.config.image_size, rng))
        progress("mask features", min(len(features) * BATCH, count), count, {})
    return decoded_examples(model.autoencoder, torch.cat(features))


@torch.no_grad()
def decoded_examples(autoencoder: ImageAutoencoder, features: Tensor) -> MaskExamples:
    greys = [soft_mask(autoencoder.decode(batch).numpy()) for batch in features.split(BATCH)]
    return MaskExamples(features, torch.from_numpy(np.concatenate(greys))[:, None].half())


def drawn_features(generator: Generator, words: Words, seed: int) -> Tensor:
    """Of samples of random pairs at random strengths, [BATCH, C, h, w]: the student's if there is one."""
    sampler, steps = (TURBO, STUDENT_STEPS) if generator.has_student else (TEACHER, TEACHER_STEPS)
    requests = random_requests(words, BATCH, seed)
    return generator.mask_features([replace(request, sampler=sampler, steps=steps) for request in requests])


@torch.no_grad()
def encoded_masks(autoencoder: ImageAutoencoder, size: int, rng: np.random.Generator) -> Tensor:
    """Of masks of random shapes, with noise, [BATCH, C, h, w]."""
    masks = torch.from_numpy(np.stack([random_mask(size, rng) for _ in range(BATCH)])).float()[:, None]
    latent = autoencoder.encode((2 * masks - 1).expand(-1, 3, -1, -1))
    deviation = torch.from_numpy(rng.uniform(*NOISE, size=(BATCH, 1, 1, 1))).float()
    return latent + deviation * torch.from_numpy(rng.standard_normal(latent.shape)).float()


def random_mask(size: int, rng: np.random.Generator) -> np.ndarray:
    """bool [size, size]: the highest values of smooth noise, of a random grain in each direction."""
    grain = np.exp(rng.uniform(np.log(1.5), np.log(size / 8), size=2))
    noise = gaussian_filter(rng.standard_normal((size, size)), grain, mode="wrap")
    covered = float(np.exp(rng.uniform(*np.log(COVERED))))
    return noise >= np.quantile(noise, 1 - covered)
