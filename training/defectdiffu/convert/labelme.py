"""labelme: a JSON file for each photograph, beside it or with its path, with polygons, circles, and masks."""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
from pathlib import Path

import numpy as np
from PIL import Image

from ..data.layout_names import GOOD
from .folders import is_good
from .found import Found, Options
from .lookup import Images, files_below
from .shapes import BOX, NoMask, Shape, add_annotated, ellipse, placed, polygon

NAME, TITLE = "labelme", "labelme"


def recognises(root: Path) -> bool:
    return any(_document(path) is not None for path in files_below(root, {".json"}))


def _document(path: Path) -> dict | None:
    with path.open("rb") as file:
        if b'"shapes"' not in file.read():
            return None
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and isinstance(document.get("shapes"), list) else None


def read(root: Path, options: Options) -> Found:
    found, images = Found(), Images(root)
    annotated: set[Path] = set()
    beside = {image.with_suffix("").as_posix(): image for image in images.all}
    for path in files_below(root, {".json"}):
        if (document := _document(path)) is None:
            continue
        image = beside.get(path.with_suffix("").as_posix()) or _named(images, path, document)
        if image is None:
            found.leave(path, "there is no photograph beside it, nor where it says")
        else:
            annotated.add(image)
            _read_document(found, _product(root, image, options), image, document)
    for image in (image for image in images.all if image not in annotated):
        if is_good(image.parent) or options.unannotated_are_good:
            found.add(_product(root, image, options), image)
        else:
            found.leave(image, "has no annotation; with --unannotated-are-good it shows a good part")
    return found


def _named(images: Images, path: Path, document: dict) -> Path | None:
    """The photograph of the path in the document, such as "../images/0.png"."""
    name = str(document.get("imagePath") or "").replace("\\", "/")
    folder = path.parent
    while name.startswith("../"):
        name, folder = name[3:], folder.parent
    return images.find(name, folder)


def _read_document(found: Found, product: str, image: Path, document: dict) -> None:
    try:
        shapes = [_shape(shape) for shape in document["shapes"]]
        size = (int(document["imageHeight"]), int(document["imageWidth"]))
    except NoMask as error:
        found.leave(image, str(error))
    except (ValueError, KeyError, TypeError, IndexError, OSError, binascii.Error) as error:
        found.leave(image, f"its annotation cannot be read: {type(error).__name__} {error}")
    else:
        add_annotated(found, product, image, shapes, size)


def _product(root: Path, image: Path, options: Options) -> str:
    """The folder above train or test, as in the MVTec AD layout; otherwise the data set is one product."""
    parts = image.relative_to(root).parts
    named = parts[0] if len(parts) > 2 and parts[1] in ("train", "test", GOOD) else root.name
    return options.product or named


def _shape(shape: dict) -> Shape:
    label, kind, points = str(shape["label"]), shape.get("shape_type") or "polygon", shape["points"]
    if kind == "polygon":
        return label, polygon([float(value) for point in points for value in point])
    if kind == "circle":
        (x, y), (at_x, at_y) = ((float(a), float(b)) for a, b in points)
        radius = math.hypot(at_x - x, at_y - y)
        return label, ellipse(x, y, radius, radius)
    if kind == "mask":
        (left, top), *_ = points
        with Image.open(io.BytesIO(base64.b64decode(shape["mask"]))) as image:
            return label, placed(np.asarray(image.convert("L")) > 0, round(top), round(left))
    if kind == "rectangle":
        raise NoMask(BOX)
    raise NoMask(f"a {kind} has no area; annotate polygons or masks")
