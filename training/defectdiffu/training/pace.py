"""How long a training that is given minutes lasts, and what it leaves on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..config import OptimiserConfig
from ..data.layout import Pair
from .schedule import Schedule

GRID_ROWS = 8  # of the image grids before the last one
LAST_GRID_ROWS = 32


@dataclass(frozen=True)
class Pace:
    schedule: Callable[[OptimiserConfig], Schedule]  # called once, when training begins
    save_every_seconds: float
    grid_every_seconds: float
    on_grid: Callable[[Path, int, list[Pair]], None]  # path, step, and the pair of each row

    @property
    def intervals(self) -> tuple[float, float]:
        return self.save_every_seconds, self.grid_every_seconds
