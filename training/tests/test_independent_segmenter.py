"""What an independent segmenter finds in samples, tested with a segmenter of known behaviour."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
import torch

from defectdiffu.evaluation import sections
from defectdiffu.evaluation.generated_samples import GeneratedSamples
from defectdiffu.evaluation.independent_segmenter import (
    more_confident_of_neighbours,
    segmenter_figures,
    train_independent_segmenter,
)
from defectdiffu.evaluation.plan import EvaluationPlan
from defectdiffu.evaluation.real_windows import Windows
from defectdiffu.evaluation.results_store import ResultsStore
from defectdiffu.evaluation.segmenter import probabilities


class SeesBright(torch.nn.Module):
    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return 20 * image.mean(1, keepdim=True)


def square(value: int, left: int, size: int = 16) -> tuple[np.ndarray, np.ndarray]:
    image, mask = np.zeros((size, size, 3), np.uint8), np.zeros((size, size), bool)
    mask[4:8, left : left + 4] = True
    image[mask] = value
    return image, mask


def test_a_visible_defect_is_found_and_its_twin_is_clean():
    (shown, mask), (hidden, _) = square(255, 4), square(10, 4)
    twin = np.zeros_like(shown)
    drawn = GeneratedSamples(
        np.stack([shown, hidden]), np.stack([mask, mask]), np.stack([twin, twin]), np.ones(2), np.array([0.9, 0.2])
    )
    figures = segmenter_figures(SeesBright(), drawn, Windows(shown[None], mask[None], np.zeros(1)))
    assert figures == {
        "agreement": 0.5, "found": 0.5, "foundOfSurer": 1.0, "foundInTwins": 0.0,
        "agreementOfReal": 1.0, "foundOfReal": 1.0,
    }  # fmt: skip


def test_a_mask_beside_the_defect_is_not_found():
    image, _ = square(255, 4)
    _, elsewhere = square(255, 10)
    figures = segmenter_figures(
        SeesBright(), GeneratedSamples(image[None], elsewhere[None], image[None], np.ones(1), np.ones(1)), None
    )
    assert figures == {"agreement": 0.0, "found": 0.0, "foundOfSurer": 0.0, "foundInTwins": 0.0}


def test_a_sample_without_a_mask_shows_no_defect():
    image, mask = square(255, 4)
    figures = segmenter_figures(
        SeesBright(), GeneratedSamples(image[None], (mask & False)[None], image[None], np.ones(1), np.zeros(1)), None
    )
    assert figures["found"] == 0.0


@pytest.mark.parametrize(
    ("confidence", "expected"), [([0.1, 0.2, 0.5, 0.5, 0.9], [1, 2, 4]), ([0.4, 0.3], [0]), ([0.7], [0])]
)
def test_the_more_confident_of_two_neighbours_is_taken(confidence, expected):
    assert more_confident_of_neighbours(np.array(confidence)).tolist() == expected


def test_a_segmenter_learns_equally_from_every_defect():
    """One defect has a single window and the other has forty; the segmenter learns both."""
    many, few = [square(255, int(left)) for left in np.arange(40) % 9], square(0, 2)
    ground = np.full((16, 16, 3), 128, np.uint8)
    dark = np.where(few[1][..., None], np.uint8(0), ground)
    bright = [np.where(mask[..., None], np.uint8(255), ground) for _, mask in many]
    windows = lambda images, masks: Windows(np.stack(images), np.stack(masks), np.arange(len(images)))  # noqa: E731
    defective = [windows(bright, [mask for _, mask in many]), windows([dark], [few[1]])]
    segmenter = train_independent_segmenter(
        defective, windows([ground] * 4, [few[1] & False] * 4), 60, 0, lambda done, total: None
    )
    marked = probabilities(segmenter, dark[None])[0]
    assert marked[few[1]].mean() > 0.5 > 0.2 > marked[~few[1]].mean() or pytest.fail(f"{marked[few[1]].mean():.2f}")


class Photographs:
    """A context with a trained and a zero-shot pair of one product; the grey value of a window tells the pair."""

    pairs: ClassVar = {"tin/dent": ("tin", "dent"), "tin/hole": ("tin", "hole")}
    trained: ClassVar = {"tin/dent": ("tin", "dent")}
    segmenters: ClassVar = {}
    plan, bar = EvaluationPlan(segmenter_steps=5), lambda self, name: lambda done, total: None
    grey: ClassVar = {"good": 10, "dent": 20, "hole": 30}

    def windows(self, product: str, defect: str, split: str) -> Windows:
        image, mask = square(255, 4)
        return Windows(np.full_like(image, self.grey[defect])[None], mask[None], np.zeros(1, int))

    def drawn(self, pair: tuple[str, str]) -> GeneratedSamples:
        image, mask = square(255, 4)
        return GeneratedSamples(image[None], mask[None], image[None], np.ones(1), np.ones(1))


def test_a_zero_shot_pair_has_its_own_segmenter_trained_on_nothing_else(tmp_path, monkeypatch):
    trained = []

    def train(defective, normal, steps, seed, report):
        trained.append(([int(windows.image[0, 0, 0, 0]) for windows in defective], steps))
        return SeesBright()

    monkeypatch.setattr(sections, "train_independent_segmenter", train)
    results = ResultsStore(tmp_path / "figures.json", {"model": "tin@1", "step": 1})
    sections.measure_judgement(Photographs(), results)
    assert set(results.section("judgement")) == {"tin/dent", "tin/hole"}
    assert sorted(trained) == [([20, 30], 5), ([30], 15)]
