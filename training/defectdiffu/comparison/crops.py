"""Fresh random windows of photographs, which are decoded once and kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..data.layout import Pair
from ..data.record import Record
from ..data.windows import Rules, WindowCutter, rule_of
from ..evaluation.real_windows import Windows


class Crops:
    """`Windows.source` counts the photographs in the order of `records`."""

    def __init__(self, records: list[Record], rules: Rules, size: int):
        """Raises ValueError when there is no photograph."""
        if not records:
            raise ValueError("no photograph to cut windows from")
        self.size, self.records = size, records
        self._rules = rules
        self.cutters = [WindowCutter(record, rule_of(rules, record.product), size) for record in records]

    @property
    def pairs(self) -> list[Pair]:
        """Of each photograph."""
        return [(record.product, record.defect) for record in self.records]

    def window(self, index: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A window of one photograph in its own pixels, neither augmented nor resized."""
        return self.cutters[index].cut_plain(rng)

    def of_size(self, size: int) -> Crops:
        """Windows that show as much in other pixels."""
        return self if size == self.size else Crops(self.records, self._rules, size)

    def of_defect(self, defect: str) -> Crops:
        """Of the photographs with this defect. Raises ValueError when there is none."""
        return Crops([record for record in self.records if record.defect == defect], self._rules, self.size)

    def __len__(self) -> int:
        return len(self.cutters)

    def draw(self, rng: np.random.Generator, count: int) -> Windows:
        """`count` windows at random places of random photographs."""
        return self.cut(rng.integers(len(self.cutters), size=count), rng)

    def in_turn(self, rng: np.random.Generator, count: int) -> Windows:
        """`count` windows at random places of photographs that take turns."""
        return self.cut(np.arange(count) % len(self.cutters), rng)

    def cut(self, chosen: np.ndarray, rng: np.random.Generator) -> Windows:
        """A window at a random place of each of the chosen photographs, int [n]."""
        if not len(chosen):
            return no_windows(self.size)
        cut = [self.cutters[i].cut(rng) for i in chosen]
        return Windows(np.stack([image for image, _ in cut]), np.stack([mask for _, mask in cut]), chosen)


def no_windows(size: int) -> Windows:
    return Windows(np.zeros((0, size, size, 3), np.uint8), np.zeros((0, size, size), bool), np.zeros(0, np.int64))


def without_zoom(rules: Rules) -> Rules:
    """Windows at the photographs' own scale, to measure on."""
    default, own = rules
    return replace(default, zoom=0.0), {product: replace(rule, zoom=0.0) for product, rule in own.items()}
