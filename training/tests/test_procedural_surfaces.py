"""The surfaces that are drawn by formula, as training data of surfaces-open."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from defectdiffu.data.image_files import load_image, load_mask
from defectdiffu.data.layout import GOOD, read_data_set
from defectdiffu.data.record import Record

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "make_procedural_surfaces.py"
DEFECTS = {
    "brushed metal": {"dent", "scratch", "stain"},
    "cast metal": {"crack", "hole", "pitting"},
    "painted panel": {"crack", "dent", "scratch"},
}


def draw(out: Path, seed: int = 0) -> Path:
    subprocess.run([sys.executable, SCRIPT, out, "--photographs", "1", "--seed", str(seed)], check=True)
    return out


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    return read_data_set(draw(tmp_path_factory.mktemp("surfaces") / "a"))


def digest(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*.png"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def test_every_product_has_good_surfaces_and_its_defects(records: list[Record]) -> None:
    assert {r.product for r in records if r.defect == GOOD} == set(DEFECTS)
    for product, defects in DEFECTS.items():
        assert {r.defect for r in records if r.product == product} - {GOOD} == defects


def test_a_mask_marks_where_the_surface_changes(records: list[Record]) -> None:
    for record in records:
        if record.mask is None:
            continue
        image, mask = load_image(record.image).astype(float).mean(2), load_mask(record.mask)
        assert 0.0005 < mask.mean() < 0.35, record
        inside = np.abs(image - np.median(image))[mask].mean()
        outside = np.abs(image - np.median(image))[~mask].mean()
        assert inside > outside, record


def test_a_seed_means_the_same_surfaces(tmp_path: Path) -> None:
    one, again, other = (digest(draw(tmp_path / name, seed)) for name, seed in (("a", 0), ("b", 0), ("c", 1)))
    assert one == again != other
