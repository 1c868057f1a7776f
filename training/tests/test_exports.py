"""The export archives of the service, read by the tools that their users read them with.

`exports/*.zip` are what the service's writer makes of one small set of samples; its own tests (test/exports/) fail when
it makes anything else of it. Among the masks are holes, islands in holes, and pixels that touch at corners only.
"""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from defectdiffu.data.image_files import load_mask
from defectdiffu.data.layout import GOOD, read_data_set

ARCHIVES = Path(__file__).parent / "exports"
COCO_ARCHIVES = ["coco_polygons", "coco_rle"]


def unpack(name: str, folder: Path) -> Path:
    with zipfile.ZipFile(ARCHIVES / f"{name}.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder


def true_masks(folder: Path) -> dict[str, np.ndarray]:
    """Sample id → its mask, from the archive that carries masks as pictures."""
    root = unpack("mvtec_ad", folder / "mvtec")
    samples = json.loads((root / "manifest.json").read_text(encoding="utf-8"))["samples"]
    return {sample["id"]: load_mask(root / sample["files"]["mask"]) for sample in samples}


def read_coco(name: str, folder: Path) -> tuple[COCO, dict[str, str]]:
    """The annotations, and file name → sample id."""
    root = unpack(name, folder / name)
    coco = COCO(str(root / "annotations" / "instances_train.json"))
    samples = json.loads((root / "manifest.json").read_text(encoding="utf-8"))["samples"]
    return coco, {Path(sample["files"]["image"]).name: sample["id"] for sample in samples}


@pytest.mark.parametrize("name", COCO_ARCHIVES)
def test_pycocotools_finds_in_the_annotations_exactly_the_masks(name, tmp_path):
    masks = true_masks(tmp_path)
    coco, sample_of = read_coco(name, tmp_path)
    assert len(coco.imgs) == len(masks) == 6
    for image in coco.imgs.values():
        annotations = coco.loadAnns(coco.getAnnIds(imgIds=image["id"], iscrowd=False))
        drawn = np.array([coco.annToMask(annotation) for annotation in annotations])
        assert drawn.sum(axis=0).max() == 1, "two annotations cover one pixel"
        assert np.array_equal(drawn.any(axis=0), masks[sample_of[image["file_name"]]])


@pytest.mark.parametrize("name", COCO_ARCHIVES)
def test_area_and_box_are_those_of_the_pixels(name, tmp_path):
    coco, _ = read_coco(name, tmp_path)
    assert len(coco.anns) > 20
    for annotation in coco.anns.values():
        pixels = coco.annToMask(annotation)
        rows, columns = np.nonzero(pixels)
        x, y = columns.min(), rows.min()
        assert annotation["area"] == pixels.sum()
        assert annotation["bbox"] == [x, y, columns.max() - x + 1, rows.max() - y + 1]


def test_polygons_and_run_lengths_describe_the_same_masks(tmp_path):
    polygons, _ = read_coco("coco_polygons", tmp_path)
    runs, _ = read_coco("coco_rle", tmp_path)
    assert polygons.anns.keys() == runs.anns.keys()
    for key, annotation in polygons.anns.items():
        assert isinstance(annotation["segmentation"], list)
        assert isinstance(runs.anns[key]["segmentation"], dict)
        assert np.array_equal(polygons.annToMask(annotation), runs.annToMask(runs.anns[key]))


@pytest.mark.parametrize("name", COCO_ARCHIVES)
def test_the_categories_are_the_defects_and_the_images_exist(name, tmp_path):
    coco, sample_of = read_coco(name, tmp_path)
    samples = json.loads((tmp_path / name / "manifest.json").read_text(encoding="utf-8"))["samples"]
    code_of = {sample["id"]: sample["defectCode"] for sample in samples}
    for annotation in coco.anns.values():
        image = coco.imgs[annotation["image_id"]]
        assert coco.cats[annotation["category_id"]]["name"] == code_of[sample_of[image["file_name"]]]
    for image in coco.imgs.values():
        with Image.open(tmp_path / name / "images" / "train" / image["file_name"]) as picture:
            assert picture.size == (image["width"], image["height"])


def test_real_photographs_have_the_regions_of_all_their_masks_and_are_told_from_samples(tmp_path):
    root = unpack("mvtec_ad_photographs", tmp_path / "folders")
    manifest = json.loads((root / "manifest.json").read_text(encoding="utf-8"))
    masks: dict[str, list[np.ndarray]] = {}
    coco, sample_of = read_coco("coco_photographs", tmp_path)
    merged = json.loads((tmp_path / "coco_photographs" / "manifest.json").read_text(encoding="utf-8"))["photographs"]
    image_of = {photograph["referenceId"]: Path(photograph["files"]["image"]).name for photograph in merged}
    for photograph in manifest["photographs"]:
        mask = load_mask(root / photograph["files"]["mask"])
        masks.setdefault(image_of[photograph["referenceId"]], []).append(mask)
    assert [len(of_image) for of_image in masks.values()] == [1, 2, 1]
    for image in coco.imgs.values():
        name = image["file_name"]
        assert image["origin"] == ("SYNTHETIC" if name in sample_of else "REAL")
        if name in sample_of:
            continue
        drawn = [coco.annToMask(annotation) for annotation in coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))]
        assert np.array_equal(np.any(drawn, axis=0), np.any(masks[name], axis=0))


