"""DAGM 2007: Class1/Train/0001.PNG and Class1/Train/Label/0001_label.PNG for the defective ones; the same in Test."""

from __future__ import annotations

from pathlib import Path

from ..data.layout_names import images_in, subfolders
from .found import Found, Options

NAME, TITLE = "dagm", "DAGM 2007"


def recognises(root: Path) -> bool:
    return any((product / split / "Label").is_dir() for product in subfolders(root) for split in ("Train", "Test"))


def read(root: Path, options: Options) -> Found:
    found = Found(notes=["DAGM's masks are rough ellipses around the defects"])
    for product in subfolders(root):
        for split in ("Train", "Test"):
            masks = {mask.stem.removesuffix("_label"): mask for mask in images_in(product / split / "Label")}
            for image in images_in(product / split):
                if image.stem in masks:
                    found.add_with_files(
                        product.name, "defect", image, [masks[image.stem]], split.lower(), any_value=True
                    )
                else:
                    found.add(product.name, image, split.lower())
    return found
