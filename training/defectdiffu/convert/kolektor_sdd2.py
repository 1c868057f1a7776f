"""KolektorSDD2: train/10000.png and train/10000_GT.png, black for good parts; the same in test."""

from __future__ import annotations

from pathlib import Path

from ..data.layout_names import images_in
from .found import Found, Options, marks_something

NAME, TITLE = "kolektor-sdd2", "KolektorSDD2"


def recognises(root: Path) -> bool:
    return any(True for split in ("train", "test") if (root / split).is_dir() for _ in (root / split).glob("*_GT.png"))


def read(root: Path, options: Options) -> Found:
    found = Found()
    product = options.product or "kolektorsdd2"
    for split in ("train", "test"):
        for image in images_in(root / split):
            if image.stem.endswith("_GT"):
                continue
            mask = image.with_name(f"{image.stem}_GT.png")
            if not mask.is_file():
                found.leave(image, "has no mask, not even a black one")
            elif marks_something([mask]):
                found.add_with_files(product, "defect", image, [mask], split, any_value=True)
            else:
                found.leave(mask, "is an empty mask of a good part, which has none in the layout")
                found.add(product, image, split)
    return found
