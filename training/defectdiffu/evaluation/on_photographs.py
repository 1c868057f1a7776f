"""Samples drawn on photographs of good parts, each redrawn with another seed until its defect shows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..photograph import DEFAULT_FREEDOM, Photograph, draw_on_photographs
from ..placement import Shape, region_of, shape_of
from ..sampling import Generator, SampleRequest
from .drawn import BATCH, FIRST_SEED
from .fitting import Report
from .real import Windows

ATTEMPTS = 4
MINIMUM_VISIBILITY = 8.0  # of 255
MINIMUM_AGREEMENT = 0.5
STRENGTHS = (1.25, 3.0)  # more than from noise: the photograph holds the product
GUIDANCE = "PRODUCT_RELATIVE"  # measures the defect direction on the product: the photograph shows which one it is


class OnPhotographs(NamedTuple):
    """Samples of one (product, defect). Those that never showed their defect are left with an empty mask."""

    image: np.ndarray  # uint8 [n, S, S, 3]
    mask: np.ndarray  # bool [n, S, S]
    before: np.ndarray  # uint8 [n, S, S, 3]: the photograph
    region: np.ndarray  # bool [n, S, S]
    strength: np.ndarray  # float [n]
    attempts: np.ndarray  # int [n]: 0 where none was accepted
    visibility: np.ndarray  # float [n], 0 … 255
    agreement: np.ndarray  # float [n]
    seam: np.ndarray  # float [n], 0 … 255

    def windows(self) -> Windows:
        return Windows(self.image, self.mask, np.arange(len(self.image)))


def shapes_of(defective: Windows) -> list[Shape]:
    """What regions are drawn from: the shapes of the masks of the training half."""
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
    freedom: float = DEFAULT_FREEDOM,
) -> OnPhotographs:
    """`count` samples on `photographs` uint8 [m, S, S, 3] taken in turn, their strengths spread evenly. A sample that
    does not show is drawn again, its next seed putting it elsewhere, `ATTEMPTS` times in all."""
    size = photographs.shape[1]
    before = photographs[np.arange(count) % len(photographs)]
    made = OnPhotographs(
        before.copy(),
        np.zeros((count, size, size), bool),
        before,
        np.zeros((count, size, size), bool),
        np.linspace(*STRENGTHS, count) if count > 1 else np.array([sum(STRENGTHS) / 2]),
        np.zeros(count, int),
        np.zeros(count),
        np.zeros(count),
        np.zeros(count),
    )
    waiting = [(i, 1) for i in range(count)]
    while waiting:
        batch, waiting = waiting[:BATCH], waiting[BATCH:]
        seeds = [FIRST_SEED + i + (attempt - 1) * count for i, attempt in batch]
        places = [region_of(shapes, seed, size) for seed in seeds]
        samples = draw_on_photographs(
            generator,
            [Photograph(before[i], place, freedom=freedom) for (i, _), place in zip(batch, places, strict=True)],
            [
                SampleRequest(product, defect, seed, float(made.strength[i]), steps=steps, guidance=GUIDANCE)
                for (i, _), seed in zip(batch, seeds, strict=True)
            ],
        )
        for (i, attempt), sample in zip(batch, samples, strict=True):
            composed = sample.composition
            if composed.visibility >= MINIMUM_VISIBILITY and composed.agreement >= MINIMUM_AGREEMENT:
                made.image[i], made.mask[i], made.region[i] = sample.image, sample.mask, sample.region
                made.attempts[i], made.seam[i] = attempt, composed.seam
                made.visibility[i], made.agreement[i] = composed.visibility, composed.agreement
            elif attempt < ATTEMPTS:
                waiting.append((i, attempt + 1))
        report(count - len(waiting), count)
    return made
