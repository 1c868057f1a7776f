"""Reads a folder in the MVTec AD layout and reports everything that is wrong with it at once.

    <root>/<product>/train/good/*            normal images
    <root>/<product>/test/good/*             normal images
    <root>/<product>/test/<defect>/*         defective images
    <root>/<product>/ground_truth/<defect>/<name>_mask.png   0/255, of the image's size

Two optional files beside the products: `manifest.csv` with the columns `image` and `split` (train | test) keeps the
test split out of training; `unified_names.json` maps a product's own defect name to the name shared across products
(Table 2 of the paper's supplement).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from .folder_names import canonical, find_file, invisible, shown
from .image_files import load_image
from .layout_files import read_splits, read_unified_names

IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}
GOOD = "good"
LISTED_PROBLEMS = 50

Pair = tuple[str, str]  # (product, defect), by the words that a model reads


@dataclass(frozen=True)
class Record:
    """One photograph. `mask` is None for normal images; `defect` is the unified name, `good` when normal."""

    product: str
    defect: str
    image: Path
    mask: Path | None
    split: str

    @property
    def place(self) -> str:
        """Its path relative to the data set: <product>/<train or test>/<folder>/<file>, wherever the data set lies."""
        return "/".join(self.image.parts[-4:])


class DataError(Exception):
    """The data set cannot be trained on; the message lists every problem with the file it is in."""

    def __init__(self, problems: list[str]):
        self.problems = problems
        more = len(problems) - LISTED_PROBLEMS
        lines = problems[:LISTED_PROBLEMS] + ([f"… and {more} more"] if more > 0 else [])
        super().__init__(f"{len(problems)} problem(s) in the data set:\n  " + "\n  ".join(lines))


def prompt_name(folder: str) -> str:
    """The words a model reads for a folder name: "metal_nut" → "metal nut"."""
    return canonical(canonical(folder).replace("_", " ").strip().lower())


def is_word(name: str) -> bool:
    """Whether the name can stand in "product/defect" on one line."""
    return bool(name.strip()) and "/" not in name and name.isprintable()


def read_layout(root: Path, products: list[str] | None = None) -> list[Record]:
    """Every photograph below `root`, both splits, in a stable order; only of `products` (names of their folders, or
    the words a model reads for them) unless it is None.

    Raises DataError when the folder is not in the layout, when a defective image has no mask, or when the optional
    files are malformed. The pixels are not read here: see `read_data_set`.
    """
    problems: list[str] = []
    records = _read_records(root, products, problems)
    if problems:
        raise DataError(problems)
    return records


def read_data_set(
    root: Path, products: list[str] | None = None, include: Callable[[Record], bool] = lambda record: True
) -> list[Record]:
    """The records of `read_layout` that `include` accepts, after every file of theirs has been opened.

    Raises one DataError that lists what is wrong with the layout, each unreadable image, and each unusable mask.
    """
    problems: list[str] = []
    records = [record for record in _read_records(root, products, problems) if include(record)]
    problems += [problem for record in records for problem in _check_record(record)]
    if problems:
        raise DataError(problems)
    return records


def _read_records(root: Path, products: list[str] | None, problems: list[str]) -> list[Record]:
    if not root.is_dir():
        problems.append(f"{root}: no such folder")
        return []
    splits = read_splits(root, problems)
    unified = read_unified_names(root, problems)
    found = product_folders(root)
    if not found:
        problems.append(f"{root}: unknown layout: no <product>/train or <product>/test folder (MVTec AD layout)")
        return []
    for name in products or []:
        if not any(_is_product(folder, name) for folder in found):
            problems.append(f"{root}: no product {name!r}; there are: {', '.join(found)}")
    problems += _ambiguous_products(root, found)
    problems += _invisible_characters(root, found)
    problems += _misplaced_folders(root, found, unified)
    records: list[Record] = []
    for product in found:
        if products is None or any(_is_product(product, name) for name in products):
            records += _read_product(root, product, splits, unified.get(product, {}), problems)
    if not records and not problems:
        problems.append(f"{root}: no images found")
    return records


def product_folders(root: Path) -> list[str]:
    """Names of the folders that hold a product's photographs; none if `root` is no folder."""
    folders = root.iterdir() if root.is_dir() else []
    return sorted(d.name for d in folders if d.is_dir() and ((d / "train").is_dir() or (d / "test").is_dir()))


