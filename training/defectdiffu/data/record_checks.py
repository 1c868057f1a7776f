"""Opens a photograph and its mask, and says what is wrong with them: one cause for each file, with the remedy."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .image_errors import ImageError
from .image_files import load_image, load_mask_values, orientation
from .mask_values import has_black, keyed, marking_values, name_of, told, unclear
from .record import Record

LEAST_SIDE, MOST_SIDE, MOST_PIXELS = 32, 8192, 40_000_000
SWAPPING = (5, 6, 7, 8)  # EXIF orientations that swap width and height
MUCH, BORDER = 0.5, 0.7  # of the photograph and of its border: a mask that marks more may be inverted


class Findings(NamedTuple):
    problems: list[str]
    warnings: list[str]
    value: int | None  # what marks the defect in the mask
    pixels: bytes = b""  # a hash of those of the photograph


def check_record(record: Record) -> Findings:
    try:
        pixels = load_image(record.image)
    except (ImageError, OSError) as error:
        return _problem(f"{record.image}: unreadable image: {error}")
    height, width = pixels.shape[:2]
    found = _check_normal(record) if record.mask is None else _check_mask(record, record.mask, (height, width))
    warnings = [*found.warnings, *_beyond_service(record.image, width, height)]
    return found._replace(warnings=warnings, pixels=sha256(pixels.tobytes()).digest())


def _check_mask(record: Record, mask: Path, size: tuple[int, int]) -> Findings:
    try:
        values = load_mask_values(mask)
    except (ImageError, OSError) as error:
        return _problem(f"{mask}: unreadable mask: {_remedy(error)}")
    if values.shape[:2] != size:
        return _problem(_other_size(record.image, mask, values, size))
    values = keyed(values)
    others = marking_values(values)
    if record.marks is None and len(others) > 1:
        return _problem(f"{mask}: {unclear(others, has_black(values))}")
    defect = values != 0 if record.marks is None else np.isin(values, record.marks)
    if not defect.any():
        named = ", ".join(name_of(mark) for mark in record.marks or ())
        what = f"has none of the values {named}, only {told([0, *others])}" if record.marks and others else "is empty"
        return _problem(f"{mask}: mask {what}, but the image is listed as {record.defect!r}")
    warnings = [*_inverted(mask, defect), *_turned(record.image, mask, size)]
    return Findings([], warnings, others[0] if record.marks is None else None)


def mixed_values(records: list[Record], values: list[int | None]) -> list[str]:
    """One problem for every folder whose masks mark the defect with different values: such are labels of several
    kinds, or masks from two sources."""
    found: dict[Path, dict[int, Path]] = {}
    for record, value in zip(records, values, strict=True):
        if record.mask is not None and value is not None:
            found.setdefault(record.mask.parent, {}).setdefault(value, record.mask)
    return [
        f"{folder}: the masks mark the defect with different values, "
        + ", ".join(f"{name_of(value)} ({mask.name})" for value, mask in sorted(by_value.items()))
        + ": pass those that do to `check`, such as --mask-values "
        + ",".join(name_of(value) for value in sorted(by_value))
        + ", or save 0 and 255 only"
        for folder, by_value in found.items()
        if len(by_value) > 1
    ]


def same_pixels(records: list[Record], findings: list[Findings]) -> list[str]:
    """One warning for every photograph that contradicts an earlier one with the same pixels."""
    first: dict[tuple[str, bytes], Record] = {}
    warnings = []
    for record, found in zip(records, findings, strict=True):
        other = first.setdefault((record.product, found.pixels), record) if found.pixels else record
        if (other.mask is None) != (record.mask is None):
            why = "one is listed as good, the other with a defect: the defect is learnt as sound"
        elif other.split != record.split:
            why = "one is in the train split, the other in the test split: nothing is held out"
        else:
            continue
        warnings.append(f"{record.image}: shows the same pixels as {other.image}, and {why}. Keep one")
    return warnings


def _beyond_service(image: Path, width: int, height: int) -> list[str]:
    """The bounds of the service are for uploads (IMAGE_LIMITS of src/references/decodeImage.ts). Training cuts windows
    from photographs of any size, so that here it is a warning."""
    bounds = [
        (min(width, height) < LEAST_SIDE, f"the smaller side, {min(width, height)}, is below {LEAST_SIDE}"),
        (max(width, height) > MOST_SIDE, f"the larger side, {max(width, height)}, is above {MOST_SIDE}"),
        (width * height > MOST_PIXELS, f"{width * height} pixels are more than {MOST_PIXELS}"),
    ]
    problem = next((text for is_beyond, text in bounds if is_beyond), None)
    if problem is None:
        return []
    return [f"{image}: is {width} × {height} pixels: {problem}. Training reads it, but the service refuses it"]


def _problem(text: str) -> Findings:
    return Findings([text], [], None)


def _check_normal(record: Record) -> Findings:
    """A photograph of a good part may have a mask, but nothing can be marked in it."""
    if record.empty_mask is None:
        return Findings([], [], None)
    try:
        share = float((keyed(load_mask_values(record.empty_mask)) != 0).mean())
    except (ImageError, OSError) as error:
        return _problem(f"{record.empty_mask}: unreadable mask: {_remedy(error)}")
    if share == 0:
        return Findings([], [], None)
    return _problem(
        f"{record.empty_mask}: marks {share:.1%} of a photograph that is listed as good: "
        "move the photograph and its mask to the folders of the defect, or remove the mask"
    )


def _remedy(error: Exception) -> str:
    if isinstance(error, ImageError) and error.code == "IMAGE_TRANSPARENT":
        return (
            "is not fully opaque, so that it is not clear whether its colours or its alpha channel is the mask: "
            "save the mask as a grey PNG without alpha channel"
        )
    return str(error)


def _other_size(image: Path, mask: Path, values: np.ndarray, size: tuple[int, int]) -> str:
    height, width = size
    text = f"{mask}: mask is {values.shape[1]}×{values.shape[0]}"
    if values.shape[:2] == (width, height) and (own := orientation(mask)) in SWAPPING:
        return f"{text} when EXIF orientation {own} turns it, its image is {width}×{height}: save the mask upright"
    text += f", its image is {width}×{height}"
    turn = orientation(image)
    if turn == 1 or values.shape[:2] != (width, height):
        return text
    return (
        f"{text} when it is turned as its EXIF orientation {turn} says: the mask was drawn on the stored pixels. "
        "Turn the mask, or save the photograph upright"
    )


def _turned(image: Path, mask: Path, size: tuple[int, int]) -> list[str]:
    """Where turning keeps the size, a mask that was drawn on the stored pixels fits, but marks another place."""
    photograph, own = orientation(image), orientation(mask)
    keeps_size = size[0] == size[1] or (photograph in SWAPPING) == (own in SWAPPING)
    if photograph == own or not keeps_size:
        return []
    return [
        f"{image}: is turned as its EXIF orientation {photograph} says, and its mask by {own}: if the mask was drawn "
        "on the stored pixels, it marks the wrong place. Save both upright, without EXIF orientation"
    ]


def _inverted(mask: Path, defect: np.ndarray) -> list[str]:
    share = float(defect.mean())
    border = np.concatenate([defect[0], defect[-1], defect[:, 0], defect[:, -1]])
    if share == 1:
        return [f"{mask}: marks the whole photograph: is it the mask of another, or inverted?"]
    if share <= MUCH or border.mean() < BORDER:
        return []
    return [f"{mask}: marks {share:.1%} of the photograph and its border: if it is inverted, mark the defect with 255"]
