"""MVTec 3D-AD: <product>/<train|validation|test>/<good or defect>/{rgb,xyz,gt}/000.png. Depth is not used."""

from __future__ import annotations

from pathlib import Path

from ..data.layout_names import GOOD, images_in, subfolders
from .found import Found, Options
from .lookup import files_below

NAME, TITLE = "mvtec-3d", "MVTec 3D-AD"


def recognises(root: Path) -> bool:
    return any((defect / "rgb").is_dir() for product in subfolders(root) for defect in subfolders(product / "test"))


def read(root: Path, options: Options) -> Found:
    found = Found()
    for product in subfolders(root):
        for split in ("train", "validation", "test"):
            for folder in subfolders(product / split):
                for image in images_in(folder / "rgb"):
                    mask = folder / "gt" / f"{image.stem}.png"
                    if folder.name == GOOD:
                        found.add(product.name, image)
                    elif mask.is_file():
                        found.add_with_files(product.name, folder.name, image, [mask], any_value=True)
                    else:
                        found.leave(image, "has no mask")
                found.leave(files_below(folder / "xyz", {".tif", ".tiff"}), "is depth, which is not used")
                if folder.name == GOOD:
                    found.leave(images_in(folder / "gt"), "is an empty mask of a good part")
    return found
