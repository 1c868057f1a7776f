"""Which pixels of a mask are the defect: not black, where there is one other value; or the values that were named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

MASK_VALUES = "mask_values.json"
LISTED_VALUES = 6

Marks = tuple[int, ...]  # values that mark a defect; colours as 0xRRGGBB plus COLOUR
COLOUR = 1 << 40  # no grey value is as large


def defect_pixels(values: np.ndarray, marks: Marks | None = None) -> np.ndarray:
    """bool [H, W]. Raises ValueError where it is not clear what marks the defect."""
    values = keyed(values)
    if marks is not None:
        return np.isin(values, marks)
    others = marking_values(values)
    if len(others) > 1:
        raise ValueError(unclear(others, has_black(values)))
    return values != 0


def keyed(values: np.ndarray) -> np.ndarray:
    """One number per pixel of [H, W] or [H, W, 3]: the grey value, or a colour (see `Marks`). Black is 0."""
    if values.ndim == 2:
        return values
    red, green, blue = (values[..., i] for i in range(3))
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return red
    scale = 257 if values.dtype == np.uint16 else 1
    red, green, blue = ((band // scale).astype(np.int64) for band in (red, green, blue))
    colours = (red << 16) + (green << 8) + blue
    return np.where((red == green) & (red == blue), red, colours + COLOUR)


def marking_values(values: np.ndarray) -> list[int]:
    """The values other than black, of an array of `keyed`."""
    if values.dtype == np.uint8:
        found = np.flatnonzero(np.bincount(values.reshape(-1), minlength=256))
    else:
        found = np.unique(values)
    return [int(value) for value in found if value != 0]


def has_black(values: np.ndarray) -> bool:
    return bool((values == 0).any())


def unclear(others: list[int], black: bool) -> str:
    values = told(([0] if black else []) + others)
    if len(others) > 20:
        return f"mask is not binary: {values}: it is smoothed, a JPEG, or a photograph; save 0 and 255 only, as PNG"
    return (
        f"mask is not binary: {values}, and which mark the defect is not clear: pass --mask-values to `check`, "
        f"such as --mask-values {name_of(others[-1])}, or save 0 and 255 only"
    )


def told(values: list[int]) -> str:
    more = len(values) - LISTED_VALUES
    names = [name_of(value) for value in values[:LISTED_VALUES]]
    return f"values {', '.join(names)}" + (f" and {more} more" if more > 0 else "")


def name_of(value: int) -> str:
    return f"#{value - COLOUR:06x}" if value >= COLOUR else str(value)


def parse_marks(text: str) -> Marks:
    """From "1,2" or "#ff0000". Raises ValueError that names the value."""
    return tuple(_mark(part.strip()) for part in text.split(","))


def _mark(text: str) -> int:
    try:
        if text.startswith("#") and len(text) == 7:
            value = int(text[1:], 16)
            grey = len({text[1:3], text[3:5], text[5:7]}) == 1
            return value & 255 if grey else value + COLOUR
        value = int(text)
    except ValueError:
        value = -1
    if not 0 <= value < COLOUR:
        raise ValueError(f"mask values: {text!r} is neither a whole number from 0 nor a colour such as #ff0000")
    return value


def read_marks(root: Path, problems: list[str]) -> Marks | None:
    """What mask_values.json of a data set says, if there is one."""
    path = root / MASK_VALUES
    if not path.is_file():
        return None
    try:
        names = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(names, list) or not names:
            raise ValueError(f"must be a list of values such as [1, 2], is {names!r}")
        return parse_marks(",".join(str(name) for name in names))
    except (ValueError, RecursionError) as error:
        problems.append(f"{path}: {error}")
        return None


def marks_text(marks: Marks) -> str:
    return json.dumps([name_of(mark) if mark >= COLOUR else mark for mark in marks]) + "\n"
