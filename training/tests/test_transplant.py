"""A real defect, varied and laid onto a photograph of a good part."""

from __future__ import annotations

import math

import numpy as np
import pytest

from defectdiffu.data.windows import WindowRule
from defectdiffu.transplant.donor import vary
from defectdiffu.transplant.limits import limits_of
from defectdiffu.transplant.place import Area
from defectdiffu.transplant.transplant import NoPlaceError, transplant, vary_defect
from defectdiffu.transplant.variation import VariationLimits, draw_variation

STILL = VariationLimits(turn=0, scale=(1, 1), bend=0, contrast=0)


def striped(shift: int = 0) -> np.ndarray:
    """A bright photograph with one dark stripe of 12 pixels, and grain."""
    rng = np.random.default_rng(shift)
    image = np.full((96, 128, 3), 180.0)
    image[:, 40 + shift : 52 + shift] = 60
    return np.clip(image + rng.normal(0, 2, image.shape), 0, 255).astype(np.uint8)


def broken_stripe() -> tuple[np.ndarray, np.ndarray]:
    """The stripe with a gap, and the mask of the gap."""
    image, mask = striped(), np.zeros((96, 128), bool)
    image[45:55, 38:54] = 182
    mask[44:56, 38:54] = True
    return image, mask


def spot(size: int = 64, at: tuple[int, int] = (30, 30), level: int = 20) -> tuple[np.ndarray, np.ndarray]:
    image, mask = np.full((size, size, 3), 200, np.uint8), np.zeros((size, size), bool)
    mask[at[0] : at[0] + 6, at[1] : at[1] + 9] = True
    image[mask] = level
    return image, mask


def test_the_defect_goes_where_its_surroundings_fit():
    for seed in range(5):
        made = transplant(striped(37), *broken_stripe(), seed)
        columns = np.flatnonzero(made.mask.any(0))
        assert abs(columns.mean() - (45.5 + 37)) <= 3, f"seed {seed}: the gap lies beside the stripe"


def test_on_a_plain_photograph_seeds_choose_different_places():
    plain = np.full((64, 64, 3), 200, np.uint8)
    places = {transplant(plain, *spot(), seed).place[:2] for seed in range(8)}
    assert len(places) >= 7


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    first, again, other = (transplant(striped(20), *broken_stripe(), seed) for seed in (7, 7, 8))
    assert np.array_equal(first.image, again.image) and np.array_equal(first.mask, again.mask)
    assert not np.array_equal(first.image, other.image)


def test_nothing_changes_beyond_the_feathered_border():
    photograph = striped(20)
    made = transplant(photograph, *broken_stripe(), 3)
    changed = (made.image != photograph).any(2)
    rows, columns = np.nonzero(made.mask)
    near = np.zeros_like(changed)
    near[max(rows.min() - 5, 0) : rows.max() + 6, max(columns.min() - 5, 0) : columns.max() + 6] = True
    assert changed[made.mask].mean() > 0.5
    assert not (changed & ~near).any()


def test_strength_scales_the_change():
    photograph = np.full((64, 64, 3), 150, np.uint8)
    change = [
        np.abs(transplant(photograph, *spot(), 1, strength).image.astype(int) - 150).sum() for strength in (0, 0.5, 1)
    ]
    assert change[0] == 0
    assert change[1] == pytest.approx(change[2] / 2, rel=0.05)


def test_the_defect_takes_the_tone_of_its_new_surroundings():
    half_as_bright = np.full((64, 64, 3), 100, np.uint8)
    made = transplant(half_as_bright, *spot(level=100), 1, limits=STILL)
    assert made.image[made.mask].mean() == pytest.approx(50, abs=3)


def test_the_middle_of_the_defect_lies_in_the_allowed_area():
    allowed = np.zeros((64, 64), bool)
    allowed[10:20, 40:60] = True
    for seed in range(5):
        made = transplant(np.full((64, 64, 3), 200, np.uint8), *spot(), seed, area=Area(allowed))
        y, x = (int(part.mean()) for part in np.nonzero(made.mask))
        assert 9 <= y <= 20 and 39 <= x <= 60


def test_an_allowed_area_of_a_few_pixels_is_found_on_a_large_photograph():
    allowed = np.zeros((400, 500), bool)
    allowed[201:203, 333:335] = True
    made = transplant(np.full((400, 500, 3), 200, np.uint8), *spot(), 0, area=Area(allowed))
    assert made.mask[196:208, 328:340].sum() == made.mask.sum()


