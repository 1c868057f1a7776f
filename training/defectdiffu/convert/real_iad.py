"""Real-IAD: <product>/OK/S…/*.jpg and <product>/NG/<code>/S…/*.jpg, with a mask of the same name for each view in which
the defect is visible."""

from __future__ import annotations

from pathlib import Path

from ..data.layout_names import subfolders
from .found import Found, Options
from .lookup import files_below

NAME, TITLE = "real-iad", "Real-IAD"
DEFECTS = {
    "AK": "pit", "BX": "deformation", "CH": "abrasion", "HS": "scratch",
    "PS": "damage", "QS": "missing_parts", "YW": "foreign_objects", "ZW": "contamination",
}  # fmt: skip


def recognises(root: Path) -> bool:
    return any((product / "NG").is_dir() and (product / "OK").is_dir() for product in subfolders(root))


def read(root: Path, options: Options) -> Found:
    found = Found()
    for product in subfolders(root):
        for image in files_below(product / "OK", {".jpg", ".jpeg"}):
            found.add(product.name, image)
        for code in subfolders(product / "NG"):
            for image in files_below(code, {".jpg", ".jpeg"}):
                mask = image.with_suffix(".png")
                if mask.is_file():
                    found.add_with_files(product.name, DEFECTS.get(code.name, code.name), image, [mask], any_value=True)
                else:
                    found.leave(image, "is a view of a defective part without a mask: the defect is not visible in it")
    return found
