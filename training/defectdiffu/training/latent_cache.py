"""The latent cache: windows cut and encoded once, so that a training step costs the denoiser alone.

Per window: image latent, mask latent, and the mask on the latent's grid. Normal windows share one black mask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..checkpoints.runs import Run, load, save
from ..config import TrainingConfig
from ..data.layout import GOOD, Pair
from ..data.parallel_cutting import Group, cut_groups, group_records
from ..data.record import Record
from ..data.vocabulary import Vocabulary
from ..data.windows import Rules
from ..model.autoencoder import ImageAutoencoder, mask_as_image
from .devices import cutting_processes

ENCODE_BATCH = 32


@dataclass
class LatentCache:
    """`pair` indexes `pairs`, a list of (product, defect)."""

    pairs: list[tuple[str, str]]
    pair: Tensor  # int64 [n]
    latent: Tensor  # float16 [n, C, h, w]
    mask_latent: Tensor  # float16 [n, C, h, w]
    mask: Tensor  # float16 [n, h, w], soft
    black: Tensor  # float32 [C, h, w]: the latent of an empty mask

    def to(self, device: torch.device) -> LatentCache:
        tensors = {name: value.to(device) for name, value in vars(self).items() if isinstance(value, Tensor)}
        return LatentCache(pairs=self.pairs, **tensors)

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.pairs)

    @property
    def pairs_with_windows(self) -> list[Pair]:
        """Without those of which replay drew no sample with a mask: they are only words."""
        return [self.pairs[i] for i in torch.unique(self.pair).tolist()]

    def mask_statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation per channel of the mask latents of defective windows, [1, C, 1, 1]."""
        defective = torch.tensor([d != GOOD for _, d in self.pairs], device=self.pair.device)[self.pair]
        z = self.mask_latent[defective].float()
        return z.mean((0, 2, 3), keepdim=True), z.std((0, 2, 3), keepdim=True)


def build_latent_cache(
    run: Run,
    config: TrainingConfig,
    records: list[Record],
    rules: Rules,
    autoencoder: ImageAutoencoder,
    device: torch.device,
    progress,
) -> LatentCache:
    """Cuts and encodes the windows of every (product, defect) group, or loads the run's latent cache."""
    if run.latent_cache.exists():
        cache = load_latent_cache(run.latent_cache)
        there = {(record.product, record.defect) for record in records}
        cache.vocabulary.require(sorted(there), f"the windows in {run.latent_cache}", "the data set")
        return cache
    cache = encode_windows(config, records, rules, autoencoder, device, progress)
    save_latent_cache(run.latent_cache, cache)
    return cache


def load_latent_cache(path: Path) -> LatentCache:
    state = load(path, "pairs", "pair", "latent", "mask_latent", "mask", "black")
    return LatentCache(pairs=[tuple(p) for p in state.pop("pairs")], **state)


def save_latent_cache(path: Path, cache: LatentCache) -> None:
    save(path, {**vars(cache), "pairs": [list(p) for p in cache.pairs]})


def join_latent_caches(caches: list[LatentCache]) -> LatentCache:
    """All their windows, over the union of their pairs."""
    pairs = sorted({pair for cache in caches for pair in cache.pairs})
    places = [torch.tensor([pairs.index(pair) for pair in cache.pairs])[cache.pair] for cache in caches]
    join = lambda name: torch.cat([getattr(cache, name) for cache in caches])  # noqa: E731
    tensors = {name: join(name) for name in ("latent", "mask_latent", "mask")}
    return LatentCache(pairs=pairs, pair=torch.cat(places), black=caches[0].black, **tensors)


@torch.no_grad()
def encode_windows(
    config: TrainingConfig,
    records: list[Record],
    rules: Rules,
    autoencoder: ImageAutoencoder,
    device: torch.device,
    progress,
) -> LatentCache:
    grid = config.denoiser.latent_size
    groups = group_records(records)
    pairs = list(groups)
    counts = [config.latent_cache.normal_windows if d == GOOD else config.latent_cache.defect_windows for _, d in pairs]
    requested = [Group(photographs, n) for photographs, n in zip(groups.values(), counts, strict=True)]
    black = autoencoder.encode(mask_as_image(torch.zeros(1, config.image_size, config.image_size)).to(device))[0].cpu()
    parts: dict[str, list[Tensor]] = {"pair": [], "latent": [], "mask_latent": [], "mask": []}
    done = 0
    for group, images, masks in cut_groups(requested, rules, config.image_size, (config.seed, 3), cutting_processes()):
        n = len(images)
        pixels, mask = torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(masks)
        parts["latent"].append(_encode(autoencoder, lambda part: part.float() / 127.5 - 1, pixels, device))
        if pairs[group][1] == GOOD:
            parts["mask_latent"].append(black.half().expand(n, -1, -1, -1).clone())
        else:
            parts["mask_latent"].append(_encode(autoencoder, mask_as_image, mask, device))
        parts["mask"].append(F.adaptive_avg_pool2d(mask[:, None].float(), grid)[:, 0].half())
        parts["pair"].append(torch.full((n,), group))
        done += n
        progress("latent cache", done, sum(counts), {})
    return LatentCache(pairs=pairs, black=black, **{name: torch.cat(tensors) for name, tensors in parts.items()})


def _encode(
    autoencoder: ImageAutoencoder, as_image: Callable[[Tensor], Tensor], windows: Tensor, device: torch.device
) -> Tensor:
    """float16 on the CPU; a few windows at a time: what a CPU does in its cache, and what fits a GPU at any size."""
    parts = windows.split(ENCODE_BATCH)
    return torch.cat([autoencoder.encode(as_image(part.to(device))).half().cpu() for part in parts])


class LatentCacheSampler:
    """Draws balanced batches: `normal_share` of normal windows, the pairs of each kind that have windows by their
    weights (else 1)."""

    def __init__(self, cache: LatentCache, normal_share: float, weights: dict[Pair, float]):
        self.cache = cache
        pair = cache.pair.cpu()
        self.by_pair = torch.argsort(pair, stable=True).numpy()
        self.counts = torch.bincount(pair, minlength=len(cache.pairs)).numpy()
        self.first = np.cumsum(self.counts) - self.counts  # of each pair's windows in by_pair
        self.normal_share = normal_share
        shown = np.flatnonzero(self.counts).tolist()
        self.normal = self._weighted([i for i in shown if cache.pairs[i][1] == GOOD], weights)
        self.defective = self._weighted([i for i in shown if cache.pairs[i][1] != GOOD], weights)

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Indices into the latent cache, int64 [count]."""
        normal = round(count * self.normal_share) if len(self.normal[0]) else 0
        if not len(self.defective[0]):
            normal = count
        kinds = ((self.normal, normal), (self.defective, count - normal))
        pair = np.concatenate([rng.choice(pairs, n, p=p) for (pairs, p), n in kinds if n])
        return self.by_pair[self.first[pair] + rng.integers(self.counts[pair])]

    def _weighted(self, indices: list[int], weights: dict[Pair, float]) -> tuple[np.ndarray, np.ndarray]:
        w = np.array([weights.get(self.cache.pairs[i], 1.0) for i in indices])
        return np.array(indices, dtype=int), w / w.sum() if len(w) else w
