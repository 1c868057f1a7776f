"""The photographs of one product, each with its mask."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .data_warnings import warn
from .folder_names import find_file
from .layout_folders import ambiguous_defects, is_another_good, left_aside
from .layout_names import GOOD, IMAGE_SUFFIXES, MASK_SUFFIXES, images_in, listed, subfolders
from .mask_files import MaskFolder, masks_among, photograph_stem, same_stems


class Photograph(NamedTuple):
    folder: str  # of its defect, or GOOD
    image: Path
    mask: Path | None
    empty_mask: Path | None = None  # of a photograph of a good part: nothing can be marked in it


def read_product(root: Path, product: str, unified: dict[str, str], problems: list[str]) -> list[Photograph]:
    """In a stable order. Appends what is wrong with the folders to `problems`."""
    place = root / product
    found: list[Photograph] = []
    aside = left_aside(place)
    problems += aside
    problems += ambiguous_defects(root, product, unified)
    tests = subfolders(place / "test")
    good = [folder for folder in (place / "train" / GOOD, place / "test" / GOOD) if folder.is_dir()]
    for folder in good:
        found += _normal(folder, _masks(root, product, GOOD) if folder in tests else None, problems)
    for folder in (d for d in tests if d.name != GOOD):
        if problem := is_another_good(folder):
            problems.append(problem)
        else:
            found += _defective(folder, _masks(root, product, folder.name), problems)
    if not good and not tests and not aside:
        problems.append(f"{place}: neither train/good, test/good nor test/<defect> is here")
    _masks_without_folders(place, tests)
    return found


def _masks(root: Path, product: str, defect: str) -> MaskFolder:
    return MaskFolder(find_file(root, f"{product}/ground_truth/{defect}"))


def _require_images(folder: Path, images: list[Path], problems: list[str]) -> None:
    if not images and not any(problem.startswith(f"{folder}/") for problem in problems):
        problems.append(f"{folder}: no image here ({', '.join(sorted(IMAGE_SUFFIXES))})")


def _normal(folder: Path, masks: MaskFolder | None, problems: list[str]) -> Iterable[Photograph]:
    images = images_in(folder)
    _require_images(folder, images, problems)
    strays = masks_among(images)
    if strays:
        problems.append(
            f"{folder}: {len(strays)} mask(s) among the photographs ({listed(strays)}): "
            "take masks of good parts away; move those of defects, with their photographs, to the folders of the defect"
        )
    for image in (image for image in images if image not in strays):
        yield Photograph(GOOD, image, None, _empty_mask(masks, image, problems) if masks else None)
    if masks and (orphans := masks.orphans()):
        warn(f"{masks.folder}: {len(orphans)} mask(s) without a photograph of test/{GOOD}: {listed(orphans)}")


def _empty_mask(masks: MaskFolder, image: Path, problems: list[str]) -> Path | None:
    """The mask of a photograph of a good part, whatever its name: nothing can be marked in it."""
    masks.claim([image])
    there = masks.related(image)
    if len(there) == 1 and there[0].is_file() and there[0].suffix.lower() in MASK_SUFFIXES:
        return there[0]
    if there:
        problems.append(
            f"{image}: is listed as good, and {listed(there)} in {masks.folder} may mark something: take these away, "
            "or move them and the photograph to the folders of the defect"
        )
    return None


def _defective(folder: Path, masks: MaskFolder, problems: list[str]) -> Iterable[Photograph]:
    images = images_in(folder)
    _require_images(folder, images, problems)
    masks.claim(images)
    strays = _stray_masks(folder, images, masks, problems)
    for several in same_stems(images):
        strays.update(several)
        problems.append(f"{folder}: {listed(several)} have one name, and would share a mask: rename one of them")
    for image in (image for image in images if image not in strays):
        mask = masks.mask_of(image)
        if isinstance(mask, Path):
            yield Photograph(folder.name, image, mask)
        else:
            problems.append(mask)
    if orphans := masks.orphans():
        warn(
            f"{masks.folder}: {len(orphans)} mask(s) without a photograph in test/{folder.name}, which are not read: "
            f"{listed(orphans)}"
        )


def _stray_masks(folder: Path, images: list[Path], masks: MaskFolder, problems: list[str]) -> set[Path]:
    """Masks among the photographs. One that is missing where it belongs is told with its photograph."""
    strays = {image for image in masks_among(images) if not masks.has_mask(image)}
    marked = {photograph_stem(image) for image in images if image not in strays and masks.has_mask(image)}
    if second := sorted(image for image in strays if photograph_stem(image) in marked):
        problems.append(
            f"{folder}: {len(second)} mask(s) among the photographs ({listed(second)}), which have others in "
            f"{masks.folder}: take these away"
        )
    return strays


def _masks_without_folders(product: Path, tests: list[Path]) -> None:
    ground = product / "ground_truth"
    names = {folder.name for folder in tests}
    for folder in subfolders(ground):
        if (images := images_in(folder)) and not any(find_file(ground, name) == folder for name in names):
            warn(f"{folder}: {len(images)} mask(s), but there is no folder test/{folder.name}; they are not read")
    if loose := images_in(ground):
        warn(f"{ground}: {len(loose)} picture(s) directly in it are not read: {listed(loose)}")
