"""Reads JSON files; error messages name the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_json(path: Path, *needed: str) -> dict[str, Any]:
    """The object in the file. `needed`: keys that must be there, those of objects within after a dot ("a.b").

    Raises ValueError for a file that is damaged or holds something else, and names the first key that it lacks.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))  # with or without a BOM
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError, too
        raise ValueError(f"{path}: not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ValueError(f"{path}: holds a {type(document).__name__}, must hold an object")
    for name in needed:
        place: Any = document
        for key in name.split("."):
            if not isinstance(place, dict) or key not in place:
                raise ValueError(f"{path}: has no {name!r}")
            place = place[key]
    return document
