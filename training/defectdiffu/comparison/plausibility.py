"""Which synthetic pixels a detector trains on, and how often it sees a sample (FreeMask, Yang et al., NeurIPS 2023).

A segmenter that was trained on the real photographs alone looks at the samples. Pixels whose loss is well above the
mean of their class are ignored: what they show is not what the mask says. Samples with more loss come more often,
because a detector has more to learn from them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..evaluation.independent_segmenter import train_independent_segmenter
from ..evaluation.real_windows import Windows
from ..evaluation.segmenter import UNet, probabilities
from .batches import IGNORE, Draw
from .crops import Crops
from .photographs import TooFew

TOLERANCE = 1.25  # times the mean loss of the pixel's class
HARDEST = 4.0  # times as often as the easiest sample
STEPS = 300  # of the segmenter, which is small
WINDOWS = 256  # that it is trained on, at most
WINDOW_STREAM = 53


class Filtered(NamedTuple):
    samples: Windows  # masks uint8: 1 defect, 0 normal, IGNORE
    chances: np.ndarray  # float [n], sum 1


def train_on_real(defective: Crops, normal: Crops, seed: int) -> UNet:
    """A segmenter of the real windows of one training."""
    rng = np.random.default_rng((seed, WINDOW_STREAM))
    count = min(WINDOWS, 16 * len(defective))
    return train_independent_segmenter(
        [defective.in_turn(rng, count)], normal.in_turn(rng, count), STEPS, seed, lambda done, total: None
    )


def filtered(samples: Windows, segmenter: UNet) -> Filtered:
    """Of samples with masks bool [n, S, S]; those without a marked pixel are left out. Raises TooFew when all are."""
    samples = samples.take(np.flatnonzero(samples.mask.any((1, 2))))
    if not len(samples):
        raise TooFew("none of the samples has a mask to filter")
    loss = pixel_losses(probabilities(segmenter, samples.image), samples.mask)
    kept = np.where(implausible(loss, samples.mask), IGNORE, samples.mask).astype(np.uint8)
    return Filtered(Windows(samples.image, kept, samples.source), chances_of(loss, samples.mask))


def pixel_losses(probability: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Binary cross-entropy float [n, S, S] of probabilities of a defect, with masks bool."""
    right = np.where(mask, probability, 1 - probability)
    return -np.log(np.clip(right, 1e-6, 1))


def implausible(loss: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """bool [n, S, S]: the loss is above TOLERANCE times the mean of all pixels of its class."""
    bounds = [TOLERANCE * float(loss[mask == of].mean()) if (mask == of).any() else np.inf for of in (False, True)]
    return loss > np.where(mask, bounds[1], bounds[0])


def chances_of(loss: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """How likely each sample is drawn: evenly from the easiest to the hardest by rank, as the mean loss of its defect
    and of the rest says."""
    hardness = [
        np.mean([one[marked].mean(), one[~marked].mean() if not marked.all() else 0.0])
        for one, marked in zip(loss, mask, strict=True)
    ]
    rank = np.argsort(np.argsort(hardness, kind="stable"), kind="stable") / max(1, len(hardness) - 1)
    weights = 1 + (HARDEST - 1) * rank
    return weights / weights.sum()


def draw_filtered(made: Filtered) -> Draw:
    def draw(rng: np.random.Generator, count: int) -> Windows:
        return made.samples.take(rng.choice(len(made.samples), count, p=made.chances))

    return draw
