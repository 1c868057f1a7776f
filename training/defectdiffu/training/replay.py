"""Replay during onboarding: photographs of the known products, or samples that the model draws of them."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from ..checkpoints.trained_model import TrainedModel
from ..config import LEARNT, TrainingConfig
from ..data.layout import GOOD, Pair, read_data_set, read_layout
from ..data.record import Record
from ..data.source_photographs import read_sources
from ..data.validation_split import without_validation
from ..data.windows import Rules, read_rules
from ..model.autoencoder import mask_as_image
from ..progress import Progress
from ..sampling.generator import Generator, Sample
from ..sampling.guidance import SampleRequest
from .latent_cache import LatentCache
from .onboarding_plan import Photographs

DRAW_BATCH, DRAW_STEPS = 8, 16


def read_known(model: TrainedModel, config: TrainingConfig, replay: Photographs) -> tuple[list[Record], Rules]:
    """The train split's photographs of what the model knows, and how windows are cut from them.

    Raises DataError for bad photographs; ValueError for a bad windows file, or when they show no pair that it knows.
    """
    rules = read_rules(replay.windows, replay.data)
    known = set(model.vocabulary.pairs)
    include = lambda r: r.split == "train" and (r.product, r.defect) in known  # noqa: E731
    records = read_data_set(replay.data, replay.products, include)
    if config.validation != LEARNT:
        records = without_validation(records, read_layout(replay.data), read_sources(replay.data))
    if not records:
        raise ValueError(f"{replay.data}: none of its pairs is in the bundle's vocabulary: {sorted(known)}")
    return records, rules


@torch.no_grad()
def generated_latent_cache(model: TrainedModel, count: int, progress: Progress) -> LatentCache:
    """`count` samples of every pair that the model knows, at strength 1, but for those that come without a mask. Of a
    pair whose samples all do, it draws as many once more; if these do too, the pair has a word and no window."""
    generator, autoencoder, config = model.generator(), model.autoencoder, model.config
    pairs, size = model.vocabulary.pairs, config.image_size
    black = autoencoder.encode(mask_as_image(torch.zeros(1, size, size)))[0]
    parts: dict[str, list[torch.Tensor]] = {"pair": [], "latent": [], "mask": []}
    for index, (product, defect) in enumerate(pairs):
        usable = _drawn(generator, (product, defect), range(count))
        for sample in usable or _drawn(generator, (product, defect), range(count, 2 * count)):
            parts["pair"].append(torch.tensor([index]))
            parts["latent"].append(torch.from_numpy(sample.latent)[None])
            parts["mask"].append(torch.from_numpy(sample.mask.astype(np.float32))[None])
        progress("replay", index + 1, len(pairs), {})
    pair, latent, mask = (torch.cat(parts[name]) for name in ("pair", "latent", "mask"))
    mask_latent = torch.cat([autoencoder.encode(mask_as_image(each[None])) for each in mask])
    small = F.adaptive_avg_pool2d(mask[:, None], config.denoiser.latent_size)[:, 0]
    return LatentCache(list(pairs), pair, latent.half(), mask_latent.half(), small.half(), black)


def _drawn(generator: Generator, pair: Pair, seeds: range) -> list[Sample]:
    """Samples of one pair; of a defective one, those with a mask."""
    samples: list[Sample] = []
    for start in range(0, len(seeds), DRAW_BATCH):
        requests = [SampleRequest(*pair, seed, steps=DRAW_STEPS) for seed in seeds[start : start + DRAW_BATCH]]
        samples += generator.draw(requests)
    return [sample for sample in samples if pair[1] == GOOD or sample.mask.any()]
