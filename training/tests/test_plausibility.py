"""Implausible pixels of samples are left out of the loss, and hard samples come more often."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from defectdiffu.comparison.batches import IGNORE, tensors
from defectdiffu.comparison.detectors import DETECTORS
from defectdiffu.comparison.photographs import TooFew
from defectdiffu.comparison.plausibility import (
    HARDEST,
    Filtered,
    chances_of,
    draw_filtered,
    filtered,
    implausible,
    pixel_losses,
)
from defectdiffu.evaluation.real_windows import Windows, join
from defectdiffu.evaluation.segmenter import train_segmenter

SIZE = 32


def windows(count: int, shown: bool, marked: bool, seed: int = 0) -> Windows:
    """Grey with a dark square where a defect is `shown`; the mask says whether it is `marked`."""
    rng = np.random.default_rng(seed)
    image = rng.integers(150, 170, (count, SIZE, SIZE, 3)).astype(np.uint8)
    mask = np.zeros((count, SIZE, SIZE), bool)
    for i, (y, x) in enumerate(rng.integers(4, 18, (count, 2))):
        if shown:
            image[i, y : y + 8, x : x + 8] = 20
        if marked:
            mask[i, y : y + 8, x : x + 8] = True
    return Windows(image, mask, np.arange(count))


@pytest.fixture(scope="module")
def segmenter():
    real = join([windows(24, True, True), windows(24, False, False, 1)])
    return train_segmenter(real, np.full(48, 1 / 48), 80, 0)


def test_a_mask_without_a_defect_under_it_is_ignored_and_one_with_it_is_not(segmenter):
    made = filtered(join([windows(6, True, True, 2), windows(6, False, True, 3)]), segmenter)
    defects = windows(6, True, True, 2).mask
    good, wrong = made.samples.mask[:6], made.samples.mask[6:]
    assert (good[defects] == 1).mean() > 0.9
    assert (wrong == 1).sum() < 0.1 * (wrong == IGNORE).sum()


def test_samples_without_a_mask_are_left_out_and_nothing_else_is_an_error(segmenter):
    made = filtered(join([windows(2, True, True), windows(3, False, False)]), segmenter)
    assert len(made.samples) == 2
    with pytest.raises(TooFew, match="none of the samples has a mask"):
        filtered(windows(3, False, False), segmenter)


def test_a_pixel_is_implausible_from_the_mean_of_its_own_class():
    loss = np.array([[[0.1, 0.1, 0.2, 2.0, 2.0, 3.5]]])
    mask = np.array([[[False, False, False, True, True, True]]])
    assert implausible(loss, mask).tolist() == [[[False, False, True, False, False, True]]]


def test_the_hardest_sample_comes_most_often():
    probability = np.full((5, 4, 4), 0.5) + np.arange(5)[:, None, None] / 10
    mask = np.zeros((5, 4, 4), bool)
    mask[:, :2] = True
    probability[:, 2:] = 0.1
    chances = chances_of(pixel_losses(probability, mask), mask)
    assert chances.sum() == pytest.approx(1)
    assert np.argmax(chances) == 0 and chances[0] / chances[-1] == pytest.approx(HARDEST)
    drawn = draw_filtered(filtered_by_hand(mask, chances))(np.random.default_rng(0), 2000).source
    assert np.bincount(drawn)[0] > 2.5 * np.bincount(drawn)[4]


def filtered_by_hand(mask: np.ndarray, chances: np.ndarray):
    count, size = len(mask), mask.shape[1]
    return Filtered(
        Windows(np.zeros((count, size, size, 3), np.uint8), mask.astype(np.uint8), np.arange(count)), chances
    )


@pytest.mark.parametrize("name", ["small UNet", "small ResNet"])
def test_ignored_pixels_do_not_change_the_loss(name):
    detector = DETECTORS[name]
    torch.manual_seed(0)
    shape = (2, 1, 8, 8) if detector.segments else (2, 1, 1, 1)
    mask = torch.zeros(2, 1, 8, 8)
    mask[0, 0, 2:5, 2:5] = 1
    ignored = mask.clone()
    ignored[:, :, 6:] = IGNORE
    logits = torch.randn(shape)
    other = logits.clone()
    if detector.segments:
        other[:, :, 6:] = torch.randn(2, 1, 2, 8)
        assert detector.loss(logits, mask) != detector.loss(other, mask)
    assert detector.loss(logits, ignored) == pytest.approx(float(detector.loss(other, ignored)))
    assert torch.equal(detector.truth(ignored).amax((1, 2, 3)), torch.tensor([1.0, 0.0]))


def test_masks_with_ignored_pixels_join_with_real_ones():
    real = windows(1, True, True)
    ignored = Windows(real.image, np.full((1, SIZE, SIZE), IGNORE, np.uint8), real.source)
    _, mask = tensors(join([real, ignored]))
    assert sorted(mask.unique().tolist()) == [0, 1, IGNORE]
