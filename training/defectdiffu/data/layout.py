"""Reads a folder in the MVTec AD layout and reports everything that is wrong with it at once.

    <root>/<product>/train/good/*            normal images
    <root>/<product>/test/good/*             normal images
    <root>/<product>/test/<defect>/*         defective images
    <root>/<product>/ground_truth/<defect>/<name>_mask.png   black, and one value on the defect; of the image's size

Optional files beside the products: `manifest.csv` with the columns `image` and `split` (train | test) keeps the
test split out of training; `unified_names.json` maps a product's own defect name to the name shared across products
(Table 2 of the paper's supplement). Where masks have more than one value, `mask_values.json` lists those that mark the
defect.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .data_warnings import warn
from .folder_names import canonical
from .layout_files import read_splits, read_unified_names
from .layout_folders import (
    ambiguous_products,
    invisible_characters,
    misplaced_folders,
    product_folders,
    unknown_layout,
)
from .layout_names import GOOD, prompt_name
from .mask_values import read_marks
from .product_records import read_product
from .record import Record
from .record_checks import check_record, mixed_values, same_pixels

LISTED_PROBLEMS = 50

Pair = tuple[str, str]  # (product, defect), by the words that a model reads


class DataError(Exception):
    """The data set cannot be trained on; the message lists every problem with the file it is in."""

    def __init__(self, problems: list[str]):
        self.problems = problems
        more = len(problems) - LISTED_PROBLEMS
        lines = problems[:LISTED_PROBLEMS] + ([f"… and {more} more"] if more > 0 else [])
        super().__init__(f"{len(problems)} problem(s) in the data set:\n  " + "\n  ".join(lines))


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
    checked = [check_record(record) for record in records]
    problems += [problem for findings in checked for problem in findings.problems]
    problems += mixed_values(records, [findings.value for findings in checked])
    for warning in (warning for findings in checked for warning in findings.warnings):
        warn(warning)
    for warning in same_pixels(records, checked):
        warn(warning)
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
        problems.append(unknown_layout(root))
        return []
    for name in products or []:
        if not any(_is_product(folder, name) for folder in found):
            problems.append(f"{root}: no product {name!r}; there are: {', '.join(found)}")
    problems += ambiguous_products(root, found)
    problems += invisible_characters(root, found)
    problems += misplaced_folders(root, found, unified)
    marks = read_marks(root, problems)
    records: list[Record] = []
    for product in found:
        if products is None or any(_is_product(product, name) for name in products):
            names = unified.get(product, {})
            for folder, image, mask, empty_mask in read_product(root, product, names, problems):
                split = splits.get(canonical(image.relative_to(root).as_posix()), "train") if splits else "train"
                name = GOOD if folder == GOOD else prompt_name(names.get(folder, folder))
                records.append(Record(prompt_name(product), name, image, mask, split, marks, empty_mask))
    if not records and not problems:
        problems.append(f"{root}: no images found")
    return records


def _is_product(folder: str, name: str) -> bool:
    """Whether `name` names the folder's product, as the folder does or as the prompt does."""
    return prompt_name(folder) == prompt_name(name)
