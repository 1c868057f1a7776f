"""`placement` measures real defects on the train split and writes the figures into the manifest of a bundle."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import invoke, with_test_half
from PIL import Image

from defectdiffu.evaluation.bundle_placement import contrasts
from defectdiffu.evaluation.real_windows import Windows
from defectdiffu.export.manifest import require_valid

PAIRS = {"felt/hole", "tin/dent", "tin/scratch"}


@pytest.fixture(scope="module")
def data(trained, tmp_path_factory) -> Path:
    """A data set with a test split whose photographs cannot be read."""
    root = with_test_half(trained / "data", tmp_path_factory.mktemp("halved") / "data")
    for image in root.rglob("2.png"):
        image.write_bytes(b"not to be seen")
    return root


@pytest.fixture(scope="module")
def rules(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "windows.toml"
    path.write_text("[default]\nwindow = 36\n[products.felt]\nwindow = 24\n")
    return path


def measure(bundle: Path, data: Path, *more: object):
    return invoke("placement", "--bundle", bundle, "--data", data, *more)


@pytest.fixture(scope="module")
def bundle(exported, data, rules, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("measured") / "0.1.0"
    shutil.copytree(exported, folder)
    result = measure(folder, data, "--windows", rules)
    assert result.exit_code == 0, result.output
    assert "placement of 3 pairs" in " ".join(result.output.split())
    return folder


def manifest_of(bundle: Path) -> dict:
    return json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))


def test_the_placement_section_is_the_only_change_and_fits_the_schema(bundle, exported):
    manifest = manifest_of(bundle)
    require_valid(manifest)
    del manifest["placement"]
    assert json.dumps(manifest) == json.dumps(manifest_of(exported))  # in the same order, too
    assert {path.name for path in bundle.iterdir()} == {path.name for path in exported.iterdir()}
    before = (exported / "bundle.json").read_text(encoding="utf-8").splitlines()
    after = iter((bundle / "bundle.json").read_text(encoding="utf-8").splitlines())
    assert all(line in after for line in before)  # not a line of it is written otherwise


def test_every_trained_pair_has_shapes_and_scores_and_every_product_a_window(bundle):
    placement = manifest_of(bundle)["placement"]
    assert placement["windows"] == {"felt": 24, "tin": 36}
    assert set(placement["shapes"]) == set(placement["scores"]) == PAIRS
    assert all(len(shapes) == 32 for shapes in placement["shapes"].values())


def test_the_shapes_are_those_of_the_masks(bundle):
    """Dents are squares of 8 pixels, scratches strokes of 3×8, in windows of 36; holes are squares of 8 in 24."""
    shapes = manifest_of(bundle)["placement"]["shapes"]
    for pair, semi_axes in (("tin/dent", (8, 8)), ("tin/scratch", (8, 3)), ("felt/hole", (8, 8))):
        side = 24 if pair == "felt/hole" else 36
        expected = [2 * length / np.sqrt(12) / side for length in semi_axes]
        found = np.median([shape[2:4] for shape in shapes[pair]], 0)
        assert found == pytest.approx(expected, abs=0.02), pair


def test_the_scores_are_those_of_the_real_defects(bundle):
    """Defects of grey 20 on tin of about 170 and on felt of about 90."""
    scores = manifest_of(bundle)["placement"]["scores"]
    for pair, contrast in (("tin/dent", 150), ("felt/hole", 70)):
        assert scores[pair]["contrast"][2] == pytest.approx(contrast, abs=15), pair
    for score in scores.values():
        assert score["contrast"] == sorted(score["contrast"])
        assert score["maskAgreement"] == sorted(score["maskAgreement"])
        assert score["maskAgreement"][0] >= 0 and score["maskAgreement"][2] <= 1


def test_a_second_measurement_replaces_the_first(bundle, exported, data, rules, tmp_path):
    folder = tmp_path / "0.1.0"
    shutil.copytree(bundle, folder)
    assert measure(folder, data, "--windows", rules).exit_code == 0
    assert (folder / "bundle.json").read_bytes() == (bundle / "bundle.json").read_bytes()
    assert measure(folder, data, "--windows", rules, "--seed", 1).exit_code == 0
    others = manifest_of(folder)["placement"]["shapes"]
    assert others != manifest_of(bundle)["placement"]["shapes"] and set(others) == PAIRS


def test_untrained_pairs_are_left_out_and_a_data_set_of_nothing_else_is_refused(exported, data, tmp_path):
    folder, strange = tmp_path / "0.1.0", tmp_path / "strange"
    shutil.copytree(exported, folder)
    shutil.copytree(data, strange)
    (strange / "felt").rename(strange / "brass")
    shutil.rmtree(strange / "tin")
    (strange / "manifest.csv").unlink()
    for image in strange.rglob("2.png"):
        Image.new("RGB", (40, 40)).save(image)
    result = measure(folder, strange)
    assert result.exit_code == 1
    assert "no photograph of the train split shows a defect that the bundle was trained on" in result.output
    assert (folder / "bundle.json").read_bytes() == (exported / "bundle.json").read_bytes()


@pytest.fixture
def divided(data, tmp_path) -> list[Path]:
    """The data set as two folders, with a product in each."""
    folders = [shutil.copytree(data, tmp_path / name) for name in ("mine", "known")]
    for folder, other in zip(folders, ("felt", "tin"), strict=True):
        shutil.rmtree(folder / other)
        lines = (folder / "manifest.csv").read_text().splitlines()
        (folder / "manifest.csv").write_text("\n".join(line for line in lines if not line.startswith(other)))
    return folders


def test_the_products_may_lie_in_several_folders_with_a_windows_file_each(exported, bundle, divided, rules, tmp_path):
    folder, felt, tin = tmp_path / "0.1.0", tmp_path / "felt.toml", tmp_path / "tin.toml"
    felt.write_text("[products.felt]\nwindow = 24\n")
    tin.write_text("[default]\nwindow = 36\n")
    for windows in (["--windows", tin, "--windows", felt], ["--windows", rules]):
        shutil.copytree(exported, folder, dirs_exist_ok=True)
        result = measure(folder, divided[0], "--data", divided[1], *windows)
        assert result.exit_code == 0, result.output
        placement = manifest_of(folder)["placement"]
        assert placement["windows"] == {"felt": 24, "tin": 36}
        assert set(placement["shapes"]) == set(placement["scores"]) == PAIRS


def test_windows_files_that_do_not_fit_the_folders_are_refused(exported, divided, rules, tmp_path):
    folder, other = tmp_path / "0.1.0", tmp_path / "other.toml"
    shutil.copytree(exported, folder)
    other.write_text("[default]\nwindow = 20\n")
    mine, known = divided
    three = measure(folder, mine, "--data", known, *(("--windows", other) * 3))
    assert "--windows is given 3 times, must be once or as often as --data, 2" in three.output
    (tmp_path / "empty.toml").write_text("")
    two_rules = measure(folder, mine, "--data", mine, "--windows", other, "--windows", tmp_path / "empty.toml")
    assert "tin is in two data sets, whose windows files have different rules for it" in two_rules.output
    assert (folder / "bundle.json").read_bytes() == (exported / "bundle.json").read_bytes()


def test_an_error_names_a_folder_that_is_not_a_bundle(data, tmp_path):
    result = measure(tmp_path / "nowhere", data)
    assert result.exit_code == 1 and "nowhere: no bundle is here (no bundle.json)" in result.output


def test_contrast_is_measured_against_the_ring_around_the_mask_if_there_is_one():
    image = np.full((2, 48, 48, 3), 100, np.uint8)
    mask = np.zeros((2, 48, 48), bool)
    mask[0, 20:28, 20:28] = True
    image[0, 19:29, 19:29] = 60  # a defect with an edge that its mask leaves out
    image[0, :5] = 255  # far from it
    image[0, 20:28, 20:24] = 50
    mask[1] = True
    assert contrasts(Windows(image, mask, np.arange(2))) == [pytest.approx((40 + 50) / 2)]
