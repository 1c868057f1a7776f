"""Samples drawn on photographs of good parts, or on their own normal twins, each redrawn with another seed until its
defect shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..sampling.composition import MaskConvention
from ..sampling.generator import Generator
from ..sampling.guidance import DPM_SOLVER_PP, SampleRequest
from ..sampling.photograph import (
    DEFAULT_DENOISING_STRENGTH,
    Photograph,
    PhotographSample,
    draw_on_photographs,
    draw_on_twins,
)
from ..sampling.placement import NEWEST, Shape, region_of, shape_of
from .fitting import Report
from .generated_samples import BATCH, FIRST_SEED
from .real_windows import Windows

ATTEMPTS = 4
MINIMUM_VISIBILITY = 8.0  # of 255
MINIMUM_AGREEMENT = 0.5
STRENGTHS = (1.25, 3.0)  # higher than from noise, because the photograph fixes the product
GUIDANCE = "PRODUCT_RELATIVE"  # measures the defect direction relative to the product, which the image shows


class PhotographDrawing(NamedTuple):
    """How regions are placed and sized (placement.SIZES), and what a mask marks."""

    placement: int
    convention: MaskConvention

    @property
    def stem(self) -> str:
        """Distinguishes files of samples; empty for the first drawing."""
        return "" if self == FIRST_DRAWING else f"-{self.placement}-{self.convention.lower()}"


FIRST_DRAWING = PhotographDrawing(1, MaskConvention.CHANGE)
NEWEST_DRAWING = PhotographDrawing(NEWEST, MaskConvention.OUTLINE)


class SamplesOnPhotographs(NamedTuple):
    """Samples of one (product, defect). A sample that never showed its defect keeps an empty mask."""

    image: np.ndarray  # uint8 [n, S, S, 3]
    mask: np.ndarray  # bool [n, S, S]
    before: np.ndarray  # uint8 [n, S, S, 3]: the photograph, or the normal twin
    region: np.ndarray  # bool [n, S, S]
    strength: np.ndarray  # float [n]
    attempts: np.ndarray  # int [n]: 0 if none was accepted
    visibility: np.ndarray  # float [n], 0 … 255
    agreement: np.ndarray  # float [n]
    seam: np.ndarray  # float [n], 0 … 255

    def windows(self) -> Windows:
        return Windows(self.image, self.mask, np.arange(len(self.image)))


def shapes_of(defective: Windows) -> list[Shape]:
    """The shapes of the masks of the train split, from which regions are drawn."""
    return [shape_of(mask) for mask in defective.mask if mask.any()]


def draw_pair_on_photographs(
    generator: Generator,
    product: str,
    defect: str,
    photographs: np.ndarray,
    shapes: list[Shape],
    count: int,
    steps: int,
    report: Report = lambda done, total: None,
    denoising_strength: float = DEFAULT_DENOISING_STRENGTH,
    first_seed: int = FIRST_SEED,
    strengths: tuple[float, float] = STRENGTHS,
    drawing: PhotographDrawing = FIRST_DRAWING,
    sampler: str = DPM_SOLVER_PP,
) -> SamplesOnPhotographs:
    """`count` samples on `photographs` uint8 [m, S, S, 3] used in turn, in regions of the defect's shapes."""
    size = photographs.shape[1]

    def draw(tries: list[Try]) -> list[PhotographSample]:
        return draw_on_photographs(
            generator,
            [
                Photograph(
                    photographs[one.sample % len(photographs)],
                    region_of(shapes, one.seed, size, drawing.placement),
                    denoising_strength=denoising_strength,
                    convention=drawing.convention,
                )
                for one in tries
            ],
            [
                SampleRequest(product, defect, one.seed, one.strength, steps=steps, guidance=GUIDANCE, sampler=sampler)
                for one in tries
            ],
        )

    return redraw_until_visible(draw, size, count, strengths, report, first_seed)


def draw_pair_on_twins(
    generator: Generator,
    product: str,
    defect: str,
    size: int,
    count: int,
    strengths: tuple[float, float],
    steps: int,
    guidance: str,
    report: Report = lambda done, total: None,
    first_seed: int = FIRST_SEED,
    sampler: str = DPM_SOLVER_PP,
) -> SamplesOnPhotographs:
    """`count` samples, `size` pixels wide, on normal twins, which the model draws from the same seeds."""

    def draw(tries: list[Try]) -> list[PhotographSample]:
        requests = [
            SampleRequest(product, defect, one.seed, one.strength, steps=steps, guidance=guidance, sampler=sampler)
            for one in tries
        ]
        return draw_on_twins(generator, requests)

    return redraw_until_visible(draw, size, count, strengths, report, first_seed)


class Try(NamedTuple):
    sample: int
    seed: int
    strength: float


def redraw_until_visible(
    draw: Callable[[list[Try]], list[PhotographSample]],
    size: int,
    count: int,
    strengths: tuple[float, float],
    report: Report,
    first_seed: int = FIRST_SEED,
) -> SamplesOnPhotographs:
    """Draws `count` samples of size × size pixels with strengths spread evenly. A sample whose defect does not show is
    drawn again with another seed, up to `ATTEMPTS` times in all."""
    pixels = (count, size, size)
    spread = np.linspace(*strengths, count) if count > 1 else np.array([sum(strengths) / 2])
    made = SamplesOnPhotographs(
        image=np.zeros((*pixels, 3), np.uint8),
        mask=np.zeros(pixels, bool),
        before=np.zeros((*pixels, 3), np.uint8),
        region=np.zeros(pixels, bool),
        strength=spread,
        attempts=np.zeros(count, int),
        visibility=np.zeros(count),
        agreement=np.zeros(count),
        seam=np.zeros(count),
    )
    waiting = [(i, 1) for i in range(count)]
    while waiting:
        batch, waiting = waiting[:BATCH], waiting[BATCH:]
        tries = [Try(i, first_seed + i + (attempt - 1) * count, float(spread[i])) for i, attempt in batch]
        for (i, attempt), sample in zip(batch, draw(tries), strict=True):
            composed = sample.composition
            made.image[i] = made.before[i] = sample.before
            if composed.visibility >= MINIMUM_VISIBILITY and composed.agreement >= MINIMUM_AGREEMENT:
                made.image[i], made.mask[i], made.region[i] = sample.image, sample.mask, sample.region
                made.attempts[i], made.seam[i] = attempt, composed.seam
                made.visibility[i], made.agreement[i] = composed.visibility, composed.agreement
            elif attempt < ATTEMPTS:
                waiting.append((i, attempt + 1))
        report(count - len(waiting), count)
    return made
