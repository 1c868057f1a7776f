"""Finds the mask of each photograph of a folder, and what else lies beside it: a mask under another name, a second one,
one without a photograph."""

from __future__ import annotations

import re
from pathlib import Path

from .folder_names import canonical
from .layout_names import (
    IMAGE_SUFFIXES,
    MASK_SUFFIXES,
    OTHER_IMAGE_SUFFIXES,
    images_in,
    is_hidden,
    listed,
)

CONVERT = "`defectdiffu-train convert` reads other layouts"
MASK_WORDS = re.compile(r"^(?P<stem>.+?)[_-](mask|gt|label|annotation)[_-]?\d*$", re.IGNORECASE)
ANNOTATIONS = {".json": "labelme", ".xml": "VOC or CVAT", ".txt": "YOLO"}


class MaskFolder:
    """The files of ground_truth/<defect>, and the photographs that they belong to."""

    def __init__(self, folder: Path):
        self.folder = folder
        entries = [path for path in folder.iterdir() if not is_hidden(path.name)] if folder.is_dir() else []
        self._by_stem: dict[str, list[Path]] = {}
        for path in sorted(entries):
            if path.is_dir() or path.suffix.lower() in IMAGE_SUFFIXES | OTHER_IMAGE_SUFFIXES:
                self._by_stem.setdefault(photograph_stem(path), []).append(path)
        self._claimed: set[str] = set()

    def mask_of(self, image: Path) -> Path | str:
        """The photograph's mask, or what is wrong with it."""
        stem = canonical(image.stem)
        self._claimed.add(stem)
        there = self.related(image)
        masks = [p for p in there if canonical(p.stem) == f"{stem}_mask" and p.suffix.lower() in MASK_SUFFIXES]
        if len(masks) == 1 and len(there) == 1:
            return masks[0]
        if masks:
            return (
                f"{image}: several masks: {', '.join(p.name for p in there)}: merge them into one, "
                f"{masks[0].name}, or take the others away"
            )
        return self._missing(image, there)

    def related(self, image: Path) -> list[Path]:
        """Files and folders that belong to the photograph by their names."""
        stem = canonical(image.stem)
        # photograph_stem cuts "_label" and its like off, which the photograph's own name can end with.
        alike = [path for path in self._by_stem.get(photograph_stem(image), []) if canonical(path.stem) == stem]
        return list(dict.fromkeys(self._by_stem.get(stem, []) + alike))

    def _missing(self, image: Path, there: list[Path]) -> str:
        problem = f"{image}: no mask: {self.folder / f'{image.stem}_mask.png'} is missing"
        wanted = f"{image.stem}_mask"
        if folders := [path for path in there if path.is_dir()]:
            inside = images_in(folders[0])
            return f"{problem}; the folder {folders[0].name} has {listed(inside) or 'no picture'}: {CONVERT}"
        if len(there) > 1:
            return f"{problem}; there are {listed(there)}: merge them into one mask of this name. {CONVERT}"
        if there and there[0].suffix.lower() not in MASK_SUFFIXES:
            why = "blurs a mask" if there[0].suffix.lower() in IMAGE_SUFFIXES else "is not read"
            return f"{problem}; {there[0].name} lies there, but {there[0].suffix} {why}: save it as PNG"
        if there:
            return f"{problem}; {there[0].name} lies there: rename it {wanted}{there[0].suffix}. {CONVERT}"
        for beside in sorted(image.parent.iterdir()):
            if beside == image or is_hidden(beside.name) or photograph_stem(beside) != canonical(image.stem):
                continue
            suffix, lies = beside.suffix.lower(), f"{problem}; {beside.name} lies beside the photograph"
            if suffix in ANNOTATIONS and beside.stem == image.stem:
                return f"{lies} ({ANNOTATIONS[suffix]}?): {CONVERT}"
            if suffix in MASK_SUFFIXES and beside.stem != image.stem:
                return f"{lies}: move it to {self.folder}, as {wanted}{beside.suffix}"
        return problem

    def claim(self, images: list[Path]) -> None:
        """Says that the masks of these photographs are no masks without a photograph."""
        self._claimed.update(canonical(image.stem) for image in images)

    def has_mask(self, image: Path) -> bool:
        return isinstance(self.mask_of(image), Path)

    def orphans(self) -> list[Path]:
        """Masks whose photograph was not asked for."""
        return sorted(p for stem, paths in self._by_stem.items() if stem not in self._claimed for p in paths)


def photograph_stem(path: Path) -> str:
    """The stem of the photograph that a mask belongs to: 000_mask, 000_mask1, 000_GT and 000 all belong to 000."""
    stem = canonical(path.stem if not path.is_dir() else path.name)
    found = MASK_WORDS.match(stem)
    return found["stem"] if found else stem


def masks_among(images: list[Path]) -> list[Path]:
    """Files that are masks of other photographs of the same folder, by their names."""
    stems = {canonical(image.stem) for image in images}
    return [p for p in images if photograph_stem(p) != canonical(p.stem) and photograph_stem(p) in stems]


def same_stems(images: list[Path]) -> list[list[Path]]:
    """Photographs that would share a mask."""
    by_stem: dict[str, list[Path]] = {}
    for image in images:
        by_stem.setdefault(canonical(image.stem), []).append(image)
    return [several for several in by_stem.values() if len(several) > 1]
