"""Cuts many windows at once, on every core: what the autoencoder and the bank are made of."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np

from .layout import Record
from .windows import Rules, WindowCutter, WindowRule

CHUNK = 128
WORTH_PROCESSES = 4000  # windows; below, starting processes takes longer than it saves


class Group(NamedTuple):
    """The photographs of one (product, defect), and how many windows are wanted of them."""

    records: tuple[Record, ...]
    count: int


class Cut(NamedTuple):
    group: int
    images: np.ndarray  # uint8 [n, size, size, 3]
    masks: np.ndarray  # bool [n, size, size]


class _Task(NamedTuple):
    group: int
    records: tuple[Record, ...]
    rule: WindowRule
    size: int
    first: int  # of the group's windows
    count: int
    seed: tuple[int, ...]


def group_records(records: Sequence[Record]) -> dict[tuple[str, str], tuple[Record, ...]]:
    """Per (product, defect), in the order of their names."""
    pairs = sorted({(record.product, record.defect) for record in records})
    return {pair: tuple(r for r in records if (r.product, r.defect) == pair) for pair in pairs}


def cut_groups(groups: Sequence[Group], rules: Rules, size: int, seed: tuple[int, ...]) -> Iterator[Cut]:
    """The groups' windows, `CHUNK` at most at a time, group by group. The photographs of a group take turns.

    What is cut follows from `seed` alone, however many cores there are.
    """
    default, own = rules
    tasks = [
        _Task(i, g.records, own.get(g.records[0].product, default), size, first, min(CHUNK, g.count - first), seed)
        for i, g in enumerate(groups)
        for first in range(0, g.count, CHUNK)
    ]
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if workers == 1 or sum(task.count for task in tasks) < WORTH_PROCESSES:
        yield from map(_cut, tasks)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        ahead: deque[Future[Cut]] = deque()  # so many only: cutting may be faster than what is done with them
        try:
            for task in tasks:
                ahead.append(pool.submit(_cut, task))
                if len(ahead) > 3 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _cut(task: _Task) -> Cut:
    rng = np.random.default_rng((*task.seed, task.group, task.first))
    cutters = _cutters(task.records, task.rule, task.size)
    windows = [cutters[(task.first + i) % len(cutters)].cut(rng) for i in range(task.count)]
    images, masks = zip(*windows, strict=True)
    return Cut(task.group, np.stack(images), np.stack(masks))


@lru_cache(maxsize=1)
def _cutters(records: tuple[Record, ...], rule: WindowRule, size: int) -> list[WindowCutter]:
    """A group's photographs, decoded once for its tasks, which follow one another."""
    return [WindowCutter(record, rule, size) for record in records]
