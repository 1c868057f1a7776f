"""Composition puts the drawn defect onto a photograph, changes nothing else, and scores how well the defect shows."""

from __future__ import annotations

import numpy as np
import pytest

from defectdiffu.sampling.composition import MaskConvention, blurred, compose, dilated, scores
from defectdiffu.sampling.masks import binary_mask, uncertain_border

SIZE = 96
ROWS, COLUMNS = np.mgrid[:SIZE, :SIZE]
GREY = 140
DEPTH = 60  # of the drawn spot, of 255


def disc(x: int, y: int, radius: int) -> np.ndarray:
    return (COLUMNS - x) ** 2 + (ROWS - y) ** 2 <= radius**2


REGION, SPOT = disc(40, 50, 28), disc(36, 48, 7)


def photograph() -> np.ndarray:
    """Grey with a grain that no latent holds."""
    return np.clip(np.random.default_rng(0).normal(GREY, 8, (SIZE, SIZE, 3)), 0, 255).astype(np.uint8)


def picture(change: np.ndarray | float = 0.0) -> np.ndarray:
    """What the decoder gives, in -1 … 1: the photograph without its grain, changed by grey values of 255."""
    return np.broadcast_to((GREY + change) / 127.5 - 1, (3, SIZE, SIZE))


def marking(mask: np.ndarray) -> np.ndarray:
    """The soft mask image that shows it."""
    return blurred(mask.astype(float), 1.0) * 1.8 - 0.9


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return (a & b).sum() / (a | b).sum()


def test_a_dark_spot_is_found_and_keeps_the_grain_of_the_photograph():
    before = photograph()
    made = compose(before, picture(-DEPTH * SPOT), picture(), marking(SPOT), REGION)
    assert iou(made.mask, SPOT) >= 0.8
    core = disc(36, 48, 4)
    assert np.abs(made.image[core].astype(int) - (before[core].astype(int) - DEPTH)).max() <= 2


@pytest.mark.parametrize("drawn_in", [SPOT, disc(40, 50, 60), disc(66, 50, 6)])  # within, all over, on its border
@pytest.mark.parametrize("marked", [SPOT, disc(66, 50, 6)])
def test_no_byte_changes_outside_the_region(drawn_in, marked):
    before = photograph()
    made = compose(before, picture(-DEPTH * drawn_in), picture(), marking(marked), REGION)
    assert np.array_equal(made.image[~REGION], before[~REGION])
    assert not made.mask[~REGION].any()


def test_no_byte_changes_in_a_hole_of_the_region():
    before, pierced = photograph(), REGION & ~disc(38, 48, 0) & (COLUMNS != 33)
    made = compose(before, picture(20 - DEPTH * SPOT), picture(), marking(SPOT), pierced)
    assert made.mask.any() and np.array_equal(made.image[~pierced], before[~pierced])


def test_a_defect_that_the_region_cuts_off_fades_out_towards_its_border():
    cut = disc(66, 50, 10)
    before = photograph()
    made = compose(before, picture(-DEPTH * cut), picture(), marking(cut), REGION)
    change = np.abs(made.image.astype(float) - before).mean(2)
    border, within = cut & dilated(~REGION, 1), cut & ~dilated(~REGION, 4)
    assert change[within & made.mask].mean() > 0.9 * DEPTH
    assert change[border & REGION].mean() < 0.5 * DEPTH


def test_an_evenly_lighter_region_is_not_a_defect_and_leaves_no_seam():
    before = photograph()
    made = compose(before, picture(20.0), picture(), marking(SPOT), REGION)
    assert not made.mask.any() and np.array_equal(made.image, before)
    assert (made.visibility, made.agreement, made.seam) == (0.0, 0.0, 0.0)


def test_a_drift_is_subtracted_from_the_defect_inside_it():
    before = photograph()
    alone, drifted = (
        compose(before, picture(-DEPTH * SPOT + drift), picture(), marking(SPOT), REGION) for drift in (0, 20)
    )
    assert np.array_equal(alone.mask, drifted.mask)
    assert np.abs(alone.image.astype(int) - drifted.image).max() <= 2


def test_the_mask_is_empty_where_the_mask_module_shows_nothing():
    before = photograph()
    for soft in (np.full((SIZE, SIZE), -0.95), np.full((SIZE, SIZE), 0.5)):  # dark, and flat
        made = compose(before, picture(-DEPTH * SPOT), picture(), soft, REGION)
        assert not made.mask.any() and np.array_equal(made.image, before)


def test_a_marked_area_that_did_not_change_is_not_a_defect():
    made = compose(photograph(), picture(), picture(), marking(SPOT), REGION)
    assert not made.mask.any()


def test_the_mask_is_limited_to_what_changed():
    made = compose(photograph(), picture(-DEPTH * SPOT), picture(), marking(disc(36, 48, 14)), REGION)
    assert iou(made.mask, SPOT) >= 0.8


def outlined(change: np.ndarray, marked: np.ndarray):
    return compose(photograph(), picture(-DEPTH * change), picture(), marking(marked), REGION, MaskConvention.OUTLINE)


def test_an_outline_holds_the_faint_part_of_the_defect_too():
    """The change is strong in the spot and faint around it; the mask module marks both as one defect."""
    whole = disc(36, 48, 12)
    change = np.where(SPOT, 1.0, 0.3 * whole)
    strongest = compose(photograph(), picture(-DEPTH * change), picture(), marking(whole), REGION)
    made = outlined(change, whole)
    assert iou(strongest.mask, SPOT) >= 0.6 > iou(strongest.mask, whole)
    assert iou(made.mask, whole) >= 0.8
    shown = np.abs(made.image.astype(int) - photograph()).mean(2) > 10
    assert iou(shown, whole) >= 0.8


