"""The plots of the evaluation's page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")  # no display is needed

from matplotlib import pyplot as plt

COLUMNS = 5


def plot_strength(figures: dict[str, Any], path: Path) -> None:
    """One small plot per pair: mean grey change (left axis) and mask area in per cent (right axis) against w_d."""
    rows = -(-len(figures) // COLUMNS)
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(3 * COLUMNS, 2.4 * rows), squeeze=False)
    for axis in axes.flat[len(figures) :]:
        axis.set_axis_off()
    for axis, (name, f) in zip(axes.flat, figures.items(), strict=False):
        axis.plot(f["strengths"], f["change"], "o-", color="tab:blue")
        axis.set_title(name, fontsize=9)
        axis.tick_params(axis="y", labelcolor="tab:blue", labelsize=7)
        other = axis.twinx()
        other.plot(f["strengths"], 100 * np.array(f["maskArea"]), "s--", color="tab:red")
        other.tick_params(axis="y", labelcolor="tab:red", labelsize=7)
    figure.supxlabel("defect strength w_d")
    figure.supylabel("mean grey change (blue)  ·  mask area in % (red)")
    _save(figure, path)


def plot_detectors(cells: dict[str, dict[str, tuple[float, float]]], name: str, path: Path) -> None:
    """Bars per product, one for each method, with the standard deviation over the seeds."""
    products = list(cells)
    methods = list(dict.fromkeys(method for row in cells.values() for method in row))
    figure, axis = plt.subplots(figsize=(1.6 * len(products) + 2, 4))
    width = 0.8 / len(methods)
    for i, method in enumerate(methods):
        at = [x + (i - len(methods) / 2 + 0.5) * width for x, p in enumerate(products) if method in cells[p]]
        means, spreads = zip(*(cells[p][method] for p in products if method in cells[p]), strict=True)
        axis.bar(at, means, width, yerr=spreads, label=method, capsize=2)
    axis.set_xticks(range(len(products)), products)
    axis.set_ylabel(name)
    axis.legend(fontsize=8, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    _save(figure, path)


def _save(figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
