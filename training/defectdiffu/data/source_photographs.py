"""Source photographs: windows or tiles that were cut from one photograph resemble each other."""

from __future__ import annotations

import csv
import io
import posixpath
from pathlib import Path

from .record import Record


def read_sources(root: Path) -> dict[str, str]:
    """`Record.place` → source photograph, from the optional column `source` of manifest.csv."""
    path = root / "manifest.csv"
    if not path.is_file():
        return {}
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    if "source" not in (rows.fieldnames or []):
        return {}
    return {posixpath.normpath(row["image"]): row["source"] for row in rows if row["source"]}


def source_of(record: Record, sources: dict[str, str]) -> str:
    """The source photograph; without an entry, each photograph is its own source."""
    return sources.get(record.place, record.place)


def apart_from(held_out: list[Record], records: list[Record], sources: dict[str, str]) -> list[Record]:
    """Those of `records` whose source photograph none of `held_out` shows. A (product, defect) that would have none
    left keeps all."""
    shown = {source_of(record, sources) for record in held_out}
    apart = [record for record in records if source_of(record, sources) not in shown]
    left = {(record.product, record.defect) for record in apart}
    return [r for r in records if source_of(r, sources) not in shown or (r.product, r.defect) not in left]
