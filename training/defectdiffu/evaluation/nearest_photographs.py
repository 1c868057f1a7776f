"""Detects copies: the photograph nearest to each sample, and a grid of the closest pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from ..sampling.image_grids import GAP, grid

CLOSEST = "nearest.png"  # the grid
SHOWN = 4  # pairs in a row
LABEL = 14  # pixels in height


class NearestWindows(NamedTuple):
    """For each sample, the nearest window of the train split."""

    window: np.ndarray  # int64 [n]
    distance: np.ndarray  # float [n], perceptual
    flagged: np.ndarray  # bool [n]: nearer than 99 % of the real windows that the model never saw

    def order(self) -> np.ndarray:
        """The samples, the closest first."""
        return np.argsort(self.distance, kind="stable")


def flagged_copies(closest: NearestWindows, photographs: list[str]) -> list[dict[str, Any]]:
    """The flagged samples, closest first, with the photograph of each sample's nearest window."""
    return [
        {"sample": int(i), "distance": float(closest.distance[i]), "photograph": photographs[closest.window[i]]}
        for i in closest.order()
        if closest.flagged[i]
    ]


def save_grid_row(path: Path, drawn: np.ndarray, seen: np.ndarray, closest: NearestWindows) -> None:
    """The closest samples, each beside its nearest window; uint8 [n, S, S, 3] both."""
    pictures = [picture for i in closest.order()[:SHOWN] for picture in (drawn[i], seen[closest.window[i]])]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grid([pictures])).save(path)


def write_grid(path: Path, rows: dict[str, Path]) -> None:
    """Stacks the saved rows with their names. Writes no grid if there are no rows."""
    pictures = {name: Image.open(row) for name, row in rows.items() if row.exists()}
    if not pictures:
        return
    width = max(picture.width for picture in pictures.values())
    height = sum(LABEL + picture.height for picture in pictures.values())
    canvas = Image.new("RGB", (width, height), "white")
    top = 0
    for name, picture in pictures.items():
        ImageDraw.Draw(canvas).text((GAP, top), name, "black")
        canvas.paste(picture, (0, top + LABEL))
        top += LABEL + picture.height
    canvas.save(path)
