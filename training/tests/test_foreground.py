"""The foreground of a photograph is the part where it stands out, and nothing where the part is everywhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from defectdiffu.sampling.foreground import foreground_of

REPOSITORY = Path(__file__).resolve().parents[2]
COOKIES = REPOSITORY / "examples" / "cookie" / "data" / "cookie"
GOLDEN = REPOSITORY / "test" / "inference" / "golden" / "foregrounds"


def disc(height: int, width: int, x: float, y: float, radius: float) -> np.ndarray:
    v, u = np.mgrid[:height, :width]
    return (u - x) ** 2 + (v - y) ** 2 <= radius**2


def grainy(height: int, width: int, grey: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(-8, 9, (height, width, 3))
    return (grey + noise).astype(np.uint8)


def test_a_part_before_a_plain_background_is_found_with_a_margin():
    photograph, part = grainy(300, 400, 60), disc(300, 400, 250, 140, 80)
    photograph[part] = grainy(300, 400, 170)[part]
    found = foreground_of(photograph)
    assert found is not None and found[part].all()
    assert not found[~disc(300, 400, 250, 140, 80 + 0.04 * 400 + 8)].any()


def test_a_part_with_a_gap_is_found_with_its_gap():
    photograph, part = grainy(300, 300, 60), disc(300, 300, 150, 150, 90)
    v, u = np.mgrid[:300, :300]
    gap = part & (np.abs(u - 150) < 12) & (v < 180)
    photograph[part & ~gap] = 180
    found = foreground_of(photograph)
    assert found is not None and found[gap].all()


def test_several_parts_are_found_but_not_the_neighbour_that_the_border_cuts():
    photograph = grainy(200, 400, 60)
    whole, cut = disc(200, 400, 110, 100, 60) | disc(200, 400, 260, 100, 50), disc(200, 400, 400, 180, 40)
    photograph[whole] = photograph[cut] = 180
    found = foreground_of(photograph)
    assert found is not None and found[whole].all()
    assert found[cut].mean() < 0.1


def test_two_colours_of_background_are_not_the_part():
    photograph, part = grainy(300, 300, 60), disc(300, 300, 150, 130, 70)
    photograph[200:] = (20, 20, 140)  # a table's edge, across the photograph
    photograph[part] = (200, 190, 60)
    found = foreground_of(photograph)
    assert found is not None and found[part].all()
    assert not found[250:].any() and not found[:, :40].any()


@pytest.mark.parametrize(
    "photograph",
    [
        grainy(128, 128, 120),  # a surface
        np.full((64, 90, 3), 80, np.uint8),  # a single colour
        np.repeat(np.arange(128, dtype=np.uint8)[None, :, None], 128, 0).repeat(3, 2),  # lighter to one side
        np.where(np.mgrid[:128, :128][1][..., None] // 16 % 2, 0, 255).repeat(3, 2).astype(np.uint8),  # stripes
        grainy(3, 2, 100),  # hardly any pixel
    ],
)
def test_where_the_part_is_everywhere_there_is_no_foreground(photograph):
    assert foreground_of(photograph) is None


def test_a_speck_is_not_the_part():
    photograph = grainy(300, 300, 60)
    photograph[disc(300, 300, 150, 150, 20)] = 200
    assert foreground_of(photograph) is None


def test_real_defects_lie_in_the_found_area_of_their_photographs():
    inside = whole = 0
    excluded = []
    for place in sorted((COOKIES / "ground_truth" / "broken").iterdir()):
        name = place.name.replace("_mask.png", ".jpg")
        found = foreground_of(np.asarray(Image.open(COOKIES / "test" / "broken" / name).convert("RGB")))
        mask = np.asarray(Image.open(place).convert("L")) > 127
        area = np.ones_like(mask) if found is None else found
        inside, whole = inside + (mask & area).sum(), whole + mask.sum()
        excluded.append(1 - area.mean())
    assert inside / whole >= 0.98
    assert np.mean(excluded) > 0.4


def test_the_golden_foregrounds_are_those_of_this_code():
    """The service is compared with them. They are written by test/inference/golden/make_foregrounds.py."""
    for golden in sorted(GOLDEN.glob("*.png")):
        good, broken = (COOKIES / "train" / "good", COOKIES / "test" / "broken")
        folder = good if golden.name.startswith("good") else broken
        photograph = Image.open(folder / f"{golden.stem.split('-')[1]}.jpg").convert("RGB")
        found = foreground_of(np.asarray(photograph))
        assert found is not None and np.array_equal(found, np.asarray(Image.open(golden).convert("L")) > 127)
