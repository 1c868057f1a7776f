"""Divides a data set into a train and a test split: writes the manifest.csv that layout.py reads."""

from __future__ import annotations

import csv
import io
import zlib
from pathlib import Path

import numpy as np

from ..files.atomic import write_text
from .layout import read_layout
from .parallel_cutting import group_records


def split(root: Path, share: float = 0.3, seed: int = 0) -> dict[tuple[str, str], tuple[int, int]]:
    """Puts about `share` of the photographs of every (product, defect) into the test split; of two or more, at least
    one into each. Returns how many of each group are in the train and in the test split.

    A group's division depends on the seed and on its own photographs alone. Raises FileExistsError rather than write
    over a manifest.csv; ValueError for a share that is none; DataError for a folder that is not in the layout.
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share}, must be above 0 and below 1")
    path = root / "manifest.csv"
    if path.exists():
        raise FileExistsError(f"{path}: exists already, and says which photographs are held out; remove it first")
    splits, counts = {}, {}
    for group, records in group_records(read_layout(root)).items():
        n = len(records)
        held_out = min(max(round(share * n), 1), n - 1)
        order = np.random.default_rng((seed, zlib.crc32("/".join(group).encode()))).permutation(n)
        for place, record in zip(order, records, strict=True):
            splits[record.image.relative_to(root).as_posix()] = "test" if place < held_out else "train"
        counts[group] = (n - held_out, held_out)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("image", "split"), *sorted(splits.items())])
    write_text(path, text.getvalue())
    return counts
