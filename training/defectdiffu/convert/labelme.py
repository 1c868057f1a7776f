"""labelme: a JSON file beside each photograph, with polygons, circles, and masks."""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
from pathlib import Path

import numpy as np
from PIL import Image

from ..data.layout_names import GOOD, IMAGE_SUFFIXES
from .folders import is_good
from .found import Found, Options
from .lookup import files_below
from .shapes import BOX, NoMask, Shape, add_annotated, ellipse, placed, polygon

NAME, TITLE = "labelme", "labelme"


def recognises(root: Path) -> bool:
    return any(True for image in files_below(root, IMAGE_SUFFIXES) if _document(image.with_suffix(".json")) is not None)


def _document(path: Path) -> dict | None:
    if not path.is_file():
        return None
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError, OSError):
        return None
    return document if isinstance(document, dict) and isinstance(document.get("shapes"), list) else None


def read(root: Path, options: Options) -> Found:
    found = Found()
    for image in files_below(root, IMAGE_SUFFIXES):
        product = _product(root, image, options)
        document = _document(image.with_suffix(".json"))
        if document is None:
            if image.with_suffix(".json").is_file():
                found.leave(image, "its JSON file is not in the format of labelme")
            elif is_good(image.parent) or options.unannotated_are_good:
                found.add(product, image)
            else:
                found.leave(image, "has no annotation; with --unannotated-are-good it shows a good part")
            continue
        try:
            shapes = [_shape(shape) for shape in document["shapes"]]
            size = (int(document["imageHeight"]), int(document["imageWidth"]))
        except NoMask as error:
            found.leave(image, str(error))
        except (ValueError, KeyError, TypeError, IndexError, OSError, binascii.Error) as error:
            found.leave(image, f"its annotation cannot be read: {type(error).__name__} {error}")
        else:
            add_annotated(found, product, image, shapes, size)
    return found


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
