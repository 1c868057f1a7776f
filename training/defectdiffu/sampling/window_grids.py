"""An image grid of the windows that training would cut, to look at before it begins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from ..data.parallel_cutting import group_records
from ..data.record import Record
from ..data.windows import Rules, WindowCutter, rule_of
from .image_grids import grid, outlined

COLUMNS = 6


def write_window_grid(records: list[Record], rules: Rules, size: int, path: Path, seed: int = 0) -> None:
    """One row per (product, defect) of the train split, with masks outlined. `size`: the side in pixels to which the
    model's windows are scaled. Raises ValueError when the train split is empty."""
    rows: list[list[np.ndarray]] = []
    for (product, _), photographs in group_records([r for r in records if r.split == "train"]).items():
        rng = np.random.default_rng((seed, len(rows)))
        shown = rng.permutation(len(photographs))
        turns = [photographs[shown[i % len(photographs)]] for i in range(COLUMNS)]
        cut = [WindowCutter(record, rule_of(rules, product), size).cut(rng) for record in turns]
        rows.append([outlined(image, mask) for image, mask in cut])
    if not rows:
        raise ValueError("no photograph in the train split to cut windows from")
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grid(rows)).save(path)
