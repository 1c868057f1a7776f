"""Sets of generated samples, each with its normal twin: the same seed at strength 0."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..sampling.generator import Generator
from ..sampling.guidance import DPM_SOLVER_PP, SampleRequest
from .fitting import Report
from .real_windows import Windows

BATCH = 8
FIRST_SEED = 10_000  # away from the seeds of sample grids and demos
SECOND_SEED = 15_000  # for the second set of samples


class GeneratedSamples(NamedTuple):
    """Samples of one (product, defect)."""

    image: np.ndarray  # uint8 [n, S, S, 3]
    mask: np.ndarray  # bool [n, S, S]
    twin: np.ndarray  # uint8 [n, S, S, 3]
    strength: np.ndarray  # float [n]
    confidence: np.ndarray  # float [n], 0 … 1, of the mask module inside the mask

    def windows(self) -> Windows:
        return Windows(self.image, self.mask, np.arange(len(self.image)))


def draw_pair(
    generator: Generator,
    product: str,
    defect: str,
    count: int,
    strengths: tuple[float, float],
    steps: int,
    guidance: str = "DOUBLE_FREE",
    report: Report = lambda done, total: None,
    twins: bool = True,
    first_seed: int = FIRST_SEED,
    sampler: str = DPM_SOLVER_PP,
) -> GeneratedSamples:
    """Draws `count` samples with different seeds and strengths spread evenly from the lowest to the highest.

    Without `twins`, the images at strength 0 stay black, which halves the time.
    """
    spread = np.linspace(*strengths, count) if count > 1 else np.array([sum(strengths) / 2])
    images, masks, normal, confidence = [], [], [], []
    for start in range(0, count, BATCH):
        chosen = range(start, min(start + BATCH, count))
        asked = [
            SampleRequest(
                product, defect, first_seed + i, float(spread[i]), steps=steps, guidance=guidance, sampler=sampler
            )
            for i in chosen
        ]
        samples = generator.draw(asked)
        images += [sample.image for sample in samples]
        masks += [sample.mask for sample in samples]
        confidence += [sample.confidence for sample in samples]
        if twins:
            normal += [sample.image for sample in generator.draw([replace(one, strength=0.0) for one in asked])]
        report(len(images), count)
    image = np.stack(images)
    twin = np.stack(normal) if twins else np.zeros_like(image)
    return GeneratedSamples(image, np.stack(masks), twin, spread, np.array(confidence))


def more_confident_of(first: GeneratedSamples, second: GeneratedSamples) -> GeneratedSamples:
    """Picks, at each index, the sample whose mask has the higher confidence."""
    wins = second.confidence > first.confidence

    def chosen(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.where(wins.reshape(-1, *[1] * (a.ndim - 1)), b, a)

    return GeneratedSamples(*(chosen(a, b) for a, b in zip(first, second, strict=True)))


def draw_normal(generator: Generator, product: str, count: int, steps: int, sampler: str = DPM_SOLVER_PP) -> np.ndarray:
    """uint8 [n, S, S, 3]"""
    images = []
    for start in range(0, count, BATCH):
        seeds = range(FIRST_SEED + start, FIRST_SEED + min(start + BATCH, count))
        requests = [SampleRequest(product, generator.normal, seed, steps=steps, sampler=sampler) for seed in seeds]
        images += [sample.image for sample in generator.draw(requests)]
    return np.stack(images)
