"""Severstal steel: train.csv with ImageId, ClassId, EncodedPixels (runs down the columns, from 1); train_images/."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from ..data.layout_names import images_in
from .found import Found, Options
from .shapes import Draw, NoMask, Shape, add_annotated

NAME, TITLE = "severstal", "Severstal steel defects"


def recognises(root: Path) -> bool:
    table = root / "train.csv"
    if not table.is_file() or not (root / "train_images").is_dir():
        return False
    with table.open(encoding="utf-8-sig", errors="replace") as file:
        return "EncodedPixels" in file.readline()


def read(root: Path, options: Options) -> Found:
    found = Found()
    shapes = _shapes(root / "train.csv", found)
    for image in images_in(root / "train_images"):
        own = shapes.pop(image.name, [])
        if own is not None:
            add_annotated(found, options.product or "steel", image, own)
    for name, own in shapes.items():
        if own:
            found.leave(root / "train_images" / name, "is in train.csv, but there is no such photograph")
    found.leave(images_in(root / "test_images"), "has no mask: the test photographs of Severstal are without")
    return found


def _shapes(table: Path, found: Found) -> dict[str, list[Shape] | None]:
    """None for photographs whose rows cannot be read."""
    shapes: dict[str, list[Shape] | None] = {}
    with table.open(encoding="utf-8-sig", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            # The first version of the table has the class in the name of the photograph: 0002cc93b.jpg_1.
            name, _, last = (row.get("ImageId_ClassId") or "").rpartition("_")
            name, kind = (name, last) if name else (row.get("ImageId") or "", row.get("ClassId") or "")
            if not (text := (row.get("EncodedPixels") or "").strip()):
                shapes.setdefault(name, [])
                continue
            try:
                draw = _down_the_columns([int(number) for number in text.split()])
            except ValueError as error:
                found.leave(
                    table.parent / "train_images" / name, f"line {line} of train.csv is no list of runs: {error}"
                )
                shapes[name] = None
                continue
            own = shapes.setdefault(name, [])
            if own is not None:
                own.append((f"defect_{kind}", draw))
    return shapes


def _down_the_columns(numbers: list[int]) -> Draw:
    starts, lengths = np.array(numbers[::2]), np.array(numbers[1::2])
    if len(starts) != len(lengths) or (starts < 1).any() or (lengths < 1).any():
        raise NoMask("runs are pairs of a start from 1 and a length")

    def draw(height: int, width: int) -> np.ndarray:
        if (starts + lengths - 1).max() > height * width:
            raise NoMask(f"a run ends after the {height * width} pixels of the photograph")
        flat = np.zeros(height * width, bool)
        for start, length in zip(starts, lengths, strict=True):
            flat[start - 1 : start - 1 + length] = True
        return flat.reshape(width, height).T

    return draw
