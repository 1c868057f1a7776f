"""Source photographs: windows or tiles that were cut from one photograph resemble each other."""

from __future__ import annotations

import csv
import io
import posixpath
from pathlib import Path

from .folder_names import canonical
from .record import Record


def read_sources(root: Path) -> dict[str, str]:
    """`Record.place` → source photograph, from the optional column `source` of manifest.csv."""
    path = root / "manifest.csv"
    if not path.is_file():
        return {}
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    if "source" not in (rows.fieldnames or []):
        return {}
    return {canonical(posixpath.normpath(row["image"])): row["source"] for row in rows if row["source"]}


def source_of(record: Record, sources: dict[str, str]) -> str:
    """The source photograph; without an entry, each photograph is its own source."""
    return sources.get(canonical(record.place), record.place)
