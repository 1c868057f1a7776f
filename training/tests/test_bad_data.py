"""All problems of a data set are reported at once, with file names, before training starts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import invoke, texture, write_image

from defectdiffu.data.layout import LISTED_PROBLEMS, DataError, read_data_set, read_layout


def problems_of(root: Path) -> list[str]:
    with pytest.raises(DataError) as caught:
        read_data_set(root)
    return caught.value.problems


def spoil(root: Path) -> dict[str, str]:
    """Puts one problem of each kind into the data set: {file: what must be said of it}."""
    square = np.zeros((40, 40), np.uint8)
    square[10:20, 10:20] = 255
    dents = root / "tin/ground_truth/dent"
    write_image(dents / "0_mask.png", square[:30])
    write_image(dents / "1_mask.png", (square // 2 + 3).astype(np.uint8))
    write_image(dents / "2_mask.png", np.zeros((40, 40), np.uint8))
    (root / "tin/ground_truth/scratch/0_mask.png").unlink()
    (root / "tin/ground_truth/scratch/1_mask.png").write_bytes(b"not an image")
    (root / "tin/train/good/0.png").write_bytes(b"\x89PNG cut off")
    (root / "manifest.csv").write_text("image,split\ntin/test/dent/0.png,validation\ntin/test/dent/7.png,train\n")
    (root / "unified_names.json").write_text('{"tin": ["dent"]}')
    return {
        "dent/0_mask.png": "mask is 40×30, its image is 40×40",
        "dent/1_mask.png": "mask is not binary",
        "dent/2_mask.png": "mask is empty, but the image is listed as 'dent'",
        "scratch/0_mask.png": "is missing",
        "scratch/1_mask.png": "unreadable mask",
        "good/0.png": "unreadable image",
        "manifest.csv:2": "split is 'validation', must be 'train' or 'test'",
        "manifest.csv:3": "no such image: 'tin/test/dent/7.png'",
        "unified_names.json": "must map product",
    }


def test_every_kind_of_bad_data_is_reported_in_one_message(data_set):
    expected = spoil(data_set)
    problems = problems_of(data_set)
    for file, what in expected.items():
        assert any(file in problem and what in problem for problem in problems), (file, what, problems)
    assert len(problems) == len(expected)


@pytest.mark.parametrize("command", ["check", "train"])
def test_the_command_line_reports_bad_data_and_trains_nothing(command, data_set, tmp_path):
    expected = spoil(data_set)
    arguments = [command, "--data", data_set, *(("--run", tmp_path / "run") if command == "train" else ())]
    result = invoke(*arguments)
    assert result.exit_code == 1
    assert all(file in result.output for file in expected)
    assert not list(tmp_path.glob("run/*.pt"))


def test_a_good_data_set_is_listed(data_set):
    result = invoke("check", "--data", data_set)
    assert result.exit_code == 0
    assert "15 images, no problem found" in result.output
    assert result.output.splitlines()[0].split() == ["felt", "good", "train", "3"]


def test_a_folder_of_another_layout_is_refused(tmp_path):
    write_image(tmp_path / "pictures/0.png", texture(np.random.default_rng(0), 90, 8))
    assert "unknown layout" in problems_of(tmp_path)[0]
    assert "no such folder" in problems_of(tmp_path / "nowhere")[0]
    (tmp_path / "tin/train/good").mkdir(parents=True)
    assert any("good: no image here" in problem for problem in problems_of(tmp_path))


def test_a_manifest_without_its_columns_and_names_that_are_not_json_are_refused(data_set):
    (data_set / "manifest.csv").write_text("file,split\na,train\n")
    (data_set / "unified_names.json").write_text("{tin")
    first, second = problems_of(data_set)
    assert "manifest.csv: needs the columns 'image' and 'split'" in first
    assert "unified_names.json: not JSON" in second


def test_the_test_half_is_held_out_however_it_is_listed_and_only_once(data_set):
    held_out = data_set / "tin/test/dent/0.png"
    (data_set / "manifest.csv").write_text("image,half\n./tin//test/dent/0.png,test\n")
    assert [r.image for r in read_layout(data_set) if r.split == "test"] == [held_out]
    (data_set / "manifest.csv").write_text("image,half\ntin/test/dent/0.png,test\n./tin/test/dent/0.png,train\n")
    assert "manifest.csv:3: tin/test/dent/0.png is listed as test and as train" in problems_of(data_set)[0]
    (data_set / "manifest.csv").write_text(f"image,half\n{held_out},test\n../data/tin/test/dent/0.png,test\n")
    assert all("no such image" in problem for problem in problems_of(data_set)) and len(problems_of(data_set)) == 2


@pytest.mark.parametrize("content", [b"image,half\n\xff\xfe,test\n", b"image,half\n" + b"a" * 200_000 + b",test\n"])
def test_an_error_names_a_manifest_that_is_not_csv(data_set, content):
    (data_set / "manifest.csv").write_bytes(content)
    assert "manifest.csv: not CSV" in problems_of(data_set)[0]


@pytest.mark.parametrize("name", ["a/b", "a\nb", " "])
def test_an_invalid_name_is_refused(data_set, name):
    (data_set / "unified_names.json").write_text(json.dumps({"tin": {"dent": name}}))
    assert "which is no name of a defect" in problems_of(data_set)[0]


def test_a_long_list_of_problems_is_cut_and_counted(data_set):
    error = DataError([f"file {i}" for i in range(LISTED_PROBLEMS + 7)])
    assert str(error).startswith(f"{LISTED_PROBLEMS + 7} problem(s)") and str(error).endswith("… and 7 more")


def test_files_in_unexpected_places_are_reported(data_set):
    """Otherwise a misspelt folder would silently drop a defect or a product."""
    image = texture(np.random.default_rng(0), 100, 40)
    write_image(data_set / "loose" / "0.png", image)
    write_image(data_set / "tin/train/OK/0.png", image)
    (data_set / "tin/test/rust").mkdir()
    (data_set / "cork/train").mkdir(parents=True)
    (data_set / "unified_names.json").write_text('{"tin": {"dents": "dent", "dent": "good"}, "lead": {"x": "y"}}')
    expected = {
        "loose": "images, but no train or test folder",
        "tin/train/OK": "unknown folder; normal photographs go into train/good",
        "tin/test/rust": "no image here",
        "cork": "neither train/good, test/good nor test/<defect> is here",
        "unified_names.json: tin: no folder test/dents": "",
        "unified_names.json: tin: dent is called 'good'": "no name of a defect",
        "unified_names.json: lead": "no such product; there are: cork, felt, tin",
    }
    problems = problems_of(data_set)
    for file, what in expected.items():
        assert any(file in problem and what in problem for problem in problems), (file, problems)
    assert len(problems) == len(expected)