def test_an_allowed_area_without_a_place_is_an_error():
    with pytest.raises(NoPlaceError, match="allowed area"):
        transplant(np.zeros((64, 64, 3), np.uint8), *spot(), 0, area=Area(np.zeros((64, 64), bool)))


def test_a_mask_that_marks_nothing_is_an_error():
    with pytest.raises(ValueError, match="donor_mask is empty"):
        transplant(striped(), striped(), np.zeros((96, 128), bool), 0)


@pytest.mark.parametrize("at", [(0, 30), (58, 30), (30, 0), (30, 55)])
def test_a_defect_that_reaches_a_border_reaches_it_again(at):
    made = transplant(np.full((80, 100, 3), 200, np.uint8), *spot(at=at), 2, limits=STILL)
    borders = {
        (0, 30): made.mask[0], (58, 30): made.mask[-1], (30, 0): made.mask[:, 0], (30, 55): made.mask[:, -1],
    }  # fmt: skip
    assert [key for key, border in borders.items() if border.any()] == [at]


def test_a_crack_through_the_photograph_crosses_a_larger_one():
    image, mask = np.full((64, 64, 3), 200, np.uint8), np.zeros((64, 64), bool)
    mask[30:34] = True
    image[mask] = 20
    made = transplant(np.full((90, 100, 3), 200, np.uint8), image, mask, 0, limits=STILL)
    covered = np.flatnonzero(made.mask.any(0))
    assert len(covered) == 100  # the mirror image continues it beyond its own 64 pixels


def test_a_donor_that_is_larger_than_the_photograph_covers_it():
    image, mask = np.full((200, 200, 3), 90, np.uint8), np.zeros((200, 200), bool)
    mask[20:180, 20:180] = True
    made = transplant(np.full((64, 64, 3), 200, np.uint8), image, mask, 0)
    assert made.image.shape == (64, 64, 3) and made.mask.mean() > 0.9


def test_variations_keep_to_the_limits():
    limits = VariationLimits(turn=5, scale=(0.9, 1.1), bend=0.02, contrast=0.1)
    for seed in range(50):
        variation = draw_variation(limits, seed, 0)
        assert variation.quarter_turns == 0 and not variation.mirrored
        assert abs(variation.turn) <= math.radians(5) and 0.9 <= variation.scale <= 1.1
        assert max(map(abs, variation.bend)) <= 0.02 and abs(variation.contrast - 1) <= 0.1


def test_what_the_product_allows_is_used():
    drawn = [draw_variation(VariationLimits(quarter_turns=True, mirrors=True), seed, 0) for seed in range(60)]
    assert {variation.quarter_turns for variation in drawn} == {0, 1, 2, 3}
    assert {variation.mirrored for variation in drawn} == {False, True}
    halves = [draw_variation(VariationLimits(half_turns=True), seed, 0).quarter_turns for seed in range(30)]
    assert set(halves) == {0, 2}


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        (WindowRule(flips=True), {(0, False), (0, True), (2, False), (2, True)}),
        (WindowRule(flips="left-right"), {(0, False), (0, True)}),
        (WindowRule(flips="up-down"), {(0, False), (2, True)}),
        (WindowRule(flips=False), {(0, False)}),
        (WindowRule(flips=True, half_turn_only=True), {(0, False), (2, False)}),
    ],
    ids=["both mirrors", "left-right", "up-down", "neither", "half turn only"],
)
def test_a_defect_is_turned_and_mirrored_as_the_windows_of_its_product(rule, allowed):
    drawn = [draw_variation(limits_of(rule), seed, 0) for seed in range(60)]
    assert {(variation.quarter_turns, variation.mirrored) for variation in drawn} == allowed


def test_without_variation_the_donor_is_the_defect_itself():
    image, mask = spot()
    donor = vary(image, mask, draw_variation(STILL, 0, 0))
    assert donor.mask.sum() == mask.sum()
    assert np.allclose(donor.image[donor.mask], image[mask])


def test_trials_of_one_seed_vary_the_defect_differently():
    areas = [variant.donor.mask.sum() for variant in vary_defect(*broken_stripe(), 0, VariationLimits())]
    assert len(set(areas)) == len(areas)
