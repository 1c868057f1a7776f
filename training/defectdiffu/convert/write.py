"""Writes what a reader found into the MVTec AD layout: all of it or nothing, and over nothing."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..data.folder_names import canonical
from ..data.image_errors import ImageError
from ..data.image_files import load_image, orientation
from ..data.layout_names import GOOD, is_word, prompt_name
from ..files.atomic import write_text
from ..files.new_folder import new_folder
from .found import Found, LeftOut, Photograph

LEFT_OUT = "left_out.csv"
Progress = Callable[[int, int], None]


class Converted(NamedTuple):
    counts: dict[tuple[str, str], int]
    left_out: list[LeftOut]


class _Unusable(Exception):
    pass


def write_converted(
    found: Found, target: Path, bits: int | None = None, progress: Progress = lambda i, n: None
) -> Converted:
    """Raises ValueError where nothing defective is left, or for names that the layout cannot have; OSError where the
    target exists or cannot be written. `bits`: how many of the 16 bits of a file are used."""
    _require_names(found.photographs)
    left_out, rows = list(found.left_out), []
    counts: dict[tuple[str, str], int] = {}
    taken: set[str] = set()
    with new_folder(target) as folder:
        for i, photograph in enumerate(found.photographs):
            progress(i, len(found.photographs))
            try:
                pixels, mask = _opened(photograph, bits)
            except _Unusable as error:
                left_out.append(LeftOut(photograph.image, str(error)))
                continue
            place = _write(folder, photograph, pixels, mask, bits, taken)
            rows.append((place, photograph.split or "train", photograph.source or ""))
            key = (photograph.product, photograph.defect)
            counts[key] = counts.get(key, 0) + 1
        if not any(defect != GOOD for _, defect in counts):
            raise ValueError(_nothing(left_out))
        if any(photograph.split for photograph in found.photographs):
            _write_manifest(folder / "manifest.csv", rows)
        if names := _names_of(found, counts):
            write_text(folder / "unified_names.json", json.dumps(names, indent=2, ensure_ascii=False) + "\n")
        if left_out:
            _write_table(folder / LEFT_OUT, [("file", "reason"), *((str(file), reason) for file, reason in left_out)])
        progress(len(found.photographs), len(found.photographs))
    return Converted(counts, left_out)


def _require_names(photographs: list[Photograph]) -> None:
    """Labels of other tools become folders and words."""
    names = {each.product for each in photographs} | {each.defect for each in photographs}
    for name in sorted(names):
        if not is_word(name) or "\\" in name or name.startswith(".") or canonical(name).strip() != name:
            raise ValueError(
                f"the source calls a product or defect {name!r}, which is no name of a folder: rename it there"
            )
    for pairs in ({(each.product, "") for each in photographs}, {(each.product, each.defect) for each in photographs}):
        alike: dict[tuple[str, str], tuple[str, str]] = {}
        for pair in sorted(pairs):
            other = alike.setdefault((prompt_name(pair[0]), prompt_name(pair[1])), pair)
            if other != pair:
                raise ValueError(f"{'/'.join(other)!r} and {'/'.join(pair)!r} are one word to the model: rename one")
    for each in photographs:
        if (each.defect == GOOD) != (each.mask is None):
            raise ValueError(
                f"{each.image}: the source calls a defect {GOOD!r}, the name of good parts: rename it there"
            )


def _opened(photograph: Photograph, bits: int | None) -> tuple[np.ndarray, np.ndarray | None]:
    try:
        pixels = load_image(photograph.image, bits)
        if photograph.mask is None:
            return pixels, None
        turns = [orientation(path) for path in (photograph.image, *photograph.mask_files)]
        if len(set(turns)) > 1 or (not photograph.mask_files and turns[0] != 1):
            raise _Unusable(f"has EXIF orientation {turns[0]}, and it is not clear whether its mask is turned too")
        mask = photograph.mask(*pixels.shape[:2])
    except (ImageError, ValueError, OSError) as error:
        raise _Unusable(str(error)) from None
    if not mask.any():
        raise _Unusable("its mask is empty")
    return pixels, mask


def _write(
    folder: Path, photograph: Photograph, pixels: np.ndarray, mask: np.ndarray | None, bits: int | None, taken: set[str]
) -> str:
    product, defect, image = photograph.product, photograph.defect, photograph.image
    place = f"{product}/train/{GOOD}" if mask is None else f"{product}/test/{defect}"
    stem = _free_stem(place, image, taken)
    as_it_is = bits is None and orientation(image) == 1
    name = f"{stem}{image.suffix.lower()}" if as_it_is else f"{stem}.png"
    path = folder / place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if as_it_is:
        shutil.copyfile(image, path)
    else:
        Image.fromarray(pixels).save(path)
    if mask is not None:
        marked = folder / product / "ground_truth" / defect / f"{stem}_mask.png"
        marked.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask.astype(np.uint8) * 255).save(marked)
    return f"{place}/{name}"


def _free_stem(place: str, image: Path, taken: set[str]) -> str:
    """The photograph's own name; with its folders before it where another photograph has the name."""
    parts = [canonical(part) for part in image.with_suffix("").parts if part != image.anchor]
    names = ["_".join(parts[-n:]) for n in range(1, len(parts) + 1)]
    names += [f"{names[-1]}_{image.suffix[1:].lower()}"]
    for name in names:
        key = f"{place}/{name}".lower()
        if key not in taken:
            taken.add(key)
            return name
    raise ValueError(f"{image}: is in the data set twice")


def _write_manifest(path: Path, rows: list[tuple[str, str, str]]) -> None:
    """`rows`: image, split, and source photograph; without that column where no source is known."""
    known = any(source for _, _, source in rows)
    _write_table(path, [row[: 3 if known else 2] for row in [("image", "split", "source"), *rows]])


def _names_of(found: Found, counts: dict[tuple[str, str], int]) -> dict[str, dict[str, str]]:
    """The unified names of the folders that were written."""
    names = {
        product: {defect: name for defect, name in own.items() if (product, defect) in counts}
        for product, own in found.unified_names.items()
    }
    return {product: own for product, own in names.items() if own}


def _write_table(path: Path, rows: Iterable[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _nothing(left_out: list[LeftOut]) -> str:
    reasons = list(dict.fromkeys(left.reason for left in left_out))[:3]
    return "no photograph with a mask was found" + (f"; left out: {'; '.join(reasons)}" if reasons else "")
