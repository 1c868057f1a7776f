"""What a reader of another layout found: photographs with their masks, and what it leaves out, with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..data.image_errors import ImageError
from ..data.image_files import load_mask, load_mask_values
from ..data.layout_names import GOOD
from ..data.mask_values import Marks, keyed

SPLITS = {
    "train": "train", "training": "train", "val": "test", "valid": "test", "validation": "test", "test": "test",
    "testing": "test",
}  # fmt: skip

Mask = Callable[[int, int], np.ndarray]  # height and width of the photograph → bool [height, width]


class Photograph(NamedTuple):
    product: str
    defect: str  # GOOD for a normal one
    image: Path
    mask: Mask | None = None
    mask_files: tuple[Path, ...] = ()  # that the mask is read from
    split: str | None = None  # train or test, where the source says so
    source: str | None = None  # the photograph that it was cut from, where the data set says so


class LeftOut(NamedTuple):
    file: Path
    reason: str


class Options(NamedTuple):
    product: str | None = None  # for layouts that name none
    marks: Marks | None = None
    unannotated_are_good: bool = False


@dataclass
class Found:
    photographs: list[Photograph] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unified_names: dict[str, dict[str, str]] = field(default_factory=dict)  # product → defect → unified name

    def add(self, product: str, image: Path, split: str | None = None) -> None:
        """A photograph of a good part."""
        self.photographs.append(Photograph(product, GOOD, image, split=split))

    def add_with_files(
        self,
        product: str,
        defect: str,
        image: Path,
        masks: Iterable[Path],
        split: str | None = None,
        marks: Marks | None = None,
        any_value: bool = False,
    ) -> None:
        """A defective photograph whose mask is the union of files. `any_value`: whatever is not black marks it."""
        files = tuple(masks)
        mask = union_of(files, marks, any_value)
        self.photographs.append(Photograph(product, defect, image, mask, files, split))

    def leave(self, files: Path | Iterable[Path], reason: str) -> None:
        for file in [files] if isinstance(files, Path) else files:
            self.left_out.append(LeftOut(file, reason))


def union_of(files: tuple[Path, ...], marks: Marks | None, any_value: bool) -> Mask:
    def read(height: int, width: int) -> np.ndarray:
        union = np.zeros((height, width), bool)
        for file in files:
            try:
                mask = keyed(load_mask_values(file)) != 0 if any_value else load_mask(file, marks)
            except ValueError as error:
                raise ValueError(f"its mask {file.name}: {error}") from None
            if mask.shape != union.shape:
                raise ValueError(f"its mask {file.name} is {mask.shape[1]}×{mask.shape[0]}, not {width}×{height}")
            union |= mask
        return union

    return read


def marks_something(files: Iterable[Path]) -> bool:
    """Whether a mask is not black, or cannot be read: then its photograph is left out where its mask is drawn."""
    try:
        return any(load_mask_values(file).any() for file in files)
    except (ImageError, OSError):
        return True


def split_of(name: str) -> str | None:
    """By the words of the name of a folder or file: "train2017" is train, "val" and "test" are held out; "valve" and
    "strain" are names."""
    words = re.split("[^a-z]+", name.lower())
    return next((SPLITS[word] for word in words if word in SPLITS), None)
