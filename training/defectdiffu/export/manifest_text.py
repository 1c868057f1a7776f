"""Formats bundle.json: indented, with the numbers of a shape or a score on one line."""

from __future__ import annotations

import json
import re
from typing import Any

PLACE = "@placement@"
NUMBERS = re.compile(r"\[[-\d.e,\s]+\]")


def manifest_text(manifest: dict[str, Any]) -> str:
    """Raises ValueError for a number that is not finite: the service could not read it."""
    if "placement" not in manifest:
        return indented(manifest) + "\n"
    text = indented(manifest | {"placement": PLACE})
    section = indented(manifest["placement"]).replace("\n", "\n  ")
    return text.replace(json.dumps(PLACE), numbers_on_one_line(section)) + "\n"


def indented(value: Any) -> str:
    """Raises ValueError for a number that is not finite: JSON has none."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)


def numbers_on_one_line(text: str) -> str:
    """Indented JSON with each list of numbers on one line."""
    return NUMBERS.sub(lambda found: re.sub(r"\s+", " ", found[0]).replace("[ ", "[").replace(" ]", "]"), text)
