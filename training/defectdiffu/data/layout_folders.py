"""What lies in a data set and is not read, or would be read as something else. Without these checks, a misspelt folder
would silently drop a product, a defect, or photographs."""

from __future__ import annotations

from pathlib import Path

from .data_warnings import warn
from .folder_names import invisible, shown
from .layout_names import (
    GOOD,
    OTHER_NAMES_OF_GOOD,
    images_below,
    images_in,
    is_word,
    listed,
    other_files_in,
    prompt_name,
    subfolders,
    unread_images_in,
)
from .mask_files import CONVERT

READ_FOLDERS = ("train", "test", "ground_truth")
SIDECAR = "sidecar"  # of exports: ignore masks
GRID = "grid.png"  # an overview that `check` and `transplant` write
VALIDATION_FOLDERS = ("val", "valid", "validation")


def product_folders(root: Path) -> list[str]:
    """Names of the folders that hold a product's photographs; none if `root` is no folder."""
    return [d.name for d in subfolders(root) if (d / "train").is_dir() or (d / "test").is_dir()]


def unknown_layout(root: Path) -> str:
    """Why there is no product below `root`, with what to do about it."""
    problem = f"{root}: unknown layout: no <product>/train or <product>/test folder (MVTec AD layout)"
    if (root / "train" / GOOD).is_dir() or (root / "test" / GOOD).is_dir():
        return f"{problem}; {root.name} is a product itself: set --data to the folder above it, {root.parent}"
    for folder in subfolders(root):
        if inside := product_folders(folder):
            return f"{problem}; there is {folder.name}/{inside[0]}: set --data to {folder}"
    return f"{problem}; {CONVERT}"


def ambiguous_products(root: Path, folders: list[str]) -> list[str]:
    """Folders that a model could not tell apart: read as one product, their windows and figures would be mixed."""
    return _alike(root, folders, "product")


def ambiguous_defects(root: Path, product: str, unified: dict[str, str]) -> list[str]:
    """The same for defects. Two folders may have one name on purpose, if unified_names.json says so."""
    folder = root / product / "test"
    return _alike(folder, [d.name for d in subfolders(folder) if d.name not in unified], "defect")


def _alike(place: Path, folders: list[str], kind: str) -> list[str]:
    alike: dict[str, list[str]] = {}
    for folder in folders:
        alike.setdefault(prompt_name(folder), []).append(folder)
    return [
        f"{place}: the folders {shown(several)} are one {kind} to the model, {name!r}: put them into one, or rename"
        for name, several in alike.items()
        if len(several) > 1
    ]


def invisible_characters(root: Path, products: list[str]) -> list[str]:
    """Folders whose names look like another word than the one that a model would read."""
    named = [root / product for product in products]
    named += [folder for product in named if (product / "test").is_dir() for folder in (product / "test").iterdir()]
    return [
        f"{folder.parent}: the folder {folder.name!a} has a character that nobody sees, {character}: rename it"
        for folder in sorted(named)
        if folder.is_dir() and (character := invisible(folder.name))
    ]


def misplaced_folders(root: Path, found: list[str], unified: dict[str, dict[str, str]]) -> list[str]:
    problems = []
    for folder in (d for d in subfolders(root) if d.name not in found):
        if images_in(folder):
            problems.append(f"{folder}: images, but no train or test folder (MVTec AD layout)")
        elif folder.name != SIDECAR and (count := images_below(folder)):
            warn(f"{folder}: {count} picture(s) are not read: no train or test folder (MVTec AD layout). {CONVERT}")
    if loose := [image for image in images_in(root) if image.name != GRID]:
        warn(f"{root}: {len(loose)} picture(s) directly in it are not read: {listed(loose)}")
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


def left_aside(product: Path) -> list[str]:
    """Photographs of a product that no folder of the layout holds."""
    problems = []
    places = {".": "train or test", "train": f"train/{GOOD}", "test": f"test/{GOOD} or test/<defect>"}
    for name, where in places.items():
        folder = product / name
        if loose := images_in(folder):
            problems.append(
                f"{folder}: {len(loose)} picture(s) directly in it are not read ({listed(loose)}): "
                f"put them into {where}. {CONVERT}"
            )
    for folder in (d for d in subfolders(product) if d.name not in READ_FOLDERS):
        problems += _other_folder(folder)
    for folder in subfolders(product / "train"):
        if folder.name != GOOD:
            problems.append(f"{folder}: unknown folder; normal photographs go into train/{GOOD}")
    for folder in [product / "train" / GOOD, *subfolders(product / "test")]:
        problems += _subfolders_and_types(folder)
    return problems


def is_another_good(folder: Path) -> str | None:
    """The problem with a folder of test/ that would be read as a defect, but is named like normal photographs."""
    if folder.name == GOOD or prompt_name(folder.name) not in OTHER_NAMES_OF_GOOD:
        return None
    return f"{folder}: normal photographs go into test/{GOOD}: rename it. {CONVERT}"


def _other_folder(folder: Path) -> list[str]:
    count = images_below(folder)
    if count == 0:
        return []
    if folder.name.lower() in VALIDATION_FOLDERS and {d.name for d in subfolders(folder)} <= {GOOD}:
        warn(f"{folder}: {count} normal photograph(s) are not read; put them into train/{GOOD} to train on them")
        return []
    return [
        f"{folder}: {count} picture(s) are not read: only train, test, and ground_truth are. Put defective photographs "
        f"into test/<defect> and normal ones into train/{GOOD}, or move the folder away. {CONVERT}"
    ]


def _subfolders_and_types(folder: Path) -> list[str]:
    problems = [
        f"{inner}: {count} picture(s) in a subfolder are not read: move them up into {folder}. {CONVERT}"
        for inner in subfolders(folder)
        if (count := images_below(inner))
    ]
    if unread := unread_images_in(folder):
        problems.append(f"{folder}: files of a type that is not read ({listed(unread)}): save them as PNG")
    if others := other_files_in(folder):
        warn(f"{folder}: {len(others)} file(s) whose names are not those of pictures are not read: {listed(others)}")
    return problems
