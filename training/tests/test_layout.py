"""Any folder in the MVTec AD layout can be read, whatever its images' sizes and modes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import write_image
from PIL import Image

from defectdiffu.config import TrainingConfig
from defectdiffu.data.image_files import load_image, load_mask
from defectdiffu.data.layout import DataError, read_data_set, read_layout
from defectdiffu.training.train import training_records


def by_name(records) -> dict[str, list]:
    groups: dict[str, list] = {}
    for record in records:
        groups.setdefault(f"{record.product}/{record.defect}", []).append(record)
    return groups


def test_every_photograph_is_found_with_its_mask(data_set):
    groups = by_name(read_data_set(data_set))
    assert {name: len(records) for name, records in groups.items()} == {
        "felt/good": 3, "felt/hole": 3, "tin/good": 3, "tin/dent": 3, "tin/scratch": 3,
    }  # fmt: skip
    assert all(record.mask is None for record in groups["tin/good"])
    assert groups["tin/dent"][1].mask == data_set / "tin/ground_truth/dent/1_mask.png"


def test_good_images_of_the_test_folder_count_as_normal(data_set):
    write_image(data_set / "tin/test/good/9.png", np.zeros((40, 40, 3), np.uint8))
    assert len(by_name(read_layout(data_set))["tin/good"]) == 4


def test_only_the_chosen_products_are_read(data_set):
    assert {r.product for r in read_layout(data_set, ["felt"])} == {"felt"}
    with pytest.raises(DataError, match="no product 'brass'; there are: felt, tin"):
        read_layout(data_set, ["felt", "brass"])


@pytest.mark.parametrize("name", ["Metal_Nut", "metal nut"])
def test_a_product_is_chosen_by_its_folder_or_its_prompt_name(data_set, name):
    (data_set / "tin").rename(data_set / "Metal_Nut")
    assert {r.product for r in read_layout(data_set, [name])} == {"metal nut"}


def test_folder_names_become_words(data_set):
    (data_set / "tin").rename(data_set / "Metal_Nut")
    assert {r.product for r in read_layout(data_set)} == {"metal nut", "felt"}


def test_two_folders_with_the_same_prompt_name_are_refused(data_set):
    shutil.copytree(data_set / "felt", data_set / "Felt")
    with pytest.raises(DataError, match="the folders 'Felt', 'felt' are one product to the model, 'felt'"):
        read_layout(data_set)


def test_unified_names_replace_the_defect_names_of_a_product(data_set):
    (data_set / "unified_names.json").write_text(json.dumps({"tin": {"dent": "hole"}}))
    assert set(by_name(read_layout(data_set))) == {"felt/good", "felt/hole", "tin/good", "tin/hole", "tin/scratch"}


@pytest.mark.parametrize("column", ["split", "half"])
def test_the_manifest_keeps_the_test_half_out_of_training(data_set, column):
    lines = [f"product,image,{column}", "tin,tin/test/dent/0.png,test", "tin,tin/test/dent/1.png,train"]
    (data_set / "manifest.csv").write_text("\n".join(lines), encoding="utf-8")
    splits = {r.image.name: r.split for r in by_name(read_layout(data_set))["tin/dent"]}
    assert splits == {"0.png": "test", "1.png": "train", "2.png": "train"}
    trained = by_name(training_records(data_set, TrainingConfig()))["tin/dent"]
    assert [r.image.name for r in trained] == ["1.png", "2.png"]


def test_held_out_pairs_are_not_trained(data_set):
    trained = by_name(training_records(data_set, TrainingConfig(held_out_pairs=("tin/dent",))))
    assert "tin/dent" not in trained and {"tin/good", "tin/scratch", "felt/hole"} <= set(trained)


def test_a_data_set_without_defects_is_refused(data_set):
    with pytest.raises(DataError, match="no defective image in the train split"):
        training_records(data_set, TrainingConfig(held_out_pairs=("felt/hole",)), ["felt"])


MODES = {
    "grey": Image.fromarray(np.full((6, 9), 100, np.uint8)),
    "rgb": Image.fromarray(np.full((6, 9, 3), 100, np.uint8)),
    "rgba": Image.fromarray(np.dstack([np.full((6, 9, 3), 100, np.uint8), np.full((6, 9), 255, np.uint8)])),
    "16-bit": Image.fromarray(np.full((6, 9), 100 * 257, np.uint16)),
    "palette": Image.fromarray(np.full((6, 9, 3), 100, np.uint8)).convert("P", palette=Image.Palette.ADAPTIVE),
}


@pytest.mark.parametrize("mode", MODES)
def test_images_of_any_mode_become_rgb_at_their_original_size(mode, tmp_path):
    MODES[mode].save(tmp_path / "x.png")
    pixels = load_image(tmp_path / "x.png")
    assert pixels.shape == (6, 9, 3) and pixels.dtype == np.uint8
    assert (pixels == 100).all()


def test_masks_are_true_on_the_defect_in_grey_and_one_bit_files(tmp_path):
    mask = np.zeros((6, 9), np.uint8)
    mask[2, 3:5] = 255
    for name, image in {"grey": Image.fromarray(mask), "bit": Image.fromarray(mask).convert("1")}.items():
        image.save(tmp_path / f"{name}.png")
        assert np.array_equal(load_mask(tmp_path / f"{name}.png"), mask > 0)


def test_sizes_modes_and_suffixes_may_be_mixed(data_set):
    write_image(data_set / "tin/test/dent/large.jpg", np.full((90, 70), 120, np.uint8))
    mask = np.zeros((90, 70), np.uint8)
    mask[5:9, 5:9] = 255
    write_image(data_set / "tin/ground_truth/dent/large_mask.png", mask)
    (Path(data_set) / "tin/test/dent/notes.txt").write_text("not an image")
    assert len(by_name(read_data_set(data_set))["tin/dent"]) == 4


def test_a_photograph_is_rotated_by_its_exif_orientation(tmp_path):
    pixels = np.zeros((6, 10, 3), np.uint8)
    pixels[:, :5] = 200
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90° clockwise to see it upright
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    upright = load_image(tmp_path / "turned.png")
    assert upright.shape == (10, 6, 3)
    assert upright[0, 0, 0] == 200 and upright[9, 0, 0] == 0


def test_floating_point_pixels_are_refused(tmp_path):
    Image.fromarray(np.ones((4, 4), np.float32)).save(tmp_path / "f.tiff")
    with pytest.raises(ValueError, match="floating-point"):
        load_image(tmp_path / "f.tiff")


def test_beside_the_former_name_a_column_split_means_something_else(data_set):
    (data_set / "manifest.csv").write_text(
        "image,split,half\ntin/test/dent/0.png,test,train\ntin/train/good/0.png,train,test\n"
    )
    splits = {record.place: record.split for record in read_layout(data_set)}
    assert splits["tin/test/dent/0.png"] == "train"
    assert splits["tin/train/good/0.png"] == "test"
