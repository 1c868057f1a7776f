"""What the teacher is asked to draw: every product with every defect, at the strengths that the student shall know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.vocabulary import Vocabulary
from ..sampling.guidance import GUIDANCES, SampleRequest

STRENGTHS = (0.0, 3.0)  # the student knows these
PRODUCT_SCALES = (0.5, 2.0)
NORMAL_SHARE, ZERO_SHOT_SHARE = 0.1, 0.2  # of the requests; the rest are pairs that the teacher was trained on
USUAL_STRENGTH_SHARE, USUAL_SCALE_SHARE = 0.25, 0.7  # of the requests, those with the usual value of 1
RELATIVE_SHARE = 0.2


@dataclass(frozen=True)
class Words:
    vocabulary: Vocabulary
    normal: str


def random_requests(words: Words, count: int, seed: int) -> list[SampleRequest]:
    """Of `seed` alone; their own seeds are unlike those of other calls."""
    rng = np.random.default_rng((seed, 61))
    return [_request(words, rng, seed * 100_003 + i) for i in range(count)]


def _request(words: Words, rng: np.random.Generator, seed: int) -> SampleRequest:
    product, defect = _pair(words, rng)
    strength = 1.0 if rng.random() < USUAL_STRENGTH_SHARE else float(rng.uniform(*STRENGTHS))
    scale = 1.0 if rng.random() < USUAL_SCALE_SHARE else float(rng.uniform(*PRODUCT_SCALES))
    guidance = GUIDANCES[int(rng.random() < RELATIVE_SHARE)]
    return SampleRequest(product, defect, seed, strength, scale, guidance=guidance)


def _pair(words: Words, rng: np.random.Generator) -> tuple[str, str]:
    products, defects = words.vocabulary.products, words.vocabulary.defects
    kind = rng.random()
    if kind < NORMAL_SHARE:
        return str(rng.choice(products)), words.normal
    if kind < NORMAL_SHARE + ZERO_SHOT_SHARE:
        return str(rng.choice(products)), str(rng.choice(defects))
    trained = words.vocabulary.trained_pairs
    return trained[rng.integers(len(trained))]
