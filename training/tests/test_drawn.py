"""Samples that are drawn for an evaluation, and the choice between two of them."""

import numpy as np

from defectdiffu.evaluation.context import stem_of
from defectdiffu.evaluation.generated_samples import GeneratedSamples, draw_pair, more_confident_of
from defectdiffu.sampling.generator import Sample
from defectdiffu.sampling.guidance import SampleRequest


class Painter:
    """Draws the seed's number, and is as sure as the strength."""

    normal = "good"

    def draw(self, requests: list[SampleRequest]) -> list[Sample]:
        mask = np.ones((4, 4), bool)
        image = lambda seed: np.full((4, 4, 3), seed % 256, np.uint8)  # noqa: E731
        return [Sample(image(r.seed), mask, mask * 1.0, np.zeros(1), r.strength / 4, ~mask) for r in requests]


def drawn(first_seed: int, confidence: list[float]) -> GeneratedSamples:
    made = draw_pair(Painter(), "tin", "dent", len(confidence), (1.0, 2.0), 4, twins=False, first_seed=first_seed)
    return made._replace(confidence=np.array(confidence))


def test_pairs_whose_names_join_alike_have_different_files():
    assert stem_of(("gear", "wheel-crack")) != stem_of(("gear-wheel", "crack"))
    assert stem_of(("brass ring", "dent")) == "brass_ring__dent"


def test_each_sample_has_a_seed_of_its_own_and_brings_its_confidence():
    made = draw_pair(Painter(), "tin", "dent", 3, (1.0, 2.0), 4, first_seed=50)
    assert made.image[:, 0, 0, 0].tolist() == [50, 51, 52]
    assert made.confidence.tolist() == [0.25, 0.375, 0.5]
    assert made.strength.tolist() == [1.0, 1.5, 2.0]


def test_of_two_samples_at_one_strength_the_surer_stays():
    chosen = more_confident_of(drawn(10, [0.9, 0.2, 0.5]), drawn(20, [0.1, 0.8, 0.5]))
    assert chosen.image[:, 0, 0, 0].tolist() == [10, 21, 12]
    assert chosen.confidence.tolist() == [0.9, 0.8, 0.5]
    assert chosen.strength.tolist() == [1.0, 1.5, 2.0] and chosen.mask.shape == (3, 4, 4)
