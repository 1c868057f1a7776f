"""The reconstruction error of an autoencoder, tested with autoencoders of known error."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from defectdiffu.evaluation.real_windows import Windows
from defectdiffu.evaluation.reconstruction import WINDOWS, Reconstruction, product_figures, psnr, reconstructed


class Lossless:
    def encode(self, image: torch.Tensor) -> torch.Tensor:
        return image

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        return latent


class LosesTheLeft(Lossless):
    """Its left half is `grey` (0…255) all over."""

    def __init__(self, grey: float):
        self.grey = grey

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        image = latent.clone()
        image[..., : image.shape[-1] // 2] = -1 + 2 * self.grey / 255
        return image


def windows(left: int, count: int = 11) -> Windows:
    """Black, with a square defect that the pixel value does not show."""
    mask = np.zeros((count, 16, 16), bool)
    mask[:, 4:8, left : left + 4] = True
    return Windows(np.zeros((count, 16, 16, 3), np.uint8), mask, np.arange(count))


def test_a_lossless_autoencoder_has_no_error():
    figures = reconstructed(Lossless(), windows(4))
    assert figures.psnr.tolist() == [99] * 11  # psnr's word for equal pictures
    assert figures.mask_iou.tolist() == [1] * 11 and figures.error.tolist() == [0] * 11


@pytest.mark.parametrize(("left", "error"), [(2, 51), (10, 0), (6, 51 / 2)])
def test_the_error_is_measured_inside_the_defect(left, error):
    figures = reconstructed(LosesTheLeft(51), windows(left))
    assert figures.error == pytest.approx(np.full(11, error))
    assert figures.psnr == pytest.approx(np.full(11, 10 * np.log10(255**2 / (51**2 / 2))))


def test_a_half_lost_mask_has_half_the_iou():
    for left, iou in ((10, 1), (6, 0.5)):
        assert reconstructed(LosesTheLeft(0), windows(left)).mask_iou == pytest.approx(np.full(11, iou))


def test_every_defect_of_a_product_counts_equally():
    of = lambda value: Reconstruction(*(np.full(WINDOWS, value) for _ in range(3)))  # noqa: E731
    assert product_figures([of(20.0), of(40.0), of(30.0)]) == {"psnr": 30, "maskIou": 30}


def test_psnr_of_a_known_error():
    assert psnr(np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)) == 0
