"""CVAT for images 1.1: annotations.xml, with polygons, ellipses, and masks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from .found import Found, Options, split_of
from .lookup import Images, files_below
from .shapes import BOX, NoMask, Shape, add_annotated, ellipse, placed, polygon, runs

NAME, TITLE = "cvat", "CVAT for images"
SHAPES = ("polygon", "mask", "ellipse", "box", "polyline", "points", "cuboid", "skeleton")


def recognises(root: Path) -> bool:
    return any(True for _ in _files(root))


def _files(root: Path) -> Iterator[Path]:
    for path in files_below(root, {".xml"}):
        with path.open("rb") as file:
            if b"<annotations" in file.read(1000):
                yield path


def read(root: Path, options: Options) -> Found:
    found, images = Found(), Images(root)
    for path in _files(root):
        try:
            document = ElementTree.parse(path).getroot()
        except ElementTree.ParseError as error:
            raise ValueError(f"{path}: is not XML: {error}") from None
        if document.find("track") is not None:
            raise ValueError(f"{path}: is of a video; export the task as 'CVAT for images'")
        for element in document.iter("image"):
            _read_image(found, images, root, path, element, options)
    return found


def _read_image(
    found: Found, images: Images, root: Path, path: Path, element: ElementTree.Element, options: Options
) -> None:
    name, subset = element.get("name", ""), element.get("subset") or ""
    image = images.find(name, path.parent, path.parent / "images", path.parent / "images" / subset, root)
    if image is None:
        found.leave(root / name, f"is in {path.name}, but there is no such photograph")
        return
    try:
        shapes = [_shape(shape) for shape in element if shape.tag in SHAPES]
        size = (int(element.attrib["height"]), int(element.attrib["width"]))
    except NoMask as error:
        found.leave(image, str(error))
    except (ValueError, KeyError) as error:
        found.leave(image, f"its annotation cannot be read: {type(error).__name__} {error}")
    else:
        add_annotated(found, options.product or root.name, image, shapes, size, split_of(subset))


def _shape(shape: ElementTree.Element) -> Shape:
    label = shape.attrib["label"]
    if shape.tag == "polygon":
        points = shape.attrib["points"].replace(";", ",").split(",")
        return label, polygon([float(value) for value in points])
    if shape.tag == "ellipse":
        x, y, radius_x, radius_y = (float(shape.attrib[name]) for name in ("cx", "cy", "rx", "ry"))
        return label, ellipse(x, y, radius_x, radius_y, float(shape.get("rotation") or 0))
    if shape.tag == "mask":
        top, left, height, width = (int(shape.attrib[name]) for name in ("top", "left", "height", "width"))
        counts = [int(count) for count in shape.attrib["rle"].split(",")]
        return label, placed(np.asarray(runs(counts, (height, width))), top, left)
    if shape.tag == "box":
        raise NoMask(BOX)
    raise NoMask(f"a {shape.tag} has no area; annotate polygons or masks")
