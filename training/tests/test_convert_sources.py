"""What data sets and tools have beside what their layouts describe: names that look like a split, damaged masks, other
files."""

from __future__ import annotations

import json
from pathlib import Path

from other_layouts import coco, converted, kolektor, reasons, yolo

from defectdiffu.convert.found import split_of
from defectdiffu.data.layout import read_data_set


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
