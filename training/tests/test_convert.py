"""Data sets of other layouts become the MVTec AD layout: the same photographs and masks; what is left out is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import invoke, run_command
from other_layouts import (
    LAYOUTS,
    coco,
    coco_document,
    converted,
    cvat,
    folders,
    good,
    labelme,
    loco,
    reasons,
    severstal,
    yolo,
)
from small_part import mask, photograph, tagged, write

from defectdiffu.convert.formats import NAMES
from defectdiffu.data.image_files import load_image, load_mask
from defectdiffu.data.layout import GOOD, read_data_set

BOX = "a box does not say which of its pixels are the defect"


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_recognised_and_keeps_its_photographs_and_masks(name, tmp_path):
    layout, source, target = LAYOUTS[name], tmp_path / "part", tmp_path / "made"
    source.mkdir()
    layout.build(source)
    recognised, written = converted(source, target)
    assert recognised == layout.name
    records = read_data_set(target)  # raises for anything that is not in the layout
    assert sorted(r.defect for r in records) == sorted([GOOD, GOOD, layout.defect.replace("_", " ")])
    for record in records:
        dark = load_image(record.image).max(axis=2) < 70
        marked = load_mask(record.mask) if record.mask else np.zeros_like(dark)
        assert np.array_equal(marked, (mask() > 0) if record.mask else marked)
        assert (dark & (mask() > 0)).any() == (record.mask is not None)
    told = reasons(target)
    assert len(told) == len(layout.left_out) == len(written.left_out)
    for file, reason in layout.left_out.items():
        assert any(path.endswith(file) and reason in why for path, why in told.items()), (file, told)
    if layout.held_out is not None:
        assert sum(record.split == "test" for record in records) == layout.held_out
    assert (target / "manifest.csv").exists() == (layout.held_out is not None)


def test_the_masks_of_a_photograph_are_merged(tmp_path):
    loco(tmp_path / "loco")
    name, _ = converted(tmp_path / "loco", tmp_path / "made")
    merged = mask() > 0
    merged[30:33, 30:35] = True
    records = read_data_set(tmp_path / "made")
    assert name == "mvtec-ad" and [r.defect for r in records] == ["good"] * 3 + ["logical anomalies"]
    assert np.array_equal(load_mask(records[-1].mask), merged)


def test_photographs_of_one_name_keep_both(tmp_path):
    folders(tmp_path / "a", "good", "bad", ".png", "0_mask.png")
    good(tmp_path / "a/part/test/good/0.png", tmp_path / "a/part/train/good/lot/0.png")
    converted(tmp_path / "a", tmp_path / "made")
    assert {path.name for path in (tmp_path / "made/part/train/good").iterdir()} == {
        "0.png", "1.png", "good_0.png", "lot_0.png",
    }  # fmt: skip


LEFT = {
    "boxes": (lambda root: coco(root, segmentation=[]), BOX),
    "another size": (
        lambda root: coco(root, segmentation={"size": [9, 9], "counts": [81]}),
        "its mask is 9×9, the photograph is 48×40",
    ),
    "an unknown label": (lambda root: coco(root, category_id=8), "cannot be read: KeyError 8"),
    "no area": (lambda root: coco(root, segmentation=[[1, 2, 3, 4]]), "a polygon of 4 coordinates has no area"),
    "rectangles": (lambda root: labelme(root, shape_type="rectangle"), BOX),
    "lines": (lambda root: labelme(root, shape_type="linestrip"), "a linestrip has no area"),
    "boxes of CVAT": (lambda root: cvat(root, '<box label="scratch" xtl="1" ytl="1" xbr="9" ybr="9"/>'), BOX),
    "runs that do not fit": (
        lambda root: cvat(root, '<mask label="a" rle="1, 2" left="0" top="0" width="9" height="9"/>'),
        "runs of 3 pixels for 9×9",
    ),
    "two defects": (
        lambda root: cvat(root, "".join(f'<ellipse label="{i}" cx="9" cy="9" rx="3" ry="3"/>' for i in "ab")),
        "shows several defects (a, b)",
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_has_no_mask_is_left_out_with_the_reason(name, tmp_path):
    build, reason = LEFT[name]
    (tmp_path / "part").mkdir()
    build(tmp_path / "part")
    result = invoke("convert", tmp_path / "part", "--to", tmp_path / "made")
    assert result.exit_code == 1 and "no photograph with a mask was found" in result.output
    assert reason in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["part"]


def test_yolo_boxes_and_photographs_without_annotation_are_left_out(tmp_path):
    (tmp_path / "part").mkdir()
    yolo(tmp_path / "part")
    (tmp_path / "part/labels/val/b.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    (tmp_path / "part/labels/train/a.txt").unlink()
    converted(tmp_path / "part", tmp_path / "made")
    told = {Path(file).name: why for file, why in reasons(tmp_path / "made").items()}
    assert BOX in told["b.jpg"] and "has no annotation" in told["a.jpg"] and len(told) == 2
    converted(tmp_path / "part", tmp_path / "all", unannotated_are_good=True)
    assert (tmp_path / "all/part/train/good/a.jpg").is_file()


def test_labelme_files_may_lie_apart_from_their_photographs(tmp_path):
    (tmp_path / "part/annotations").mkdir(parents=True)
    labelme(tmp_path / "part")
    for name in ("a", "c"):
        path = tmp_path / f"part/{name}.json"
        path.write_text(path.read_text().replace(f'"{name}.jpg"', f'"..\\\\{name}.jpg"'))
        path.rename(tmp_path / f"part/annotations/{name}.json")
    (tmp_path / "part/annotations/lost.json").write_text('{"shapes": [], "imagePath": "../../lost.jpg"}')
    (tmp_path / "part/notes.json").write_text('{"shapes": 3}')
    converted(tmp_path / "part", tmp_path / "made")
    assert [r.defect for r in read_data_set(tmp_path / "made")] == ["good", "good", "scratch"]
    assert list(reasons(tmp_path / "made").values()) == ["there is no photograph beside it, nor where it says"]


def test_the_first_version_of_severstals_table_is_read(tmp_path):
    severstal(tmp_path / "steel")
    rows = (tmp_path / "steel/train.csv").read_text().splitlines()[1:]
    old = [",".join((f"{name}_{kind}", runs)) for name, kind, runs in (row.split(",") for row in rows)]
    (tmp_path / "steel/train.csv").write_text("\n".join(["ImageId_ClassId,EncodedPixels", *old, "a.jpg_1,"]))
    converted(tmp_path / "steel", tmp_path / "made")
    assert [r.defect for r in read_data_set(tmp_path / "made")] == ["good", "good", "defect 3"]
    (tmp_path / "steel/train.csv").write_text("ImageId,ClassId,EncodedPixels\nc.jpg,3,1 2 3\n")
    result = invoke("convert", tmp_path / "steel", "--to", tmp_path / "other")
    assert "line 2 of train.csv is no list of runs: runs are pairs" in result.output


def test_an_ellipse_is_turned_as_cvat_turns_it(tmp_path):
    turned = '<ellipse label="scratch" cx="24" cy="20" rx="15" ry="6" rotation="90"/>'
    upright = '<ellipse label="scratch" cx="24" cy="20" rx="6" ry="15"/>'
    masks = []
    for name, shape in (("turned", turned), ("upright", upright)):
        (tmp_path / name).mkdir()
        cvat(tmp_path / name, shape)
        converted(tmp_path / name, tmp_path / f"{name} made", product="part")
        masks.append(load_mask(read_data_set(tmp_path / f"{name} made")[-1].mask))
    assert np.array_equal(*masks) and masks[0].sum(axis=0).max() == 30


@pytest.mark.parametrize("verified", ["", ' verified="yes"'])
def test_voc_boxes_are_refused_with_the_reason(verified, tmp_path):
    good(tmp_path / "voc/JPEGImages/a.jpg")
    (tmp_path / "voc/Annotations").mkdir()
    xml = f"<annotation{verified}><object><name>scratch</name><bndbox><xmin>1</xmin></bndbox></object></annotation>"
    (tmp_path / "voc/Annotations/a.xml").write_text(xml)
    result = invoke("convert", tmp_path / "voc", "--to", tmp_path / "made")
    assert result.exit_code == 1 and f"a.xml: Pascal VOC has boxes, and {BOX}" in result.output


def test_names_that_are_no_folders_or_one_word_are_refused(tmp_path):
    for i, (name, said) in enumerate((("../../x", "no name of a folder"), ("good", "the name of good parts"))):
        root = tmp_path / str(i)
        root.mkdir()
        coco(root)
        document = coco_document()
        document["categories"][0]["name"] = name
        (root / "annotations/instances_train2017.json").write_text(json.dumps(document))
        result = invoke("convert", root, "--to", tmp_path / "made", "--product", "part")
        assert result.exit_code == 1 and said in result.output, result.output
    folders(tmp_path / "a", "good", "bad", ".png", "0_mask.png")
    folders(tmp_path / "a", "good", "Bad", ".png", "0_mask.png")
    assert "are one word to the model" in invoke("convert", tmp_path / "a", "--to", tmp_path / "made").output


def test_a_file_of_coco_that_lacks_a_part_is_named_with_the_part(tmp_path):
    coco(tmp_path)
    for change, said in (
        (lambda document: document.pop("categories"), "it has no list 'categories'"),
        (lambda document: document["categories"][0].pop("id"), "an item has no 'id'"),
    ):
        document = coco_document()
        change(document)
        (tmp_path / "annotations/instances_train2017.json").write_text(json.dumps(document))
        result = invoke("convert", tmp_path, "--to", tmp_path / "made", "--product", "part")
        assert result.exit_code == 1 and f"is not in the format of COCO: {said}" in result.output, result.output


def test_a_photograph_outside_the_data_set_is_not_reached(tmp_path):
    (tmp_path / "part").mkdir()
    good(tmp_path / "secret.jpg")
    coco(tmp_path / "part")
    document = coco_document()
    document["images"][0]["file_name"] = "../secret.jpg"
    (tmp_path / "part/annotations/instances_train2017.json").write_text(json.dumps(document))
    converted(tmp_path / "part", tmp_path / "made")
    assert "there is no such photograph" in reasons(tmp_path / "made")[str(tmp_path / "part/../secret.jpg")]
    assert not list((tmp_path / "made").rglob("secret*"))


def test_a_photograph_that_exif_turns_is_written_upright_or_left_out(tmp_path):
    folders(tmp_path / "a", "good", "bad", ".png", "0_mask.png")
    write(tmp_path / "a/part/train/good/2.png", photograph(False), exif=tagged(6))
    write(tmp_path / "a/part/test/bad/0.png", photograph(True), exif=tagged(3))
    result = invoke("convert", tmp_path / "a", "--to", tmp_path / "made")
    assert "EXIF orientation 3, and it is not clear whether its mask is turned" in result.output
    write(tmp_path / "a/part/ground_truth/bad/0_mask.png", mask(), exif=tagged(3))
    run_command("convert", tmp_path / "a", "--to", tmp_path / "made")
    records = read_data_set(tmp_path / "made")
    assert load_image(tmp_path / "made/part/train/good/2.png").shape[:2] == (48, 40)
    assert load_image(records[-1].image)[load_mask(records[-1].mask)].max() == 20


def test_used_bits_and_mask_values_are_named(tmp_path):
    folders(tmp_path / "a", "good", "bad", ".png", "0_mask.png")
    for path in (tmp_path / "a").glob("part/t*/*/*.png"):
        write(path, (load_image(path)[..., 0].astype(np.uint16) << 4) + 5)
    values = np.where(mask() > 0, 1, 0).astype(np.uint8)
    values[-3:, -3:] = 2
    write(tmp_path / "a/part/ground_truth/bad/0_mask.png", values)
    assert "16 bits per channel" in invoke("convert", tmp_path / "a", "--to", tmp_path / "made").output
    run_command("convert", tmp_path / "a", "--to", tmp_path / "made", "--bits", 12, "--mask-values", "1")
    record = read_data_set(tmp_path / "made")[-1]
    assert np.array_equal(load_mask(record.mask), mask() > 0)
    assert np.array_equal(load_image(record.image)[..., 0], photograph(True)[..., 0])
    over = invoke("convert", tmp_path / "a", "--to", tmp_path / "other", "--bits", 10)
    assert "which needs more than 10 bits" in over.output


def test_a_folder_of_no_known_layout_lists_the_formats(tmp_path):
    good(tmp_path / "a/0.png")
    output = invoke("convert", tmp_path / "a", "--to", tmp_path / "made").output
    assert "none of the known layouts" in output and all(name in output for name in NAMES)
    assert "there is no format 'kitti'" in invoke("convert", tmp_path, "--to", tmp_path / "x", "--from", "kitti").output
    assert "no such folder" in invoke("convert", tmp_path / "nowhere", "--to", tmp_path / "x").output
