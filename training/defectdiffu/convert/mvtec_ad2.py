"""MVTec AD 2: <product>/train/good, validation/good, test_public/{good,bad,ground_truth/bad}; the private tests have no
masks."""

from __future__ import annotations

from pathlib import Path

from ..data.layout_names import images_in, subfolders
from .found import Found, Options
from .lookup import files_below

NAME, TITLE = "mvtec-ad2", "MVTec AD 2"


def recognises(root: Path) -> bool:
    return any((product / "test_public").is_dir() for product in subfolders(root))


def read(root: Path, options: Options) -> Found:
    found = Found()
    for product in subfolders(root):
        public = product / "test_public"
        for folder in (product / "train/good", product / "validation/good", public / "good"):
            for image in images_in(folder):
                found.add(product.name, image)
        for folder in (folder for folder in subfolders(public) if folder.name not in ("good", "ground_truth")):
            for image in images_in(folder):
                mask = public / "ground_truth" / folder.name / f"{image.stem}_mask.png"
                if mask.is_file():
                    found.add_with_files(product.name, folder.name, image, [mask], marks=options.marks)
                else:
                    found.leave(image, "has no mask")
        for folder in (folder for folder in subfolders(product) if folder.name.startswith("test_private")):
            found.leave(files_below(folder, {".png"}), "has no mask: the private tests of MVTec AD 2 are without")
    return found
