"""YOLO segmentation: images/…/a.jpg and labels/…/a.txt, a line per defect: class, then x y of a polygon, 0 to 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..data.layout_names import IMAGE_SUFFIXES
from .found import Found, Options, split_of
from .lookup import files_below
from .shapes import BOX, Draw, NoMask, Shape, add_annotated, polygon

NAME, TITLE = "yolo-seg", "YOLO segmentation"


def recognises(root: Path) -> bool:
    return any("labels" in path.relative_to(root).parts[:-1] for path in files_below(root, {".txt"}))


def read(root: Path, options: Options) -> Found:
    found, names = Found(), _class_names(root)
    for image in files_below(root, IMAGE_SUFFIXES):
        inside = image.relative_to(root)
        if "images" not in inside.parts:
            continue
        at = len(inside.parts) - 1 - inside.parts[::-1].index("images")
        labels = root.joinpath(*inside.parts[:at], "labels", *inside.parts[at + 1 :]).with_suffix(".txt")
        split = next(filter(None, map(split_of, inside.parts[:-1])), None)
        if not labels.is_file():
            if options.unannotated_are_good:
                found.add(options.product or root.name, image, split)
            else:
                found.leave(image, "has no annotation; with --unannotated-are-good it shows a good part")
            continue
        try:
            shapes = _shapes(labels, names)
        except NoMask as error:
            found.leave(image, str(error))
        except (ValueError, OSError) as error:
            found.leave(image, f"{labels.name} cannot be read: {error}")
        else:
            add_annotated(found, options.product or root.name, image, shapes, None, split)
    return found


def _shapes(labels: Path, names: dict[int, str]) -> list[Shape]:
    shapes = []
    for line in labels.read_text(encoding="utf-8-sig").splitlines():
        if not (fields := line.split()):
            continue
        if len(fields) == 5:
            raise NoMask(BOX)
        kind, points = int(fields[0]), np.array([float(field) for field in fields[1:]])
        if len(points) % 2 or len(points) < 6 or not (points.min() >= -0.001 and points.max() <= 1.001):
            raise ValueError(f"the line of class {kind} is no list of x y from 0 to 1, of three points or more")
        shapes.append((names.get(kind, f"defect_{kind}"), _scaled(points)))
    return shapes


def _scaled(points: np.ndarray) -> Draw:
    def draw(height: int, width: int) -> np.ndarray:
        return polygon((points.reshape(-1, 2) * (width, height)).reshape(-1).tolist())(height, width)

    return draw


def _class_names(root: Path) -> dict[int, str]:
    """From data.yaml, if there is one."""
    import yaml

    for path in sorted([*root.glob("*.yaml"), *root.glob("*.yml")]):
        try:
            names = yaml.safe_load(path.read_text(encoding="utf-8-sig"))["names"]
            items = names.items() if isinstance(names, dict) else enumerate(names)
            return {int(number): str(name) for number, name in items}
        except (yaml.YAMLError, KeyError, TypeError, ValueError):
            continue
    return {}