def _is_product(folder: str, name: str) -> bool:
    """Whether `name` names the folder's product, as the folder does or as the prompt does."""
    return prompt_name(folder) == prompt_name(name)


def _ambiguous_products(root: Path, folders: list[str]) -> list[str]:
    """Folders that a model could not tell apart: read as one product, their windows and figures would be mixed."""
    alike: dict[str, list[str]] = {}
    for folder in folders:
        alike.setdefault(prompt_name(folder), []).append(folder)
    return [
        f"{root}: the folders {shown(several)} are one product to the model, {name!r}: put them into one, or rename"
        for name, several in alike.items()
        if len(several) > 1
    ]


def _invisible_characters(root: Path, products: list[str]) -> list[str]:
    """Folders whose names look like another word than the one that a model would read."""
    named = [root / product for product in products]
    named += [folder for product in named if (product / "test").is_dir() for folder in (product / "test").iterdir()]
    return [
        f"{folder.parent}: the folder {folder.name!a} has a character that nobody sees, {character}: rename it"
        for folder in sorted(named)
        if folder.is_dir() and (character := invisible(folder.name))
    ]


def _misplaced_folders(root: Path, found: list[str], unified: dict[str, dict[str, str]]) -> list[str]:
    """Folders that are never read. Without this check, a misspelt folder would silently drop a product or a defect."""
    problems = []
    for folder in sorted(d for d in root.iterdir() if d.is_dir() and d.name not in found):
        if _images(folder):
            problems.append(f"{folder}: images, but no train or test folder (MVTec AD layout)")
    for product in found:
        train = root / product / "train"
        for folder in sorted(train.iterdir()) if train.is_dir() else []:
            if folder.is_dir() and folder.name != GOOD:
                problems.append(f"{folder}: unknown folder; normal photographs go into train/good")
    for product, names in unified.items():
        place = f"{root / 'unified_names.json'}: {product}"
        if product not in found:
            problems.append(f"{place}: no such product; there are: {', '.join(found)}")
            continue
        for defect, name in names.items():
            if not (root / product / "test" / defect).is_dir():
                problems.append(f"{place}: no folder test/{defect}")
            if prompt_name(name) in ("", GOOD) or not is_word(name):
                problems.append(f"{place}: {defect} is called {name!r}, which is no name of a defect")
    return problems


def _images(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)


def _read_product(root: Path, product: str, splits: dict, unified: dict, problems: list[str]) -> list[Record]:
    records = []
    folders = [(f, GOOD) for f in (root / product / "train" / GOOD, root / product / "test" / GOOD) if f.is_dir()]
    test = root / product / "test"
    if test.is_dir():
        folders += [(f, f.name) for f in sorted(test.iterdir()) if f.is_dir() and f.name != GOOD]
    for folder, defect in folders:
        images = _images(folder)
        if not images:
            problems.append(f"{folder}: no image here ({', '.join(sorted(IMAGE_SUFFIXES))})")
        for image in images:
            mask = None
            if defect != GOOD:
                mask = find_file(root, f"{product}/ground_truth/{defect}/{image.stem}_mask.png")
                if not mask.is_file():
                    problems.append(f"{image}: no mask: {mask} is missing")
                    continue
            split = splits.get(canonical(image.relative_to(root).as_posix()), "train") if splits else "train"
            name = GOOD if defect == GOOD else prompt_name(unified.get(defect, defect))
            records.append(Record(prompt_name(product), name, image, mask, split))
    if not folders:
        problems.append(f"{root / product}: neither train/good, test/good nor test/<defect> is here")
    return records


def _check_record(record: Record) -> list[str]:
    try:
        height, width = load_image(record.image).shape[:2]
    except Exception as error:
        return [f"{record.image}: unreadable image: {error}"]
    if record.mask is None:
        return []
    try:
        with Image.open(record.mask) as image:
            mask = np.asarray(image.convert("L"))
    except Exception as error:
        return [f"{record.mask}: unreadable mask: {error}"]
    problems = []
    if mask.shape != (height, width):
        problems.append(f"{record.mask}: mask is {mask.shape[1]}×{mask.shape[0]}, its image is {width}×{height}")
    values = np.unique(mask)
    if not set(values.tolist()) <= {0, 255}:
        problems.append(f"{record.mask}: mask is not binary: values {values[:6].tolist()}…, must be 0 and 255 only")
    if not (mask > 127).any():
        problems.append(f"{record.mask}: mask is empty, but the image is listed as {record.defect!r}")
    return problems
