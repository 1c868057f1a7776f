"""The figures of an evaluation as a Markdown page with plots."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..runs import write_text
from .downstream import METHODS
from .ledger import Ledger
from .plots import plot_detectors, plot_strength

DETECTOR_FIGURES = {"miou": "mIoU", "iou": "IoU of the defect", "f1": "F1", "ap": "AP", "auroc": "AUROC"}
MEAN = "mean"


def write_report(ledger: Ledger, out: Path) -> Path:
    """Writes out/README.md and its plots for whatever the ledger holds."""
    settings = ledger.document["settings"]
    page = [f"# Evaluation of {settings['model']} after {settings['step']} steps", ""]
    for write in (_quality, _masks, _judgement, _twins, _photographs, _strength, _downstream, _classification):
        page += write(ledger, out)
    page += ["## Settings", "", *table(("setting", "value"), [(k, f"`{v}`") for k, v in settings.items()]), ""]
    path = out / "README.md"
    write_text(path, "\n".join(page))
    return path


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = list(head)
    line = lambda cells: "| " + " | ".join(cells) + " |"  # noqa: E731
    return [line(head), line(["---"] * len(head)), *[line(row) for row in rows]]


def columned(first: str, columns: dict[str, Callable[[dict], str]], rows: dict[str, dict]) -> list[str]:
    return table((first, *columns), [(name, *(cell(f) for cell in columns.values())) for name, f in rows.items()])


def detector_table(figures: dict[str, Any], value: Callable[[Any], float]) -> dict[str, dict[str, tuple[float, float]]]:
    """{product or "mean": {method: (mean, standard deviation over the seeds)}} from keys "product/method/seed".

    The spread of the mean over products is that of its value from seed to seed; only complete seeds count there.
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


def _quality(ledger: Ledger, out: Path) -> list[str]:
    figures = ledger.section("quality")
    if not figures:
        return []
    names = ledger.section("names")["quality"]
    columns = {
        names["frechet"]: lambda f: f"{f['frechet']:.3g}",
        "… of real": lambda f: f"{f['frechetOfReal']:.3g}",
        "KID": lambda f: f"{f['kernel']:.3g}",
        "… of real ": lambda f: f"{f['kernelOfReal']:.3g}",
        names["perceptual"]: lambda f: f"{f['diversity']:.3g}",
        " … of real": lambda f: f"{f['diversityOfReal']:.3g}",
        "nearest seen": lambda f: f"{f['nearest']:.3g}",
        " … of real ": lambda f: f"{f['nearestOfReal']:.3g}",
        "copies": lambda f: str(f["copies"]),
    }
    return [
        "## Quality and diversity",
        "",
        "Samples against real windows of the test half; *of real*: the same figure for real windows of the training "
        "half, the best that can be reached. *nearest seen*: perceptual distance to the nearest window of the training "
        "half, of samples and of real windows never trained on; *copies*: samples nearer than 99 % of those.",
        "",
        *columned("pair", columns, figures),
        "",
    ]


def _masks(ledger: Ledger, out: Path) -> list[str]:
    real, drawn = ledger.section("masks on real defects"), ledger.section("masks of samples")
    if not drawn:
        return []
    both = {name: {**figures, **real.get(name, {})} for name, figures in drawn.items()}
    keys = {
        "iou": "IoU on real defects",
        "iouKnowingProduct": "… knowing the product",
        "agreement": "IoU with the change",
        "localisation": "change inside : outside",
        "empty": "empty",
    }
    return ["## Masks", "", *pair_table(keys, both), ""]


def _judgement(ledger: Ledger, out: Path) -> list[str]:
    figures = ledger.section("judgement")
    if not figures:
        return []
    keys = {
        "agreement": "IoU with the mask",
        "found": "found",
        "foundInTwins": "… in normal twins",
        "agreementOfReal": "IoU on real defects",
        "foundOfReal": "found in real defects",
    }
    return [
        "## What a segmenter sees that was trained on real photographs alone",
        "",
        "*found*: it marks a quarter of the mask or more. Beside it the same in the samples' normal twins, which show "
        "no defect, and in real defects of the test half. Pairs that the model was never trained on (zero-shot) have a "
        "segmenter of their own, trained on their photographs alone.",
        "",
        *pair_table(keys, figures),
        "",
    ]


