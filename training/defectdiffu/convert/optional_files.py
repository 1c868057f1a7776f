"""What the optional files of a data set in the MVTec AD layout say of its photographs: manifest.csv has the splits and
the source photographs, and unified_names.json the defects' unified names (see data/layout.py)."""

from __future__ import annotations

from pathlib import Path

from ..data.folder_names import canonical
from ..data.layout_files import read_splits, read_unified_names
from ..data.layout_names import images_below
from ..data.mask_values import Marks, read_marks
from ..data.source_photographs import read_sources
from .found import Found


def keep_splits_and_names(found: Found, root: Path) -> None:
    """Gives the photographs of `root` the splits and sources that they have there, and their defects the names.

    Raises ValueError where a file is malformed: converted without it, photographs of the test split would be trained
    on, or defects of one name would become several.
    """
    problems: list[str] = []
    splits = read_splits(root, problems)
    unified = read_unified_names(root, problems)
    problems += [
        f"{root / 'unified_names.json'}: {product} has no folder test/{defect} with photographs"
        for product, names in unified.items()
        for defect in names
        if not images_below(root / product / "test" / defect)
    ]
    _require_none(problems)
    found.unified_names = unified
    if not splits:
        return
    sources = read_sources(root)
    for i, each in enumerate(found.photographs):
        place = canonical(each.image.relative_to(root).as_posix())
        source = sources.get(place, place) if sources else None  # the new places are others
        found.photographs[i] = each._replace(split=splits.get(place, "train"), source=source)


def marks_of(root: Path) -> Marks | None:
    """What mask_values.json says, if there is one. Raises ValueError where it is malformed."""
    problems: list[str] = []
    marks = read_marks(root, problems)
    _require_none(problems)
    return marks


def _require_none(problems: list[str]) -> None:
    if problems:
        raise ValueError("correct what the data set says of itself, or remove the file:\n  " + "\n  ".join(problems))
