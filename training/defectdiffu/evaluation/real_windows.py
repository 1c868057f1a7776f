"""Windows of real photographs for comparison, drawn by a seed."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..data.record import Record
from ..data.windows import Rules, WindowCutter, rule_of


class Windows(NamedTuple):
    image: np.ndarray  # uint8 [n, S, S, 3]
    mask: np.ndarray  # bool [n, S, S]; empty for normal windows
    source: np.ndarray  # int64 [n]: which photograph of the list each window was cut from

    def __len__(self) -> int:
        return len(self.image)

    def take(self, indices: np.ndarray) -> Windows:
        return Windows(*(part[indices] for part in self))


def cut_windows(records: list[Record], rules: Rules, size: int, count: int, seed: int) -> Windows:
    """`count` windows, at the photographs' own scale, which take turns. Raises ValueError when there is none."""
    if not records:
        raise ValueError("no photograph to cut windows from")
    rng = np.random.default_rng((seed, 11))
    rule = lambda record: replace(rule_of(rules, record.product), zoom=0.0)  # noqa: E731
    cutters = [WindowCutter(record, rule(record), size) for record in records[:count]]
    source = np.arange(count) % len(records)
    cut = [cutters[i].cut(rng) for i in source]
    return Windows(np.stack([image for image, _ in cut]), np.stack([mask for _, mask in cut]), source)


def join(parts: list[Windows]) -> Windows:
    return Windows(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def shuffled(records: list[Record], seed: int) -> list[Record]:
    """Shuffles records, so that the first ones are not all from the same series of photographs."""
    order = np.random.default_rng((seed, 12)).permutation(len(records))
    return [records[i] for i in order]
