"""What data sets and tools have beside what their layouts describe: names that look like a split, damaged masks, other
files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from other_layouts import coco, converted, kolektor, reasons, yolo
from small_part import mask, part, write

from defectdiffu.convert.found import split_of
from defectdiffu.data.image_files import load_mask
from defectdiffu.data.layout import read_data_set
from defectdiffu.data.source_photographs import read_sources, source_of


def test_names_that_only_contain_a_split_divide_nothing(tmp_path):
    for name in ("valve", "strain gauge", "contest", "instances_valve"):
        assert split_of(name) is None, name
    held_out = ("instances_val2017", "Validation", "a-test", "valid")
    assert split_of("train2017") == "train" and [split_of(name) for name in held_out] == ["test"] * 4
    (tmp_path / "part/valve").mkdir(parents=True)
    yolo(tmp_path / "part/valve")
    (tmp_path / "part/valve/data.yaml").rename(tmp_path / "part/data.yaml")
    for path in (tmp_path / "part/valve").rglob("val"):
        path.rename(path.with_name("valves"))
    for path in (tmp_path / "part/valve").rglob("train"):
        path.rename(path.with_name("lot"))
    converted(tmp_path / "part", tmp_path / "made")
    assert len(read_data_set(tmp_path / "made")) == 3 and not (tmp_path / "made/manifest.csv").exists()


def test_a_mask_that_cannot_be_read_leaves_out_its_photograph_alone(tmp_path):
    kolektor(tmp_path / "ksdd")
    path = tmp_path / "ksdd/set/train/10_GT.png"
    path.write_bytes(path.read_bytes()[:40])
    converted(tmp_path / "ksdd", tmp_path / "made")
    why = {Path(file).name: reason for file, reason in reasons(tmp_path / "made").items()}["10.png"]
    assert why.startswith("its mask 10_GT.png: cannot be read as a PNG")
    assert len(read_data_set(tmp_path / "made")) == 2


def test_of_cocos_own_files_the_instances_are_read(tmp_path):
    (tmp_path / "part").mkdir()
    coco(tmp_path / "part")
    captions = {"images": [], "annotations": [], "info": {}}
    (tmp_path / "part/annotations/captions_train2017.json").write_text(json.dumps(captions))
    converted(tmp_path / "part", tmp_path / "made")
    assert len(read_data_set(tmp_path / "made")) == 3
    ((file, reason),) = reasons(tmp_path / "made").items()
    assert file.endswith("captions_train2017.json") and reason == "lies beside instances_….json, which is read"


def test_a_data_set_in_the_layout_keeps_its_splits_sources_and_names(tmp_path):
    """A photograph of the test split that came out in the train split would be trained on and measured."""
    folder = part(tmp_path / "data")
    (folder / "test/good").mkdir()
    (folder / "train/good/1.png").rename(folder / "test/good/0.png")
    (tmp_path / "data/manifest.csv").write_text(
        "image,split,source\npart/test/good/0.png,test,\npart/test/scratch/0.png,train,photograph 7\n"
        "part/train/good/0.png,train,photograph 7\n./part/test/scratch/1.png,test,\n"
    )
    (tmp_path / "data/unified_names.json").write_text('{"part": {"scratch": "line"}}')
    converted(tmp_path / "data", tmp_path / "made")
    records, sources = read_data_set(tmp_path / "made"), read_sources(tmp_path / "made")
    assert {record.place: (record.defect, record.split) for record in records} == {
        "part/train/good/0.png": ("good", "train"),
        "part/train/good/good_0.png": ("good", "test"),
        "part/test/scratch/0.png": ("line", "train"),
        "part/test/scratch/1.png": ("line", "test"),
    }
    of = {record.place: source_of(record, sources) for record in records}
    assert of["part/train/good/0.png"] == of["part/test/scratch/0.png"] == "photograph 7"
    assert len(set(of.values())) == 3


def test_the_values_that_mark_the_defect_are_those_of_the_data_set(tmp_path):
    folder, values = part(tmp_path / "data"), np.minimum(mask(), 1)
    values[-3:, -3:] = 2
    for path in (folder / "ground_truth/scratch").iterdir():
        write(path, values)
    (tmp_path / "data/mask_values.json").write_text("[1]")
    converted(tmp_path / "data", tmp_path / "made")
    defective = [record for record in read_data_set(tmp_path / "made") if record.mask]
    assert len(defective) == 2 and all(np.array_equal(load_mask(record.mask), mask() > 0) for record in defective)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("manifest.csv", "image,split\npart/train/good/0.png,held out\n", "split is 'held out'"),
        ("manifest.csv", "file,label\na.png,1\n", "needs the columns 'image' and 'split'"),
        ("unified_names.json", '{"part": {"scrach": "line"}}', "part has no folder test/scrach with photographs"),
        ("mask_values.json", "{}", "must be a list of values"),
    ],
)
def test_files_of_a_data_set_that_cannot_be_kept_are_named(name, text, said, tmp_path):
    part(tmp_path / "data")
    (tmp_path / "data" / name).write_text(text)
    with pytest.raises(ValueError, match="correct what the data set says of itself") as refused:
        converted(tmp_path / "data", tmp_path / "made")
    assert name in str(refused.value) and said in str(refused.value)
    assert not (tmp_path / "made").exists()
