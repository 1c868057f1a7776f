"""The layouts that can be converted, and how one is recognised."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ..data.layout_names import IMAGE_SUFFIXES, OTHER_IMAGE_SUFFIXES, subfolders
from . import (
    coco,
    cvat,
    dagm,
    folders,
    kolektor_sdd2,
    labelme,
    mvtec_3d,
    mvtec_ad2,
    real_iad,
    severstal,
    visa,
    voc,
    yolo_seg,
)  # fmt: skip
from .found import Found, Options
from .lookup import files_below


class Format(Protocol):
    NAME: str
    TITLE: str

    def recognises(self, root: Path) -> bool: ...

    def read(self, root: Path, options: Options) -> Found: ...


# The first that recognises a folder reads it: what others could take for theirs comes first.
FORMATS: tuple[Format, ...] = (
    mvtec_ad2, mvtec_3d, visa, real_iad, kolektor_sdd2, dagm, severstal, cvat, voc, coco, yolo_seg, labelme, folders,
)  # fmt: skip
NAMES = [each.NAME for each in FORMATS]


def read_source(root: Path, name: str | None, options: Options) -> tuple[Format, Found]:
    """What the data set has, by the format of this name or by the one that recognises `root` or a folder of it.

    Everything that is a picture and was neither read nor left out with a reason is left out as not described.
    Raises ValueError where no format fits, or where the data set has no masks.
    """
    if not root.is_dir():
        raise ValueError(f"{root}: no such folder")
    found_format, place = _format(root, name)
    found = found_format.read(place, options)
    _leave_repeated(found)
    used = {file for each in found.photographs for file in (each.image, *each.mask_files)}
    used |= {left.file for left in found.left_out}
    for image in files_below(root, IMAGE_SUFFIXES):
        if image not in used:
            found.leave(image, "is not described by the format")
    found.leave(files_below(root, OTHER_IMAGE_SUFFIXES), "is of a type that is not read: save it as PNG")
    return found_format, found


def _leave_repeated(found: Found) -> None:
    """Photographs that two annotations describe: which one counts is not known."""
    times: dict[Path, int] = {}
    for each in found.photographs:
        times[each.image] = times.get(each.image, 0) + 1
    found.leave([image for image, count in times.items() if count > 1], "is described more than once")
    found.photographs = [each for each in found.photographs if times[each.image] == 1]


def _format(root: Path, name: str | None) -> tuple[Format, Path]:
    if name is not None and name not in NAMES:
        raise ValueError(f"there is no format {name!r}; there are: {', '.join(NAMES)}")
    wanted = [each for each in FORMATS if name in (None, each.NAME)]
    for place in (root, *subfolders(root)):
        for each in wanted:
            if each.recognises(place):
                return each, place
    if name is not None:
        return wanted[0], root
    raise ValueError(f"{root}: none of the known layouts; name one with --from: {', '.join(NAMES)}")
