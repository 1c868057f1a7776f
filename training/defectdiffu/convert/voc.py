"""Pascal VOC: XML files with boxes, which are refused."""

from __future__ import annotations

import re
from pathlib import Path

from .found import Found, Options
from .lookup import files_below
from .shapes import BOX

NAME, TITLE = "voc", "Pascal VOC (boxes: refused)"
ANNOTATION = re.compile(rb"<annotation[\s>]")  # with attributes where LabelImg wrote it


def recognises(root: Path) -> bool:
    return _first(root) is not None


def _first(root: Path) -> Path | None:
    for path in files_below(root, {".xml"}):
        with path.open("rb") as file:
            head = file.read(4000)
        if ANNOTATION.search(head) and (b"<bndbox>" in head or b"<object" in head):
            return path
    return None


def read(root: Path, options: Options) -> Found:
    raise ValueError(f"{_first(root)}: Pascal VOC has boxes, and {BOX}")
