"""The baselines give the requested number of windows and change them only inside their masks."""

from __future__ import annotations

import numpy as np
import pytest

from defectdiffu.evaluation.real_windows import Windows
from defectdiffu.evaluation.synthesis import BASELINES, perlin_noise

SIZE = 32


@pytest.fixture
def windows() -> tuple[Windows, Windows]:
    """Two defective windows, a dark square on bright grey, and three normal ones of a texture."""
    rng = np.random.default_rng(0)
    masks = np.zeros((2, SIZE, SIZE), bool)
    masks[0, 4:10, 4:12] = masks[1, 18:26, 12:20] = True
    defective = np.where(masks[..., None], 20, 180).astype(np.uint8).repeat(3, -1)
    normal = rng.integers(100, 200, (3, SIZE, SIZE, 3)).astype(np.uint8)
    return (
        Windows(defective, masks, np.arange(2)),
        Windows(normal, np.zeros((3, SIZE, SIZE), bool), np.arange(3)),
    )


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_gives_the_requested_windows_each_with_a_mask(windows, name):
    made = BASELINES[name](*windows, 20, np.random.default_rng(1))
    assert made.image.shape == (20, SIZE, SIZE, 3) and made.image.dtype == np.uint8
    assert made.mask.shape == (20, SIZE, SIZE) and made.mask.any((1, 2)).all()
    assert len(np.unique(made.image.reshape(20, -1), axis=0)) == 20


@pytest.mark.parametrize("name", ["copy-paste", "cut-paste", "perlin"])
def test_the_normal_window_is_unchanged_outside_the_mask(windows, name):
    made = BASELINES[name](*windows, 20, np.random.default_rng(2))
    for image, mask in zip(made.image, made.mask, strict=True):
        same = [(image[~mask] == ground[~mask]).all() for ground in windows[1].image]
        assert sum(same) == 1
        ground = windows[1].image[same.index(True)]
        assert (image[mask] != ground[mask]).any()


def test_copy_paste_copies_the_real_defect(windows):
    made = BASELINES["copy-paste"](*windows, 20, np.random.default_rng(3))
    darkest = np.array([image[mask].min() for image, mask in zip(made.image, made.mask, strict=True)])
    assert (darkest < 60).all()  # the defect is 20, normal windows are 100 and brighter


def test_the_same_generator_gives_the_same_windows(windows):
    for make in BASELINES.values():
        a, b = (make(*windows, 3, np.random.default_rng(4)) for _ in range(2))
        assert (a.image == b.image).all() and (a.mask == b.mask).all()


def test_perlin_noise_is_smooth_and_zero_at_the_lattice():
    noise = perlin_noise(64, (4, 8), np.random.default_rng(0))
    assert noise.shape == (64, 64) and 0.5 < np.abs(noise).max() <= 1.01
    assert np.abs(noise[::16, ::8]).max() < 1e-12
    assert np.abs(np.diff(noise, axis=0)).max() < 0.3
