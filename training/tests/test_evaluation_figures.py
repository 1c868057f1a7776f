"""The figures of the evaluation against known values."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from defectdiffu.evaluation.distances import diversity, frechet_distance, kernel_distance, nearest, unit_layers
from defectdiffu.evaluation.features import Features
from defectdiffu.evaluation.generated_samples import GeneratedSamples
from defectdiffu.evaluation.mask_figures import change_mask, generated_masks
from defectdiffu.evaluation.nearest_photographs import (
    GAP,
    LABEL,
    SHOWN,
    NearestWindows,
    flagged_copies,
    save_grid_row,
    write_grid,
)
from defectdiffu.evaluation.quality import copying
from defectdiffu.evaluation.segmentation_figures import mask_iou, segmentation_figures


def exact(mean: np.ndarray, covariance: np.ndarray, n: int = 200) -> np.ndarray:
    """Samples [n, D] whose sample mean and covariance are exactly these."""
    x = np.random.default_rng(0).standard_normal((n, len(mean)))
    x -= x.mean(0)
    x = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False))).T
    return x @ np.linalg.cholesky(covariance).T + mean


def test_frechet_distance_of_normal_distributions():
    """For commuting covariances it is ‖Δμ‖² + Σ(√λ_a - √λ_b)²."""
    a = exact(np.zeros(2), np.diag([4.0, 9.0]))
    b = exact(np.array([3.0, 4.0]), np.diag([1.0, 1.0]))
    assert frechet_distance(a, b) == pytest.approx(25 + 1 + 4)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_frechet_distance_of_correlated_features():
    """Against scipy's general matrix root."""
    from scipy.linalg import sqrtm

    s1, s2 = np.array([[2.0, 0.8], [0.8, 1.0]]), np.array([[1.0, -0.3], [-0.3, 0.5]])
    expected = np.trace(s1 + s2 - 2 * sqrtm(s1 @ s2).real)
    assert frechet_distance(exact(np.zeros(2), s1), exact(np.zeros(2), s2)) == pytest.approx(expected)


def test_kernel_distance_by_hand():
    """Kernel (x·y/1 + 1)³: within a 1·2 → 27, within b 0·0 → 1, between 1, 1, 1, 1."""
    assert kernel_distance(np.array([[1.0], [2.0]]), np.array([[0.0], [0.0]])) == pytest.approx(27 + 1 - 2)


def test_kernel_distance_is_unbiased():
    rng = np.random.default_rng(0)
    values = [kernel_distance(rng.standard_normal((20, 3)), rng.standard_normal((20, 3))) for _ in range(200)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(200)


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_one_sample_has_no_spread(distance):
    with pytest.raises(ValueError, match="a has 1 sample"):
        distance(np.zeros((1, 2)), np.zeros((3, 2)))


def test_perceptual_distance_compares_directions_at_each_position():
    """Two positions of two channels: equal up to length → 0, orthogonal → 2; their average."""
    a = torch.tensor([[[[1.0, 1.0]], [[0.0, 0.0]]]])  # [1, 2, 1, 2]
    b = torch.tensor([[[[5.0, 0.0]], [[0.0, 3.0]]]])
    pictures = unit_layers([torch.cat([a, b])])
    assert diversity(pictures) == pytest.approx((0 + 2) / 2)
    assert diversity(torch.cat([pictures[:1], pictures[:1]])) == pytest.approx(0, abs=1e-6)


def test_a_copy_is_found_with_the_photograph_it_copies():
    rng = np.random.default_rng(0)
    make = lambda n: torch.from_numpy(rng.standard_normal((n, 16)))  # noqa: E731
    seen, held_out, drawn = make(30), make(30), make(5)
    drawn[3] = seen[17] + 1e-3
    figures, closest = copying(*(Features(np.zeros((0, 1)), part) for part in (drawn, held_out, seen)))
    assert figures["copies"] == 1
    distance, _ = nearest(drawn, seen)
    places = [f"tin/test/dent/{i}.png" for i in range(30)]
    assert flagged_copies(closest, places) == [
        {"sample": 3, "distance": float(distance[3]), "photograph": "tin/test/dent/17.png"}
    ]
    assert figures["nearest"] == pytest.approx(float(distance.mean()))


def test_the_grid_shows_the_closest_samples_beside_their_photographs(tmp_path):
    grey = lambda values: np.stack([np.full((8, 8, 3), value, np.uint8) for value in values])  # noqa: E731
    drawn, seen = grey([10, 20, 30, 40, 50]), grey([110, 120])
    closest = NearestWindows(np.array([0, 1, 0, 1, 0]), np.array([5.0, 1.0, 4.0, 2.0, 3.0]), np.zeros(5, bool))
    save_grid_row(tmp_path / "rows" / "dent.png", drawn, seen, closest)
    write_grid(tmp_path / "sheet.png", {"tin/bent": tmp_path / "none.png", "tin/dent": tmp_path / "rows" / "dent.png"})
    sheet = np.array(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape == (LABEL + 8 + GAP, 2 * SHOWN * (8 + GAP), 3)
    assert sheet[LABEL + 4, 4 :: 8 + GAP, 0].tolist() == [20, 120, 40, 120, 50, 110, 30, 110]


def test_segmentation_figures_by_hand():
    truth = np.array([[[1, 1, 0, 0, 0, 0, 0, 0]]], bool)
    probability = np.array([[[0.9, 0.4, 0.8, 0.1, 0.1, 0.1, 0.1, 0.1]]])
    figures = segmentation_figures(probability, truth)
    assert figures.iou == pytest.approx(1 / 3)
    assert figures.miou == pytest.approx((1 / 3 + 5 / 7) / 2)
    assert figures.f1 == pytest.approx(0.5)
    assert figures.ap == pytest.approx((1 + 2 / 3) / 2)
    assert figures.auroc == pytest.approx(11 / 12)
    with pytest.raises(ValueError, match="of the defect and of the background"):
        segmentation_figures(probability, np.zeros_like(truth))


def test_mask_iou():
    a, b = np.array([1, 1, 0], bool), np.array([0, 1, 1], bool)
    assert mask_iou(a, b) == pytest.approx(1 / 3)
    assert mask_iou(a & False, b & False) == 1


def square(top: int, size: int = 8) -> np.ndarray:
    mask = np.zeros((32, 32), bool)
    mask[top : top + size, 8 : 8 + size] = True
    return mask


def drawn_with(mask: np.ndarray, changed: np.ndarray) -> GeneratedSamples:
    twin = np.full((1, 32, 32, 3), 100, np.uint8)
    return GeneratedSamples(
        np.where(changed[None, ..., None], 200, twin).astype(np.uint8), mask[None], twin, np.ones(1), np.ones(1)
    )


def test_a_mask_agrees_with_a_change_under_it_and_not_with_one_beside_it():
    on, beside = (generated_masks(drawn_with(mask, square(8))) for mask in (square(8), square(20)))
    assert on["agreement"] > 0.7 and on["localisation"] > 1e6
    assert beside["agreement"] < 0.1 and beside["localisation"] == pytest.approx(0)
    assert on["area"] == pytest.approx(64 / 1024) and on["empty"] == 0


def test_figures_without_a_change_or_a_mask():
    nothing = np.zeros((32, 32), bool)
    figures = generated_masks(drawn_with(nothing, nothing))
    assert figures["empty"] == 1 and figures["agreement"] == 1
    assert not change_mask(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 3), np.uint8)).any()
