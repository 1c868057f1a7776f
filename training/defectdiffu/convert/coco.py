"""COCO: JSON files with images, annotations, and categories; polygons and run lengths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .found import Found, Options, split_of
from .lookup import Images, files_below
from .shapes import BOX, Draw, NoMask, Shape, add_annotated, polygon

NAME, TITLE = "coco", "COCO (instance segmentation)"
MANY = 200  # JSON files that are looked into


def recognises(root: Path) -> bool:
    return bool(_files(root))


def _files(root: Path) -> list[Path]:
    found = []
    for path in list(files_below(root, {".json"}))[:MANY]:
        if path.name.startswith("instances_") or path.name.endswith(".coco.json") or _is_coco(path):
            found.append(path)
    return found


def _is_coco(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(4096)
    if not any(key in head for key in (b'"images"', b'"annotations"', b'"categories"', b'"licenses"', b'"info"')):
        return False
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and isinstance(document.get("images"), list) and "annotations" in document


def read(root: Path, options: Options) -> Found:
    found, images = Found(), Images(root)
    files = _files(root)
    # COCO's own download describes the same photographs in captions_… and person_keypoints_… too.
    instances = [path for path in files if path.name.startswith("instances_")] or files
    for path in instances:
        _read_file(found, images, root, path, options)
    found.leave([path for path in files if path not in instances], "lies beside instances_….json, which is read")
    return found


def _has_list(document: Any, key: str) -> bool:
    return isinstance(document, dict) and isinstance(document.get(key), list)


def _cause(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"an item has no {error.args[0]!r}"
    return str(error) if isinstance(error, ValueError) else f"{type(error).__name__} {error}"


def _read_file(found: Found, images: Images, root: Path, path: Path, options: Options) -> None:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        if absent := [key for key in ("images", "annotations", "categories") if not _has_list(document, key)]:
            raise ValueError(f"it has no list {' and no list '.join(map(repr, absent))}")
        names = {category["id"]: str(category["name"]) for category in document["categories"]}
        by_image: dict[Any, list[dict]] = {}
        for annotation in document["annotations"]:
            by_image.setdefault(annotation["image_id"], []).append(annotation)
        listed = [(entry["id"], str(entry["file_name"]), entry) for entry in document["images"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"{path}: is not in the format of COCO: {_cause(error)}") from None
    subset = path.stem.removeprefix("instances_")
    split = split_of(subset) or split_of(path.parent.name)
    folders = (
        path.parent,
        root,
        root / "images",
        root / subset,
        root / "images" / subset,
        root / "images" / (split or ""),
    )
    for identity, name, entry in listed:
        image = images.find(name, *folders)
        if image is None:
            found.leave(root / name, f"is in {path.name}, but there is no such photograph")
            continue
        try:
            shapes = [_shape(annotation, names) for annotation in by_image.get(identity, [])]
            size = (int(entry["height"]), int(entry["width"])) if "height" in entry and "width" in entry else None
        except NoMask as error:
            found.leave(image, str(error))
        except (ValueError, KeyError, TypeError) as error:
            found.leave(image, f"its annotation in {path.name} cannot be read: {type(error).__name__} {error}")
        else:
            add_annotated(found, options.product or root.name, image, shapes, size, split)


def _shape(annotation: dict, names: dict[Any, str]) -> Shape:
    label, segmentation = names[annotation["category_id"]], annotation.get("segmentation")
    if not segmentation:
        raise NoMask(BOX)
    if isinstance(segmentation, dict):
        return label, _run_lengths(segmentation)
    parts = [polygon(part) for part in segmentation]

    def draw(height: int, width: int) -> np.ndarray:
        return np.logical_or.reduce([part(height, width) for part in parts])

    return label, draw


def _run_lengths(segmentation: dict) -> Draw:
    """Down the columns: a list of counts, or COCO's compressed text."""
    height, width = (int(number) for number in segmentation["size"])
    counts = segmentation["counts"]
    if isinstance(counts, list) and (min(counts, default=-1) < 0 or sum(counts) != height * width):
        raise NoMask(f"runs of {sum(counts)} pixels for {width}×{height}")

    def draw(rows: int, columns: int) -> np.ndarray:
        from pycocotools import mask

        if (rows, columns) != (height, width):
            raise NoMask(f"its mask is {width}×{height}, the photograph is {columns}×{rows}")
        if isinstance(counts, list):
            coded = mask.frPyObjects({"size": [height, width], "counts": counts}, height, width)
        else:
            coded = {"size": [height, width], "counts": counts.encode()}
        return mask.decode(coded).astype(bool)

    return draw
