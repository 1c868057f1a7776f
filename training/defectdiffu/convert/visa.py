"""VisA as published: <product>/Data/Images/{Normal,Anomaly} and Data/Masks/Anomaly, whose values are kinds of defects
that no folder names."""

from __future__ import annotations

from pathlib import Path

from ..data.layout_names import images_in, subfolders
from .found import Found, Options

NAME, TITLE = "visa", "VisA"
DEFECT = "bad"  # as VisA's own preparation as one class calls it


def recognises(root: Path) -> bool:
    return any((product / "Data/Images").is_dir() for product in subfolders(root))


def read(root: Path, options: Options) -> Found:
    found = Found(notes=[f"VisA's masks have a value for each kind of defect: all of them become {DEFECT!r}"])
    for product in subfolders(root):
        for image in images_in(product / "Data/Images/Normal"):
            found.add(product.name, image)
        masks = {mask.stem: mask for mask in images_in(product / "Data/Masks/Anomaly")}
        for image in images_in(product / "Data/Images/Anomaly"):
            if image.stem in masks:
                found.add_with_files(product.name, DEFECT, image, [masks[image.stem]], any_value=True)
            else:
                found.leave(image, "has no mask")
    return found
