"""A transplant lies on the part, where the part stands out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import run_command
from PIL import Image

from defectdiffu.transplant.part import part_of
from defectdiffu.transplant.transplant import GoodPhotograph, lay_on_best, transplant, vary_defect
from defectdiffu.transplant.variation import VARIED, VariationLimits

LIMITS = VariationLimits(quarter_turns=True, mirrors=True)


def disc(y: float, x: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:160, :200]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def plate(y: float = 80, x: float = 100, radius: float = 50) -> np.ndarray:
    """A bright disc before a dark, grainy ground."""
    grain = np.random.default_rng(0).integers(0, 8, (160, 200, 3))
    return (np.where(disc(y, x, radius)[..., None], 180, 50) + grain).astype(np.uint8)


def notched(depth: float = 15) -> tuple[np.ndarray, np.ndarray]:
    """A gap in the edge, in another tone than the ground: where it lay beside the part, it would show."""
    image, gap = plate(), disc(80, 150, depth) & disc(80, 100, 50)
    image[gap] = 20
    return image, gap


def share_in(part: np.ndarray, mask: np.ndarray) -> float:
    return float((mask & part).sum() / mask.sum())


@pytest.mark.parametrize("anywhere", [False, True])
def test_a_gap_lies_on_the_part(anywhere):
    image, gap = notched()
    photograph, found = plate(70, 80, 45), disc(70, 80, 46)
    beside = []
    for seed in range(8):
        variants = vary_defect(image, gap, seed, VARIED if anywhere else LIMITS)
        for area, shares in ((part_of(photograph), None), (None, beside)):
            laid = lay_on_best([GoodPhotograph(photograph, area)], variants, 1.0, anywhere)
            assert laid is not None
            share = share_in(found, laid[1].mask)
            assert shares is not None or share >= 0.9
            beside.append(share) if shares is not None else None
    assert min(beside) < 0.9  # without the area, some do not


def test_a_defect_that_fits_on_no_part_lies_on_it_as_far_as_it_can():
    photograph = plate(80, 100, 36)
    image, gap = np.full((160, 200, 3), 180, np.uint8), disc(80, 100, 45)
    image[gap] = 20
    part = part_of(photograph)
    assert part is not None
    made = transplant(photograph, image, gap, 3, area=part)
    assert (made.mask & part.pixels).sum() >= 0.98 * part.pixels.sum()


def test_nothing_stands_out_of_a_texture():
    grain = np.random.default_rng(0).integers(60, 160, (160, 200, 3)).astype(np.uint8)
    assert part_of(grain) is None


def test_the_command_lays_defects_on_the_part(tmp_path):
    for folder, name, image in (("train/good", "0", plate(70, 80, 45)), ("train/good", "1", plate(90, 120, 48)),
                                ("test/gap", "0", notched()[0])):  # fmt: skip
        path = tmp_path / "data" / "plate" / folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    mask = tmp_path / "data" / "plate" / "ground_truth" / "gap" / "0_mask.png"
    mask.parent.mkdir(parents=True)
    Image.fromarray(notched()[1].astype(np.uint8) * 255).save(mask)
    run_command("transplant", "--data", tmp_path / "data", "--count", 6, "--anywhere", "--out", tmp_path / "out")
    marked = sorted(Path(tmp_path / "out").rglob("*_mask.png"))
    assert len(marked) == 6
    grounds = {record.split(",")[0]: record for record in (tmp_path / "out" / "manifest.csv").read_text().splitlines()}
    for path in marked:
        own = grounds[f"plate/test/gap/{path.stem.removesuffix('_mask')}.png"]
        part = disc(70, 80, 47) if "train/good/0" in own else disc(90, 120, 50)
        assert share_in(part, np.asarray(Image.open(path)) > 127) > 0.9