LEGEND = (
    "*shown*: visible and in agreement within the attempts; *visibility*: mean change inside the mask, of 255; "
    "*agreement*: IoU of the mask with what changed at least half as much; *IoU with the change*: of the mask with "
    "where the picture differs from the one before, by an iterative threshold as under Masks; *seam*: mean change on "
    "the border of what changed, of 255; *found*: by the segmenter that was trained on real photographs alone."
)


def _twins(ledger: Ledger, out: Path) -> list[str]:
    figures = ledger.section("twins")
    if not figures:
        return []
    return [
        "## Defects on normal twins",
        "",
        "From noise, on the picture that the model draws from the same seed without a defect, so that nothing but the "
        f"defect differs. {LEGEND}",
        "",
        *_composed(ledger, figures, "… in the twins"),
        "",
    ]


def _photographs(ledger: Ledger, out: Path) -> list[str]:
    figures = ledger.section("photographs")
    if not figures:
        return []
    seam = ledger.section("names").get("seam")
    told = ""
    if seam and seam["accuracy"] is not None:
        told = f" A classifier of what lies round them tells {100 * seam['accuracy']:.0f} % right; chance is 50 %."
    return [
        "## Defects on photographs of good parts",
        "",
        f"{LEGEND}{told}",
        "",
        *_composed(ledger, figures, "… in the photographs"),
        "",
    ]


def _composed(ledger: Ledger, figures: dict[str, dict], found_before: str) -> list[str]:
    """The table of photograph_figures, and what the judge finds in real defects beside it."""
    keys = {
        "shown": "shown",
        "shownAtOnce": "… at once",
        "visibility": "visibility",
        "agreement": "agreement",
        "change": "IoU with the change",
        "seam": "seam",
        "found": "found",
        "foundInPhotographs": found_before,
        "foundOfReal": "found in real defects",
    }
    judged = ledger.section("judgement")
    both = {name: {**f, "foundOfReal": judged.get(name, {}).get("foundOfReal")} for name, f in figures.items()}
    both = {name: {key: value for key, value in f.items() if value is not None} for name, f in both.items()}
    return pair_table({key: head for key, head in keys.items() if any(key in f for f in both.values())}, both)


def pair_table(heads: dict[str, str], figures: dict[str, dict]) -> list[str]:
    """A column for each key, under its head, and a last row of means."""
    columns = {head: lambda f, k=key: f"{f[k]:.2f}" if k in f else "" for key, head in heads.items()}
    return columned("pair", columns, {**figures, f"**{MEAN}**": mean_of(figures, list(heads))})


def mean_of(figures: dict[str, dict], keys: list[str]) -> dict[str, float]:
    """The mean of each key over the rows that have it."""
    there = {key: [f[key] for f in figures.values() if key in f] for key in keys}
    return {key: float(np.mean(values)) for key, values in there.items() if values}


def _strength(ledger: Ledger, out: Path) -> list[str]:
    figures = ledger.section("strength")
    if not figures:
        return []
    plot_strength(figures, out / "strength.png")
    monotone = sum(f["changeMonotone"] for f in figures.values())
    areas = sum(f["areaMonotone"] for f in figures.values())
    return [
        "## Strength",
        "",
        f"The visible change rises with w_d for {monotone} of {len(figures)} pairs, the mask's area for {areas}.",
        "",
        "![Visible change and mask area against the strength](strength.png)",
        "",
    ]


def _downstream(ledger: Ledger, out: Path) -> list[str]:
    figures = ledger.section("downstream")
    if not figures:
        return []
    lines = ["## A UNet per product, trained on real windows and with synthetic ones added", ""]
    for key, name in DETECTOR_FIGURES.items():
        lines += [f"### {name}", "", *_detectors(detector_table(figures, lambda f, k=key: f[k])), ""]
    plot_detectors(detector_table(figures, lambda f: f["miou"]), "mIoU", out / "downstream.png")
    return [*lines, "![mIoU per product and method](downstream.png)", ""]


def _classification(ledger: Ledger, out: Path) -> list[str]:
    figures = ledger.section("classification")
    if not figures:
        return []
    head = "## A ResNet per product: defective or normal, balanced accuracy"
    return [head, "", *_detectors(detector_table(figures, float)), ""]


def _detectors(cells: dict[str, dict[str, tuple[float, float]]]) -> list[str]:
    """In per cent, mean ± standard deviation over the seeds."""
    text = lambda cell: f"{100 * cell[0]:.1f} ± {100 * cell[1]:.1f}" if cell else ""  # noqa: E731
    return table(("product", *METHODS), [(p, *(text(row.get(m)) for m in METHODS)) for p, row in cells.items()])
