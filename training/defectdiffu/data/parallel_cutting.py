"""Cuts many windows in parallel, for the autoencoder's training and for the latent cache."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np

from .record import Record
from .windows import Rules, WindowCutter, WindowRule, rule_of

CHUNK = 128
WORTH_PROCESSES = 4000  # windows; below, starting processes takes longer than it saves
AHEAD = 2**30  # bytes of windows that may wait for whoever takes them


class Group(NamedTuple):
    """The photographs of one (product, defect), and the number of windows to cut from them."""

    records: tuple[Record, ...]
    windows: int


class Cut(NamedTuple):
    group: int
    images: np.ndarray  # uint8 [n, size, size, 3]
    masks: np.ndarray  # bool [n, size, size]


class _Task(NamedTuple):
    group: int
    first: int  # of the group's windows
    windows: int
    records: tuple[Record, ...]  # the photographs whose turn it is, no others
    rule: WindowRule
    size: int
    seed: tuple[int, ...]


def group_records(records: Sequence[Record]) -> dict[tuple[str, str], tuple[Record, ...]]:
    """Per (product, defect), in the order of their names."""
    pairs = sorted({(record.product, record.defect) for record in records})
    return {pair: tuple(r for r in records if (r.product, r.defect) == pair) for pair in pairs}


def cut_groups(
    groups: Sequence[Group], rules: Rules, size: int, seed: tuple[int, ...], processes: int
) -> Iterator[Cut]:
    """The groups' windows, `CHUNK` at most at a time, group by group. The photographs of a group take turns.

    What is cut follows from `seed` alone, however many processes cut.
    """
    tasks = [
        _task(i, group, first, rule_of(rules, group.records[0].product), size, seed)
        for i, group in enumerate(groups)
        for first in range(0, group.windows, CHUNK)
    ]
    if processes == 1 or sum(task.windows for task in tasks) < WORTH_PROCESSES:
        yield from map(_cut, tasks)
        return
    ahead_of_taker = max(processes + 1, min(3 * processes, AHEAD // (CHUNK * size * size * 4)))
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        ahead: deque[Future[Cut]] = deque()  # bounded: cutting may be faster than the consumer
        try:
            for task in tasks:
                ahead.append(pool.submit(_cut, task))
                if len(ahead) > ahead_of_taker:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _task(index: int, group: Group, first: int, rule: WindowRule, size: int, seed: tuple[int, ...]) -> _Task:
    count = min(CHUNK, group.windows - first)
    turns = range(first, first + min(count, len(group.records)))
    records = tuple(group.records[turn % len(group.records)] for turn in turns)
    return _Task(index, first, count, records, rule, size, seed)


def _cut(task: _Task) -> Cut:
    rng = np.random.default_rng((*task.seed, task.group, task.first))
    cutters = _cutters(task.records, task.rule, task.size)
    windows = [cutters[i % len(cutters)].cut(rng) for i in range(task.windows)]
    images, masks = zip(*windows, strict=True)
    return Cut(task.group, np.stack(images), np.stack(masks))


@lru_cache(maxsize=1)
def _cutters(records: tuple[Record, ...], rule: WindowRule, size: int) -> list[WindowCutter]:
    """Decoded once for the tasks of a small group, which follow one another."""
    return [WindowCutter(record, rule, size) for record in records]
