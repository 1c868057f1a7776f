"""The two optional files of a data set: manifest.csv and unified_names.json (see layout.py)."""

from __future__ import annotations

import csv
import io
import json
import posixpath
from pathlib import Path

from .folder_names import canonical, find_file, on_disk

SPLIT_COLUMNS = ("half", "split")  # of manifest.csv. half is the former name: beside it, split means something else


def read_splits(root: Path, problems: list[str]) -> dict[str, str]:
    path = root / "manifest.csv"
    if not path.is_file():
        return {}
    try:
        rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
        columns = set(rows.fieldnames or [])
        named = [name for name in SPLIT_COLUMNS if name in columns]
        if "image" not in columns or not named:
            problems.append(f"{path}: needs the columns 'image' and 'split', has {rows.fieldnames}")
            return {}
        column = named[0]
        listed = list(enumerate(rows, start=2))
    except (csv.Error, UnicodeDecodeError) as error:
        problems.append(f"{path}: not CSV: {error}")
        return {}
    splits: dict[str, str] = {}
    for line, row in listed:
        # As read_layout writes it, whatever "./" or form of Unicode it was listed with.
        image = canonical(posixpath.normpath(row["image"] or ""))
        if image.startswith(("/", "..")) or not find_file(root, image).is_file():
            problems.append(f"{path}:{line}: no such image: {row['image']!r}")
        if row[column] not in ("train", "test"):
            problems.append(f"{path}:{line}: {column} is {row[column]!r}, must be 'train' or 'test'")
        elif splits.setdefault(image, row[column]) != row[column]:
            problems.append(f"{path}:{line}: {image} is listed as {splits[image]} and as {row[column]}")
    return splits


def read_unified_names(root: Path, problems: list[str]) -> dict[str, dict[str, str]]:
    path = root / "unified_names.json"
    if not path.is_file():
        return {}
    try:
        names = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_named_once)
    except (ValueError, RecursionError) as error:
        problems.append(f"{path}: not JSON: {error}")
        return {}
    well_formed = isinstance(names, dict) and all(
        isinstance(m, dict) and all(isinstance(v, str) for v in m.values()) for m in names.values()
    )
    if not well_formed:
        problems.append(f"{path}: must map product → {{defect folder → unified name}}")
        return {}
    return _by_folder(root, names, problems, path)


def _named_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Python keeps the last of several."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    twice = next(name for i, (name, _) in enumerate(pairs) if name in dict(pairs[:i]))
    raise ValueError(f"{twice!r} is named twice")


def _by_folder(
    root: Path, names: dict[str, dict[str, str]], problems: list[str], path: Path
) -> dict[str, dict[str, str]]:
    """The same names under the folders' names as the disk has them."""
    products = on_disk(root)
    found: dict[str, dict[str, str]] = {}
    for given, defects in names.items():
        product = products.get(canonical(given), given)
        if product in found:
            problems.append(f"{path}: {given} is named twice")
        folders = on_disk(root / product / "test")
        found[product] = {folders.get(canonical(defect), defect): name for defect, name in defects.items()}
    return found
