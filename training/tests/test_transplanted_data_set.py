"""`defectdiffu-train transplant`: a data set of transplanted defects, without a model."""

from __future__ import annotations

import csv
import shutil

import numpy as np
import pytest
from conftest import invoke, run_command, with_test_half
from PIL import Image

from defectdiffu.data.image_files import load_image, load_mask
from defectdiffu.data.layout import read_data_set
from defectdiffu.transplant.sample_files import folder_of


def rows_of(folder):
    with (folder / "manifest.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_data_set_that_training_reads_is_written(data_set, tmp_path):
    result = invoke("transplant", "--data", data_set, "--out", tmp_path / "made", "--count", 2, "--products", "felt")
    assert result.exit_code == 0, result.output
    records = read_data_set(tmp_path / "made")
    assert [(r.product, r.defect, r.split) for r in records] == [("felt", "hole", "train")] * 2
    for record, row in zip(records, rows_of(tmp_path / "made"), strict=True):
        image, mask = load_image(record.image), load_mask(record.mask)
        good = load_image(data_set / row["good_photograph"])
        assert image[mask].mean() < good[mask].mean() - 30  # the hole is dark


def test_the_grid_has_a_row_for_each_sample_and_four_pictures_in_it(data_set, tmp_path):
    invoke("transplant", "--data", data_set, "--out", tmp_path / "made", "--count", 2, "--products", "felt")
    width, height = Image.open(tmp_path / "made" / "grid.png").size
    assert (width, height) == (4 * 260, 2 * 260)


def test_the_test_split_is_never_used(data_set, tmp_path):
    data = with_test_half(data_set, tmp_path / "split")
    invoke("transplant", "--data", data, "--out", tmp_path / "made", "--count", 6)
    used = {row[name] for row in rows_of(tmp_path / "made") for name in ("defective_photograph", "good_photograph")}
    assert used and not any(place.endswith("2.png") for place in used)


def test_the_same_seed_writes_the_same_samples(data_set, tmp_path):
    for name in ("first", "second"):
        invoke("transplant", "--data", data_set, "--out", tmp_path / name, "--count", 1, "--seed", 5)
    assert rows_of(tmp_path / "first") == rows_of(tmp_path / "second")
    place = rows_of(tmp_path / "first")[0]["image"]
    assert (tmp_path / "first" / place).read_bytes() == (tmp_path / "second" / place).read_bytes()


def test_a_folder_with_files_is_not_overwritten(data_set, tmp_path):
    result = invoke("transplant", "--data", data_set, "--out", data_set)
    assert result.exit_code == 1 and "is not empty" in result.output


def test_the_weakest_strength_is_at_most_the_strongest(data_set, tmp_path):
    result = invoke("transplant", "--data", data_set, "--out", tmp_path / "made", "--strength", 0.5, "--weakest", 0.7)
    assert result.exit_code == 1 and "weakest is 0.7" in result.output


def test_defects_of_other_products_are_transferred(data_set, tmp_path):
    """The tin has scratches and dents; the felt gets them, and not its own holes."""
    made = tmp_path / "made"
    transfer = ("--data", data_set, "--products", "felt", "--donors", data_set)
    result = invoke("transplant", *transfer, "--out", made, "--count", 2, "--anywhere")
    assert result.exit_code == 0, result.output
    assert {(r.product, r.defect) for r in read_data_set(made)} == {("felt", "dent"), ("felt", "scratch")}
    for row in rows_of(made):
        assert row["defective_photograph"].startswith("tin/") and row["good_photograph"].startswith("felt/")


def test_defects_that_names_tell_apart_keep_their_samples_though_their_folders_have_one_name(data_set, tmp_path):
    donors = tmp_path / "donors"
    for product, defect in (("candle", "dent"), ("capsule", "scratch")):
        shutil.copytree(data_set / "tin" / "train", donors / product / "train")
        for kind in ("test", "ground_truth"):
            shutil.copytree(data_set / "tin" / kind / defect, donors / product / kind / "bad")
    run_command("check", "--data", donors, "--keep-apart", "candle/bad,capsule/bad")
    made = tmp_path / "made"
    transfer = ("--data", data_set, "--products", "felt", "--donors", donors, "--anywhere")
    run_command("transplant", *transfer, "--out", made, "--count", 2)
    places = {row["image"]: row["defective_photograph"].split("/")[0] for row in rows_of(made)}
    assert len(places) == 4 and all((made / place).is_file() for place in places)
    for record in read_data_set(made):
        assert record.defect == f"{places[record.place]}-bad"


def test_a_sample_is_never_written_over_another(data_set, tmp_path):
    for kind in ("test", "ground_truth"):
        (data_set / "tin" / kind / "dent").rename(data_set / "tin" / kind / "cut_paste")
    made = ("--data", data_set, "--products", "tin", "--count", 1, "--cut-paste", 1)
    result = invoke("transplant", *made, "--out", tmp_path / "made")
    assert result.exit_code == 1 and "samples of two kinds are called cut_paste" in " ".join(result.output.split())


def test_a_name_that_no_folder_can_have_is_refused():
    assert folder_of("broken edge") == "broken_edge"
    for name in ("..", ".edge", "a\\b"):
        with pytest.raises(ValueError, match="which is no name of a folder"):
            folder_of(name)


def test_a_transferred_defect_is_as_large_in_a_window_as_on_its_own_product(data_set, tmp_path):
    (tmp_path / "windows.toml").write_text("[default]\nwindow = 20\n\n[products.felt]\nwindow = 40\n")
    transfer = ("--data", data_set, "--products", "felt", "--donors", data_set)
    areas = {}
    for name, windows in (("same", []), ("twice", ["--windows", tmp_path / "windows.toml"])):
        invoke("transplant", *transfer, "--out", tmp_path / name, *windows)
        dents = [record for record in read_data_set(tmp_path / name) if record.defect == "dent"]
        areas[name] = sum(int(load_mask(record.mask).sum()) for record in dents)
    assert areas["twice"] > 2 * areas["same"]


def test_donors_without_another_product_are_an_error(data_set, tmp_path):
    shutil.rmtree(data_set / "tin")
    transfer = ("--data", data_set, "--donors", data_set)
    result = invoke("transplant", *transfer, "--out", tmp_path / "made")
    assert result.exit_code == 1 and "of products other than felt among the donors" in " ".join(result.output.split())


def test_samples_of_cutpaste_need_no_defect_and_change_only_their_patch(data_set, tmp_path):
    made = tmp_path / "made"
    result = invoke("transplant", "--data", data_set, "--out", made, "--count", 1, "--cut-paste", 3)
    assert result.exit_code == 0 and "samples of CutPaste" in result.output.replace("\n", " ")
    pasted = [record for record in read_data_set(made) if record.defect == "cut paste"]
    rows = {row["image"]: row for row in rows_of(made)}
    assert len(pasted) == 3 * len({record.product for record in read_data_set(made)})
    for record in pasted:
        image, mask = load_image(record.image), load_mask(record.mask)
        row = rows[record.image.relative_to(made).as_posix()]
        good = load_image(data_set / row["good_photograph"])
        assert (image[~mask] == good[~mask]).all() and (image[mask] != good[mask]).any()
        assert 0 < mask.mean() <= 0.11
        assert "good" in row["defective_photograph"] and row["strength"] == ""


def test_windows_of_other_products_are_written_as_they_are(data_set, tmp_path):
    made, felt = tmp_path / "made", tmp_path / "windows.toml"
    felt.write_text("[default]\nwindow = 20\nflips = false\n\n[products.felt]\nwindow = 40\n")
    transfer = ("--data", data_set, "--products", "felt", "--donors", data_set, "--windows", felt, "--count", 1)
    result = invoke("transplant", *transfer, "--out", made, "--donor-windows", 8)
    assert result.exit_code == 0 and "8 windows of donors" in result.output.replace("\n", " ")
    whole = [record for record in read_data_set(made) if record.defect == "other products"]
    rows = {row["image"]: row for row in rows_of(made)}
    assert len(whole) == 8 and {record.product for record in whole} == {"felt"}
    donors = {rows[record.image.relative_to(made).as_posix()]["defective_photograph"] for record in whole}
    assert {donor.split("/")[0] for donor in donors} == {"tin"}
    assert {donor.split("/")[2] for donor in donors} == {"dent", "scratch"}
    for record in whole:
        image, mask = load_image(record.image), load_mask(record.mask)
        donor = load_image(data_set / rows[record.image.relative_to(made).as_posix()]["defective_photograph"])
        assert image.shape == (40, 40, 3) and mask.any()
        assert abs(image.mean() - donor.mean()) < 20  # the tin's grey, and not the felt's


def test_a_defect_of_another_product_that_covers_a_window_or_does_not_show_gives_no_sample(data_set, tmp_path):
    donors = tmp_path / "donors"
    shutil.copytree(data_set, donors)
    for mask in (donors / "tin" / "ground_truth" / "dent").iterdir():
        Image.fromarray(np.full_like(np.asarray(Image.open(mask)), 255)).save(mask)
    made = tmp_path / "made"
    transfer = ("--data", data_set, "--products", "felt", "--donors", donors)
    result = invoke("transplant", *transfer, "--out", made, "--count", 2, "--anywhere")
    assert result.exit_code == 0 and "felt/dent: 0 of 2 samples" in result.output
    assert {record.defect for record in read_data_set(made)} == {"scratch"}
    shutil.rmtree(donors / "tin" / "test" / "scratch")
    shutil.rmtree(donors / "tin" / "ground_truth" / "scratch")
    result = invoke("transplant", *transfer, "--out", tmp_path / "none", "--count", 2)
    assert result.exit_code == 1 and "no defect of the donors shows on felt" in result.output


def test_samples_without_transplants_can_be_had_alone(data_set, tmp_path):
    others = ("--data", data_set, "--products", "felt", "--donors", data_set, "--count", 0)
    result = invoke("transplant", *others, "--out", tmp_path / "made", "--donor-windows", 2, "--cut-paste", 1)
    assert result.exit_code == 0, result.output
    made = sorted(record.defect for record in read_data_set(tmp_path / "made"))
    assert made == ["cut paste", "other products", "other products"]
    result = invoke("transplant", *others, "--out", tmp_path / "none")
    assert result.exit_code == 1 and "count is 0, must be at least 1" in result.output


def test_cutpaste_alone_needs_no_defective_photograph(data_set, tmp_path):
    for folder in ("test", "ground_truth"):
        shutil.rmtree(data_set / "felt" / folder)
    only = ("--data", data_set, "--products", "felt", "--cut-paste", 2)
    result = invoke("transplant", *only, "--count", 0, "--out", tmp_path / "made")
    assert result.exit_code == 0 and "2 samples of CutPaste" in " ".join(result.output.split()), result.output
    assert [record.defect for record in read_data_set(tmp_path / "made")] == ["cut paste"] * 2
    result = invoke("transplant", *only, "--count", 1, "--out", tmp_path / "none")
    assert result.exit_code == 1 and "no defective photograph in the train split" in result.output


def test_windows_of_donors_need_donors(data_set, tmp_path):
    result = invoke("transplant", "--data", data_set, "--out", tmp_path / "made", "--donor-windows", 8)
    assert result.exit_code == 1 and "donor_windows is 8, must be 0 without donors" in result.output


def test_a_transferred_defect_that_vanishes_leaves_its_turn_to_the_next(data_set, tmp_path):
    donors = tmp_path / "donors"
    shutil.copytree(data_set, donors)
    first = sorted((donors / "tin" / "ground_truth").rglob("*.png"))[0]
    mask = np.zeros_like(np.asarray(Image.open(first)))
    mask[8, 8] = 255
    Image.fromarray(mask).save(first)
    windows = tmp_path / "windows.toml"
    windows.write_text("[products.tin]\nwindow = 32\n[products.felt]\nwindow = 16\n")  # tin's are halved on felt
    made = tmp_path / "made"
    result = invoke(
        "transplant", "--data", data_set, "--products", "felt", "--donors", donors, "--windows", windows,
        "--anywhere", "--count", 6, "--out", made,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    used = [row["defective_photograph"] for row in rows_of(made)]
    assert f"tin/test/{first.parent.name}/1.png" in used and f"tin/test/{first.parent.name}/0.png" not in used
