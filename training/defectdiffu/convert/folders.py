"""Layouts that are close to MVTec AD's: BTAD (ok, ko), VisA as one class, LOCO (a folder of masks for each photograph),
numbered masks, other suffixes, subfolders, and MVTec AD itself, whose optional files are read too."""

from __future__ import annotations

from pathlib import Path

from ..data.layout_names import OTHER_NAMES_OF_GOOD, images_in, prompt_name, subfolders
from ..data.mask_files import MaskFolder, masks_among, same_stems
from .found import Found, Options, marks_something
from .lookup import files_below
from .optional_files import keep_splits_and_names, marks_of

NAME, TITLE = "mvtec-ad", "MVTec AD, MVTec LOCO, BTAD, VisA as one class, and their like"
MASK_IMAGES = {".png", ".bmp", ".tif", ".tiff"}


def recognises(root: Path) -> bool:
    return any(subfolders(product / "test") or subfolders(product / "train") for product in subfolders(root))


def read(root: Path, options: Options) -> Found:
    found = Found()
    options = options._replace(marks=options.marks or marks_of(root))
    for product in subfolders(root):
        for split in ("train", "validation", "test"):
            for folder in subfolders(product / split):
                if is_good(folder):
                    _read_good(found, product, folder)
                elif split == "test":
                    _read_defect(found, product, folder, options)
    keep_splits_and_names(found, root)
    return found


def is_good(folder: Path) -> bool:
    return prompt_name(folder.name) in OTHER_NAMES_OF_GOOD


def _read_good(found: Found, product: Path, folder: Path) -> None:
    images = list(files_below(folder, {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}))
    strays = set(masks_among(images))
    marked = product / "ground_truth" / folder.name if folder.parent.name == "test" else None
    masks = MaskFolder(marked) if marked and marked.is_dir() else None
    for image in images:
        if image in strays:
            found.leave(image, "is a mask among photographs of good parts")
        elif masks and marks_something(files := _mask_files(masks, image)):
            found.leave([image, *files], "is listed as good, but something is marked in its mask, or it cannot be read")
        else:
            if masks:
                found.leave(_mask_files(masks, image), "is an empty mask of a good part, which has none in the layout")
            found.add(product.name, image)


def _read_defect(found: Found, product: Path, folder: Path, options: Options) -> None:
    for inner in [folder, *(path for path in sorted(folder.rglob("*")) if path.is_dir())]:
        images = images_in(inner)
        masks = MaskFolder(product / "ground_truth" / folder.name / inner.relative_to(folder))
        beside = set(masks_among(images))
        twice = {image for several in same_stems(images) for image in several}
        for image in (image for image in images if image not in beside):
            files = _mask_files(masks, image)
            files += [mask for mask in beside if mask.stem.startswith(f"{image.stem}_")] if not files else []
            if image in twice:
                found.leave(image, "has the name of another photograph, and its mask could be that of the other")
            elif not files:
                found.leave(image, "has no mask")
            else:
                # The values in a folder of masks stand for kinds of defects; in a single file they may mean more.
                any_value = len(files) > 1 and options.marks is None
                found.add_with_files(product.name, folder.name, image, files, marks=options.marks, any_value=any_value)


def _mask_files(masks: MaskFolder, image: Path) -> list[Path]:
    """All masks of the photograph, those in a folder of its own too."""
    files = []
    for path in masks.related(image):
        files += images_in(path) if path.is_dir() else [path]
    return [path for path in files if path.suffix.lower() in MASK_IMAGES]
