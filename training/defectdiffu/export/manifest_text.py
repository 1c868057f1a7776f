"""Formats bundle.json: indented, with the numbers of a shape or a score on one line."""

from __future__ import annotations

import json
import re
from typing import Any

PLACE = "@placement@"
NUMBERS = re.compile(r"\[[-\d.e,\s]+\]")


def manifest_text(manifest: dict[str, Any]) -> str:
    if "placement" not in manifest:
        return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    text = json.dumps(manifest | {"placement": PLACE}, indent=2, ensure_ascii=False)
    section = json.dumps(manifest["placement"], indent=2, ensure_ascii=False).replace("\n", "\n  ")
    return text.replace(json.dumps(PLACE), numbers_on_one_line(section)) + "\n"


def numbers_on_one_line(text: str) -> str:
    """Indented JSON with each list of numbers on one line."""
    return NUMBERS.sub(lambda found: re.sub(r"\s+", " ", found[0]).replace("[ ", "[").replace(" ]", "]"), text)
