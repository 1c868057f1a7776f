"""Small data sets in other layouts: two good photographs and one with a dark square, unless a name says otherwise."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from small_part import HEIGHT, LEFT, SIDE, TOP, WIDTH, mask, photograph, write

from defectdiffu.convert.formats import read_source
from defectdiffu.convert.found import Options
from defectdiffu.convert.write import write_converted

RIGHT, BOTTOM = LEFT + SIDE, TOP + SIDE
CORNERS = [(LEFT, TOP), (RIGHT, TOP), (RIGHT, BOTTOM), (LEFT, BOTTOM)]
FLAT = [value for corner in CORNERS for value in corner]


def converted(source: Path, target: Path, **options):
    found_format, found = read_source(source, None, Options(**options))
    return found_format.NAME, write_converted(found, target)


def reasons(target: Path) -> dict[str, str]:
    if not (target / "left_out.csv").exists():
        return {}
    with (target / "left_out.csv").open() as file:
        return {row["file"]: row["reason"] for row in csv.DictReader(file)}


def good(*paths: Path) -> None:
    for path in paths:
        write(path, photograph(False))


def bad(image: Path, mask_path: Path | None = None, scale: float = 1) -> None:
    write(image, photograph(True))
    if mask_path:
        write(mask_path, (mask() * scale).astype(np.uint8))


def folders(root: Path, ok: str, ko: str, suffix: str, mask_name: str) -> None:
    good(root / f"part/train/{ok}/0{suffix}", root / f"part/test/{ok}/1{suffix}")
    bad(root / f"part/test/{ko}/0{suffix}", root / f"part/ground_truth/{ko}/{mask_name}")


def loco(root: Path) -> None:
    folders(root, "good", "logical_anomalies", ".png", "0/000.png")
    second = np.zeros_like(mask())
    second[30:33, 30:35] = 240
    write(root / "part/ground_truth/logical_anomalies/0/001.png", second)
    good(root / "part/validation/good/0.png")
    (root / "part/defects_config.json").write_text("[]")


def mvtec_ad2(root: Path) -> None:
    public = root / "can/test_public"
    good(root / "can/train/good/0_regular.png", public / "good/0_regular.png")
    bad(public / "bad/0_regular.png", public / "ground_truth/bad/0_regular_mask.png")
    good(root / "can/test_private/0_regular.png")


def mvtec_3d(root: Path) -> None:
    good(root / "bagel/train/good/rgb/0.png", root / "bagel/test/good/rgb/0.png")
    write(root / "bagel/test/good/gt/0.png", mask() * 0)
    bad(root / "bagel/test/hole/rgb/0.png", root / "bagel/test/hole/gt/0.png")
    write(root / "bagel/test/hole/xyz/0.tiff", mask())


def visa(root: Path) -> None:
    data = root / "candle/Data"
    good(data / "Images/Normal/0.JPG", data / "Images/Normal/1.JPG")
    bad(data / "Images/Anomaly/0.JPG", data / "Masks/Anomaly/0.png", 2 / 255)


def real_iad(root: Path) -> None:
    good(root / "jack/OK/S0/jack_0_OK_C1.jpg", root / "jack/OK/S1/jack_1_OK_C1.jpg")
    bad(root / "jack/NG/HS/S2/jack_2_NG_HS_C1.jpg", root / "jack/NG/HS/S2/jack_2_NG_HS_C1.png")
    good(root / "jack/NG/HS/S2/jack_2_NG_HS_C2.jpg")


def kolektor(root: Path) -> None:
    for split, number in (("train", 10), ("test", 11)):
        good(root / f"set/{split}/{number}.png")
        write(root / f"set/{split}/{number}_GT.png", mask() * 0)
    bad(root / "set/test/12.png", root / "set/test/12_GT.png")


def dagm(root: Path) -> None:
    good(root / "Class1/Train/0001.PNG", root / "Class1/Test/0002.PNG")
    bad(root / "Class1/Test/0003.PNG", root / "Class1/Test/Label/0003_label.PNG")


def severstal(root: Path) -> None:
    good(root / "train_images/a.jpg", root / "train_images/b.jpg", root / "test_images/z.jpg")
    bad(root / "train_images/c.jpg")
    runs = " ".join(f"{column * HEIGHT + TOP + 1} {SIDE}" for column in range(LEFT, RIGHT))
    (root / "train.csv").write_text(f"ImageId,ClassId,EncodedPixels\nc.jpg,3,{runs}\nb.jpg,1,\n")


def coco_document(**changes) -> dict:
    annotation = {"id": 1, "image_id": 3, "category_id": 7, "segmentation": [FLAT], "iscrowd": 0, "bbox": [1, 2, 3, 4]}
    sizes = {"height": HEIGHT, "width": WIDTH}
    return {
        "images": [{"id": i, "file_name": f"{name}.jpg", **sizes} for i, name in ((1, "a"), (2, "b"), (3, "c"))],
        "annotations": [annotation | changes],
        "categories": [{"id": 7, "name": "scratch"}],
    }


def coco(root: Path, **changes) -> None:
    good(root / "train2017/a.jpg", root / "train2017/b.jpg")
    bad(root / "train2017/c.jpg")
    (root / "annotations").mkdir()
    (root / "annotations/instances_train2017.json").write_text(json.dumps(coco_document(**changes)))


def coco_runs(root: Path) -> None:
    flat = (mask() > 0).T.reshape(-1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flat, [False]]).astype(int)))
    counts = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    coco(root, segmentation={"size": [HEIGHT, WIDTH], "counts": counts}, iscrowd=1)


def coco_compressed(root: Path) -> None:
    from pycocotools.mask import encode

    coded = encode(np.asfortranarray((mask() > 0).astype(np.uint8)))
    coco(root, segmentation={"size": [HEIGHT, WIDTH], "counts": coded["counts"].decode()})


def yolo(root: Path) -> None:
    good(root / "images/train/a.jpg", root / "images/val/b.jpg")
    bad(root / "images/val/c.jpg")
    points = " ".join(f"{x / WIDTH} {y / HEIGHT}" for x, y in CORNERS)
    for name, text in (("train/a", ""), ("val/b", ""), ("val/c", f"0 {points}\n")):
        path = root / f"labels/{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "data.yaml").write_text("names: [scratch]\n")


def labelme_file(image: Path, **shape) -> None:
    annotated = shape.pop("annotated", True)
    shapes = [{"label": "scratch", "shape_type": "polygon", "points": CORNERS} | shape] if annotated else []
    document = {"shapes": shapes, "imagePath": image.name, "imageHeight": HEIGHT, "imageWidth": WIDTH}
    image.with_suffix(".json").write_text(json.dumps(document))


def labelme(root: Path, **shape) -> None:
    good(root / "a.jpg", root / "good/b.jpg")
    bad(root / "c.jpg")
    labelme_file(root / "a.jpg", annotated=False)
    labelme_file(root / "c.jpg", **shape)


def labelme_mask(root: Path) -> None:
    stream = io.BytesIO()
    Image.fromarray(np.full((SIDE, SIDE), 255, np.uint8)).save(stream, format="PNG")
    points = [(LEFT, TOP), (RIGHT - 1, BOTTOM - 1)]
    labelme(root, shape_type="mask", points=points, mask=base64.b64encode(stream.getvalue()).decode())


def cvat(root: Path, shape: str = "") -> None:
    good(root / "images/a.jpg", root / "images/b.jpg")
    bad(root / "images/c.jpg")
    points = ";".join(f"{x},{y}" for x, y in CORNERS)
    shape = shape or f'<polygon label="scratch" points="{points}"/>'
    images = "".join(
        f'<image id="{i}" name="{name}.jpg" width="{WIDTH}" height="{HEIGHT}">{inner}</image>'
        for i, (name, inner) in enumerate((("a", ""), ("b", ""), ("c", shape)))
    )
    (root / "annotations.xml").write_text(f"<?xml version='1.0'?><annotations>{images}</annotations>")


def cvat_mask(root: Path) -> None:
    rle = f"0, {SIDE * SIDE}"
    cvat(root, f'<mask label="scratch" rle="{rle}" left="{LEFT}" top="{TOP}" width="{SIDE}" height="{SIDE}"/>')


class Layout(NamedTuple):
    build: Callable[[Path], None]
    name: str  # of the format
    defect: str
    left_out: dict[str, str] = {}  # file → a part of the reason  # noqa: RUF012
    held_out: int | None = None  # photographs of the test split, where there is one


LAYOUTS = {
    "BTAD": Layout(lambda root: folders(root, "ok", "ko", ".bmp", "0.png"), "mvtec-ad", "ko"),
    "VisA as one class": Layout(lambda root: folders(root, "good", "bad", ".JPG", "0.png"), "mvtec-ad", "bad"),
    "numbered masks": Layout(lambda root: folders(root, "good", "bad", ".png", "0_mask0.png"), "mvtec-ad", "bad"),
    "MVTec AD": Layout(lambda root: folders(root, "good", "bad", ".png", "0_mask.png"), "mvtec-ad", "bad"),
    "MVTec AD 2": Layout(mvtec_ad2, "mvtec-ad2", "bad", {"test_private/0_regular.png": "has no mask"}),
    "MVTec 3D": Layout(mvtec_3d, "mvtec-3d", "hole", {"xyz/0.tiff": "is depth", "good/gt/0.png": "an empty mask"}),
    "VisA": Layout(visa, "visa", "bad"),
    "Real-IAD": Layout(real_iad, "real-iad", "scratch", {"S2/jack_2_NG_HS_C2.jpg": "without a mask"}),
    "KolektorSDD2": Layout(kolektor, "kolektor-sdd2", "defect",
                           {"10_GT.png": "empty mask", "11_GT.png": "empty mask"}, 2),
    "DAGM": Layout(dagm, "dagm", "defect", {}, 2),
    "Severstal": Layout(severstal, "severstal", "defect_3", {"test_images/z.jpg": "has no mask"}),
    "COCO": Layout(coco, "coco", "scratch", {}, 0),
    "COCO, runs": Layout(coco_runs, "coco", "scratch", {}, 0),
    "COCO, compressed": Layout(coco_compressed, "coco", "scratch", {}, 0),
    "YOLO": Layout(yolo, "yolo-seg", "scratch", {}, 2),
    "labelme": Layout(labelme, "labelme", "scratch"),
    "labelme, mask": Layout(labelme_mask, "labelme", "scratch"),
    "CVAT": Layout(cvat, "cvat", "scratch"),
    "CVAT, mask": Layout(cvat_mask, "cvat", "scratch"),
}  # fmt: skip