def test_an_outline_has_neither_holes_nor_narrow_gaps():
    ring = disc(36, 48, 12) & ~disc(36, 48, 4)
    broken = ring & (np.abs(COLUMNS - 36) > 1)
    made = outlined(broken.astype(float), broken)
    assert made.mask[disc(36, 48, 9)].all() and iou(made.mask, disc(36, 48, 12)) >= 0.8


def test_an_outline_leaves_out_what_did_not_change():
    assert not outlined(np.zeros((SIZE, SIZE)), SPOT).mask.any()
    both = SPOT | disc(52, 56, 6)
    made = outlined(SPOT.astype(float), both)
    assert made.mask[SPOT].all() and not made.mask[disc(52, 56, 4)].any()


@pytest.mark.parametrize("convention", MaskConvention)
def test_what_changed_outside_the_mask_is_ignored_and_nothing_else(convention):
    before = photograph()
    drawn_in = disc(36, 48, 9)
    made = compose(before, picture(-DEPTH * drawn_in), picture(), marking(SPOT), REGION, convention)
    change = np.abs(made.image.astype(int) - before).mean(2)
    assert not (made.ignore & made.mask).any() and not made.ignore[~REGION].any()
    assert change[made.ignore].min() > 2 and made.ignore[(change > 8) & ~made.mask].all()


def test_the_uncertain_border_lies_between_inside_and_outside():
    soft = blurred(disc(40, 50, 12).astype(float), 3.0) * 1.8 - 0.9
    mask = binary_mask(soft, 20)
    border = uncertain_border(soft, mask)
    assert border[mask].any() and border[~mask].any()
    assert not border[disc(40, 50, 8)].any() and not border[~disc(40, 50, 16)].any()
    for flat in (np.zeros((SIZE, SIZE), bool), np.ones((SIZE, SIZE), bool)):
        assert not uncertain_border(soft, flat).any()


def test_scores_of_a_change_that_fills_the_mask_exactly():
    before = np.full((SIZE, SIZE, 3), 100, np.uint8)
    after = before.copy()
    after[SPOT] += 30
    visibility, agreement, seam = scores(before, after, SPOT)
    assert visibility == 30.0
    assert agreement > 0.9
    assert seam == 0.0  # where the mask ends the change may end at once: that is the defect's own edge


def test_a_mask_elsewhere_has_no_agreement_and_a_larger_one_has_less():
    before = np.full((SIZE, SIZE, 3), 100, np.uint8)
    after = before.copy()
    after[SPOT] += 30
    visibility, agreement, _ = scores(before, after, disc(60, 60, 7))
    assert (visibility, agreement) == (0.0, 0.0)
    twice = disc(36, 48, 10)
    visibility, agreement, _ = scores(before, after, twice)
    share = SPOT.sum() / twice.sum()
    assert visibility == pytest.approx(30 * share) and agreement == pytest.approx(share, abs=0.1)


def test_a_change_beyond_the_mask_has_a_seam_if_it_ends_abruptly_and_none_if_it_fades():
    before = np.full((SIZE, SIZE, 3), 100, np.uint8)
    reaching = before.copy()
    reaching[disc(36, 48, 12)] += 30
    assert scores(before, reaching, SPOT)[2] == 30.0
    faded = before + np.rint(30 * blurred(SPOT.astype(float), 3.0))[..., None].astype(np.uint8)
    assert (faded != before).any(2)[~SPOT].any() and scores(before, faded, SPOT)[2] <= 1.0


def test_an_empty_mask_scores_nothing():
    before = np.zeros((SIZE, SIZE, 3), np.uint8)
    assert scores(before, before + 9, np.zeros((SIZE, SIZE), bool)) == (0.0, 0.0, 0.0)


def test_dilated_grows_a_pixel_into_a_diamond_and_stops_at_the_window():
    point = np.zeros((7, 7), bool)
    point[3, 0] = True
    rows, columns = np.mgrid[:7, :7]
    assert np.array_equal(dilated(point, 2), np.abs(rows - 3) + columns <= 2)


def test_blurred_keeps_a_plain_and_spreads_a_point_by_its_deviation():
    assert blurred(np.full((9, 9), 3.0), 2.0) == pytest.approx(np.full((9, 9), 3.0))
    point = np.zeros((41, 41))
    point[20, 20] = 1
    spread = blurred(point, 2.0)
    assert spread.sum() == pytest.approx(1)
    variance = (spread.sum(0) * (np.arange(41) - 20) ** 2).sum()
    assert variance == pytest.approx(4, rel=0.05)


def test_an_evenly_lighter_small_region_shows_no_defect():
    size = 64
    y, x = np.mgrid[:size, :size]
    from_middle = np.hypot(x - size / 2, y - size / 2)
    region, marked = from_middle < 16, from_middle < 8
    photograph = np.full((size, size, 3), 120, np.uint8)
    drawn = np.where(region, 25 / 127.5, 0.0)[None].repeat(3, 0)
    made = compose(photograph, drawn, np.zeros_like(drawn), np.where(marked, 1.0, -1.0), region)
    assert not made.mask.any() and (made.image == photograph).all()
