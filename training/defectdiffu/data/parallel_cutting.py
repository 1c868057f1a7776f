"""Cuts many windows in parallel, for the autoencoder's training and for the latent cache."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np

from .record import Record
from .windows import Rules, WindowCutter, WindowRule, rule_of

CHUNK = 128
WORTH_PROCESSES = 4000  # windows; below, starting processes takes longer than it saves
AHEAD = 2**30  # bytes of windows that may wait for whoever takes them
KEPT = 2**29  # bytes of decoded photographs that a process keeps


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
        try:
            yield from map(_cut, tasks)
        finally:
            _kept.clear()
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
    images = np.empty((task.windows, task.size, task.size, 3), np.uint8)
    masks = np.empty((task.windows, task.size, task.size), bool)
    _forget_others(task)
    for i in range(task.windows):  # copied at once: a window can be a view, which would keep its whole photograph
        images[i], masks[i] = _cutter(task, i).cut(rng)
    return Cut(task.group, images, masks)


#: Decoded photographs of the group that this process cuts, for its next tasks: they are of the same group.
_kept: dict[tuple[Record, WindowRule, int], WindowCutter] = {}


def _cutter(task: _Task, turn: int) -> WindowCutter:
    """Photographs that come again stay decoded, as many as fit into KEPT bytes. None makes way for another: they take
    turns, so that the latest one is the last to come again."""
    key = task.records[turn % len(task.records)], task.rule, task.size
    if key in _kept:
        return _kept[key]
    cutter = WindowCutter(*key)
    if len(task.records) < task.windows and sum(map(_bytes, _kept.values())) + _bytes(cutter) <= KEPT:
        _kept[key] = cutter
    return cutter


def _forget_others(task: _Task) -> None:
    for key in _kept.keys() - {(record, task.rule, task.size) for record in task.records}:
        del _kept[key]


def _bytes(cutter: WindowCutter) -> int:
    return cutter.image.nbytes + cutter.mask.nbytes + cutter.defect_pixels.nbytes
