"""Reads the manifest of a bundle; an error says which bundles are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .json_files import read_json

MANIFEST = "bundle.json"


def read_manifest(directory: Path, *needed: str) -> dict[str, Any]:
    """`needed`: keys that must be there, as `read_json` takes them.

    Raises FileNotFoundError that lists the bundles below or beside `directory` where it is none; ValueError for a
    damaged manifest.
    """
    if not (directory / MANIFEST).is_file():
        there = _bundles_below(directory) or _bundles_below(directory.parent)
        hint = f"there are: {', '.join(map(str, there))}" if there else "give the folder that holds one"
        raise FileNotFoundError(f"{directory}: no bundle is here (no {MANIFEST}); {hint}")
    return read_json(directory / MANIFEST, *needed)


def _bundles_below(directory: Path) -> list[Path]:
    """Bundles lie at <name>/<version>; versions in their order."""
    found = [path.parent for pattern in ("*", "*/*") for path in directory.glob(f"{pattern}/{MANIFEST}")]
    return sorted(found, key=lambda path: (path.parent, [int(n) if n.isdigit() else -1 for n in path.name.split(".")]))