def test_the_reader_of_the_mvtec_layout_accepts_every_file(tmp_path):
    records = read_data_set(unpack("mvtec_ad", tmp_path))
    assert sorted(record.defect for record in records if record.mask is None) == [GOOD, GOOD]
    defective = [record for record in records if record.mask is not None]
    assert len(defective) == 6
    for record in defective:
        assert record.image.parent.parent.name == "test"
        assert record.mask.stem == f"{record.image.stem}_mask"


def test_pairing_by_sorted_names_as_anomalib_does_gives_each_image_its_own_mask(tmp_path):
    root = unpack("mvtec_ad", tmp_path)
    samples = json.loads((root / "manifest.json").read_text(encoding="utf-8"))["samples"]
    images = sorted(sample["files"]["image"] for sample in samples)
    masks = sorted(sample["files"]["mask"] for sample in samples)
    for image, mask in zip(images, masks, strict=True):
        assert mask == image.replace("/test/", "/ground_truth/").replace(".png", "_mask.png")


def test_filled_yolo_outlines_are_the_masks(tmp_path):
    masks = true_masks(tmp_path)
    root = unpack("yolo_segmentation", tmp_path / "yolo")
    manifest = json.loads((root / "manifest.json").read_text(encoding="utf-8"))
    for sample in manifest["samples"]:
        split = "val" if sample["heldOut"] else "train"
        name = Path(sample["files"]["image"]).stem
        assert sample["files"] == {"image": f"images/{split}/{name}.png", "labels": f"labels/{split}/{name}.txt"}
        true = masks[sample["id"]]
        drawn = np.zeros_like(true)
        for line in (root / sample["files"]["labels"]).read_text(encoding="ascii").splitlines():
            label, *numbers = line.split()
            assert manifest["classes"][int(label)] == sample["defectCode"]
            drawn |= fill(np.array(numbers, dtype=float).reshape(-1, 2), true.shape)
        assert np.array_equal(drawn, true)


def test_yolo_images_without_a_defect_have_an_empty_label_file(tmp_path):
    root = unpack("yolo_segmentation", tmp_path)
    normals = json.loads((root / "manifest.json").read_text(encoding="utf-8"))["normals"]
    assert len(normals) == 2
    for normal in normals:
        assert (root / normal["files"]["image"]).is_file()
        assert (root / normal["files"]["labels"]).read_bytes() == b""


def fill(outline: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Even-odd at the pixels' centres: how often a ray to the right crosses the upright edges of the outline."""
    height, width = shape
    corners = np.rint(outline * [width, height])
    inside = np.zeros(shape, dtype=bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if x1 == x2:
            inside[int(min(y1, y2)) : int(max(y1, y2)), : int(x1)] ^= True
    return inside


@pytest.mark.parametrize("name", ["mvtec_ad", "coco_rle", "yolo_segmentation"])
def test_the_sidecar_names_images_of_the_archive_and_its_ignore_masks_have_their_size(name, tmp_path):
    root = unpack(name, tmp_path)
    samples = json.loads((root / "sidecar" / "samples.json").read_text(encoding="utf-8"))["samples"]
    assert len(samples) == 6 and any(sample["ignore"] for sample in samples)
    for sample in samples:
        assert 0 < sample["weight"] <= 1
        if sample["ignore"] is not None:
            assert load_mask(root / sample["ignore"]).shape == Image.open(root / sample["image"]).size[::-1]


def test_the_reader_of_the_mvtec_ad_layout_does_not_take_the_sidecar_for_a_product(tmp_path):
    products = {record.product for record in read_data_set(unpack("mvtec_ad", tmp_path))}
    assert products and not any("sidecar" in product for product in products)
