"""Shapes measured on masks, and regions drawn from them."""

from __future__ import annotations

import numpy as np
import pytest

from defectdiffu.sampling.placement import NEWEST, SIZES, Shape, region_in_area, region_of, shape_of

SIZE = 128


def ellipse(x: float, y: float, major: float, minor: float, angle: float) -> np.ndarray:
    v, u = (np.mgrid[:SIZE, :SIZE] + 0.5) / SIZE
    along = (u - x) * np.cos(angle) + (v - y) * np.sin(angle)
    across = -(u - x) * np.sin(angle) + (v - y) * np.cos(angle)
    return (along / major) ** 2 + (across / minor) ** 2 <= 1


@pytest.mark.parametrize("angle", [0.0, 0.5, np.pi / 2, 2.4])
def test_the_measured_shape_of_an_ellipse_is_the_ellipse(angle):
    drawn = (0.4, 0.55, 0.3, 0.1, angle)
    found = shape_of(ellipse(*drawn))
    assert tuple(found)[:4] == pytest.approx(drawn[:4], abs=0.01)
    assert np.sin(found.angle - angle) == pytest.approx(0, abs=0.01)  # an axis has no direction: 0 is π


def test_a_long_stroke_is_measured_along_its_length():
    stroke = np.zeros((SIZE, SIZE), bool)
    for i in range(64):  # down and to the right, a pixel wide
        stroke[20 + i, 30 + i] = True
    found = shape_of(stroke)
    assert found.angle == pytest.approx(np.pi / 4, abs=0.01)
    assert found.major == pytest.approx(2 * 64 * np.sqrt(2) / np.sqrt(12) / SIZE, abs=0.01)  # of a line: length/√12
    assert found.minor < 0.01
    assert (found.x, found.y) == (pytest.approx(62 / SIZE, abs=0.005), pytest.approx(52 / SIZE, abs=0.005))


def test_a_row_of_pixels_is_one_pixel_wide():
    row = np.zeros((SIZE, SIZE), bool)
    row[50, 20:60] = True
    assert shape_of(row).minor == pytest.approx(2 / np.sqrt(12) / SIZE, abs=1e-3)


def test_one_pixel_is_a_shape_of_its_own_extent():
    mask = np.zeros((SIZE, SIZE), bool)
    mask[64, 32] = True
    x, y, major, minor, _ = shape_of(mask)
    assert (x, y) == (pytest.approx(32.5 / SIZE, abs=1e-3), pytest.approx(64.5 / SIZE, abs=1e-3))
    assert 0 < minor == major < 1 / SIZE


SHAPES = [Shape(0.3, 0.6, 0.2, 0.15, 0.4), Shape(0.7, 0.3, 0.3, 0.2, 2.0)]


def test_a_seed_always_gives_the_same_region():
    assert np.array_equal(region_of(SHAPES, 7, SIZE), region_of(SHAPES, 7, SIZE))


def test_a_region_has_the_same_place_at_any_size():
    small, large = region_of(SHAPES, 7, 64), region_of(SHAPES, 7, 256)
    assert small.mean() == pytest.approx(large.mean(), abs=0.01)
    assert np.argwhere(small).mean(0) * 4 == pytest.approx(np.argwhere(large).mean(0), abs=2)


def test_a_thousand_seeds_give_a_thousand_regions():
    assert len({region_of(SHAPES, seed, 64).tobytes() for seed in range(1000)}) > 990


@pytest.mark.parametrize(
    "shape",
    [
        Shape(0.5, 0.5, 0.005, 0.005, 0),  # a pixel
        Shape(0.0, 1.0, 0.3, 0.02, 0.7),  # a stroke in the corner
        Shape(0.5, 0.5, 0.6, 0.6, 0),  # the whole window
    ],
)
def test_every_region_has_a_bounded_size_inside_the_window(shape):
    v, u = (np.mgrid[:SIZE, :SIZE] + 0.5) / SIZE
    sizes = SIZES[1]
    for seed in range(50):
        region = region_of([shape], seed, SIZE)
        assert region.mean() > np.pi * sizes.min_semi_axis**2 / 4  # a quarter of the smallest, in a corner
        reach = 2 * sizes.max_semi_axis + 0.02
        assert np.ptp(u[region]) <= reach and np.ptp(v[region]) <= reach


def test_a_region_combines_the_form_of_one_shape_with_the_place_of_another():
    long, round_ = Shape(0.25, 0.5, 0.32, 0.12, 0.0), Shape(0.75, 0.5, 0.16, 0.16, 0.0)
    seen = set()
    for seed in range(100):
        found = shape_of(region_of([long, round_], seed, SIZE))
        seen.add((found.major > 1.5 * found.minor, found.x > 0.5))
    assert seen == {(form, place) for form in (True, False) for place in (True, False)}


def test_a_shape_is_jittered_only_slightly():
    shape = Shape(0.5, 0.5, 0.25, 0.14, 1.0)
    found = np.array([shape_of(region_of([shape], seed, SIZE)) for seed in range(100)])
    x, y, major, minor, angle = found.T
    for values, middle, way in ((x, 0.5, 0.1), (y, 0.5, 0.1), (angle, 1.0, 0.3)):
        assert np.abs(values - middle).max() <= way + 0.01 and np.ptp(values) > 1.5 * way
    assert major.min() + 0.01 >= 0.25 and major.max() <= 0.25 * 1.25 * 1.25 + 0.01  # a margin, and never less than it
    assert minor.min() + 0.01 >= 0.14 and minor.max() <= 0.14 * 1.25 * 1.25 + 0.01


@pytest.mark.parametrize(
    ("real", "low", "high"),
    [
        (Shape(0.5, 0.5, 0.04, 0.03, 0.3), 2, 7),  # a spot: in the first version, at least 12 times as large
        (Shape(0.5, 0.5, 0.55, 0.1, 0.3), 1, 2.4),  # a scratch across the window
    ],
)
def test_regions_of_the_newest_version_are_as_large_as_real_defects(real, low, high):
    area = ellipse(*real).mean()
    areas = [region_of([real], seed, SIZE, NEWEST).mean() / area for seed in range(50)]
    assert low <= min(areas) and max(areas) <= high


def test_no_region_of_the_newest_version_touches_the_border_of_the_window():
    for seed in range(50):
        region = region_of([Shape(0.5, 0.5, 0.6, 0.6, 0)], seed, SIZE, NEWEST)
        assert not region[:2].any() and not region[-2:].any() and not region[:, :2].any() and not region[:, -2:].any()


def test_a_region_lies_mostly_in_the_area_and_the_first_seed_that_does_so_is_its_own():
    shapes, area = [Shape(0.5, 0.5, 0.06, 0.04, 0.4)], ellipse(0.4, 0.5, 0.2, 0.2, 0)
    for seed in range(50):
        placed = region_in_area(shapes, seed, area)
        assert not placed.choose and (placed.region & area).sum() >= 0.75 * placed.region.sum()
        own = region_of(shapes, seed, SIZE, NEWEST)
        if (own & area).sum() >= 0.75 * own.sum():
            assert np.array_equal(placed.region, own)


def test_an_area_that_no_shape_fits_is_the_region_of_which_the_model_chooses_a_part():
    area = ellipse(0.9, 0.9, 0.05, 0.05, 0)
    placed = region_in_area([Shape(0.5, 0.5, 0.3, 0.3, 0)], 7, area)
    assert placed.choose and np.array_equal(placed.region, area)
