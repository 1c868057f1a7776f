"""Writes the photographs that the trainings of a seed see as a data set, to train a bundle on the same ones."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

from ..data.layout import GOOD
from ..data.mask_values import MASK_VALUES, marks_text
from ..data.record import Record
from ..data.source_photographs import source_of
from ..files.atomic import write_text
from .measurement import Product
from .photographs import seen_photographs


def write_photographs(root: Path, products: dict[str, Product], shots: str, seed: int, folder: Path) -> Path:
    """Copies the seen photographs of all products, training and validation, with masks, from the data set `root` to
    `folder`/`shots`-`seed`, and returns that. Raises FileExistsError when it is there already."""
    records: list[Record] = []
    sources: dict[str, str] = {}
    for product in products.values():
        seen = seen_photographs(product.records, product.sources, shots, product.plan.seed + seed)
        for part in (seen.defective, seen.normal):
            records += [*part.training, *part.validation]
        sources |= product.sources
    return write_records(root, records, sources, folder / f"{shots}-{seed}")


def write_records(root: Path, records: list[Record], sources: dict[str, str], out: Path) -> Path:
    """Copies photographs with masks from the data set `root` to the new data set `out`, all into its train split.

    Raises FileExistsError when `out` is there already.
    """
    if out.exists():
        raise FileExistsError(f"{out}: exists already; remove it first")
    rows: list[tuple[str, str, str]] = []
    unified: dict[str, dict[str, str]] = {}
    for record in {record.place: record for record in records}.values():
        _copy(record.image, root, out)
        if record.mask is not None:
            _copy(record.mask, root, out)
        rows.append((record.place, "train", source_of(record, sources)))
        _remember_name(record, unified)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("image", "split", "source"), *sorted(rows)])
    write_text(out / "manifest.csv", text.getvalue())
    write_text(out / "unified_names.json", json.dumps(unified, indent=1))
    if marks := next((record.marks for record in records if record.marks is not None), None):
        write_text(out / MASK_VALUES, marks_text(marks))
    return out


def _copy(path: Path, root: Path, out: Path) -> None:
    target = out / path.relative_to(root)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)


def _remember_name(record: Record, unified: dict[str, dict[str, str]]) -> None:
    product, _, folder, _ = record.place.split("/")
    if record.defect != GOOD:
        unified.setdefault(product, {})[folder] = record.defect
