"""Tables of the evaluation's page, in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .downstream import METHODS

MEAN = "mean"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(head)
    line = lambda cells: "| " + " | ".join(cells) + " |"  # noqa: E731
    return [line(head), line(["---"] * len(head)), *[line(row) for row in rows]]


def columned(first: str, columns: dict[str, Callable[[dict], str]], rows: dict[str, dict]) -> list[str]:
    return table((first, *columns), [(name, *(cell(f) for cell in columns.values())) for name, f in rows.items()])


def detector_table(figures: dict[str, Any], value: Callable[[Any], float]) -> dict[str, dict[str, tuple[float, float]]]:
    """{product or "mean": {method: (mean, standard deviation over the seeds)}} from keys "product/method/seed".

    The standard deviation of the mean over products is over its values per seed; only complete seeds count.
    """
    by_product: dict[str, dict[str, dict[str, float]]] = {}
    for key, figure in figures.items():
        product, method, seed = key.split("/")
        by_product.setdefault(product, {}).setdefault(method, {})[seed] = value(figure)
    spread = lambda values: (float(np.mean(values)), float(np.std(values)))  # noqa: E731
    result = {p: {m: spread(list(s.values())) for m, s in methods.items()} for p, methods in by_product.items()}
    result[MEAN] = {}
    for method in METHODS:
        seeds = [methods.get(method, {}) for methods in by_product.values()]
        complete = [seed for seed in seeds[0] if all(seed in s for s in seeds)] if seeds else []
        if complete:
            result[MEAN][method] = spread([np.mean([s[seed] for s in seeds]) for seed in complete])
    return result


def detectors(cells: dict[str, dict[str, tuple[float, float]]]) -> list[str]:
    """Table in per cent, mean ± standard deviation over the seeds; a column for each method that was measured."""
    methods = [method for method in METHODS if any(method in row for row in cells.values())]
    text = lambda cell: f"{100 * cell[0]:.1f} ± {100 * cell[1]:.1f}" if cell else ""  # noqa: E731
    return table(("product", *methods), [(p, *(text(row.get(m)) for m in methods)) for p, row in cells.items()])


def pair_table(heads: dict[str, str], figures: dict[str, dict], first: str = "pair") -> list[str]:
    """A column for each key, under its head, and a last row of means."""

    def column(key: str) -> Callable[[dict], str]:
        return lambda f: f"{f[key]:.2f}" if key in f else ""

    columns = {head: column(key) for key, head in heads.items()}
    return columned(first, columns, {**figures, f"**{MEAN}**": mean_of(figures, list(heads))})


def mean_of(figures: dict[str, dict], keys: list[str]) -> dict[str, float]:
    """The mean of each key over the rows that have it."""
    there = {key: [f[key] for f in figures.values() if key in f] for key in keys}
    return {key: float(np.mean(values)) for key, values in there.items() if values}
