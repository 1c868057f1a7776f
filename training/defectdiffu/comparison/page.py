"""The page of a comparison. Every number on it is computed from comparison.json."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..data.layout import GOOD
from ..files.atomic import write_text
from .detectors import DETECTORS
from .histograms import BINS, FALSE_POSITIVE_RATE, HALF, LIMIT, fpr_threshold, unpacked
from .methods import METHODS, REFERENCE, ZERO_SHOT_REFERENCE
from .plan import ALL, BATCH, ComparisonPlan
from .statistics import AT_FPR, Group, Interval, Measured, differences, mean_figures
from .store import ComparisonStore

PAGE = "comparison.md"
WIDTH = 118  # columns
HEADINGS = {"miou": "mIoU", "balanced_accuracy": "balanced accuracy", "f1": "F1", "ap": "AP", "auroc": "AUROC"}
HEADINGS |= {AT_FPR: f"mIoU at FPR {FALSE_POSITIVE_RATE:.1%}"}
OTHERS = ("f1", "ap", "auroc")  # beside the headline of a detector
Groups = dict[str, Group]  # by product


def write_page(store: ComparisonStore, plan: ComparisonPlan, reference: str = REFERENCE) -> Path:
    """Writes comparison.md beside comparison.json and returns its path."""
    path = store.path.parent / PAGE
    lines = [part for line in _lines(store, plan, reference) for part in wrapped(line)]
    write_text(path, "\n".join(lines) + "\n")
    return path


def groups_of(store: ComparisonStore) -> dict[tuple[str, str], dict[str, Groups]]:
    """(detector, shots) → method → product → its trainings."""
    made: dict[tuple[str, str], dict[str, Groups]] = {}
    for key, entry in store.trainings.items():
        methods = made.setdefault((key.detector, key.shots), {})
        rows = store.document["products"][key.product]
        sources, normal = [row["source"] for row in rows], np.array([row["defect"] == GOOD for row in rows])
        group = methods.setdefault(key.method, {}).setdefault(key.product, Group(sources, {}))
        histograms = unpacked(entry["histograms"])
        alarms = fpr_threshold(histograms[normal].sum(0)) if DETECTORS[key.detector].segments else None
        group.trainings[key.seed] = Measured(histograms, entry["threshold"], alarms)
    return made


def _lines(store: ComparisonStore, plan: ComparisonPlan, reference: str) -> list[str]:
    lines = ["# Detectors with and without synthetic windows", "", *_conditions(store, plan, reference)]
    groups = groups_of(store)
    order = lambda group: (list(DETECTORS).index(group[0]), group[1] == ALL, int(group[1]) if group[1] != ALL else 0)  # noqa: E731
    for detector, shots in sorted(groups, key=order):
        methods, headline = groups[detector, shots], DETECTORS[detector].headline
        lines += ["", f"## {detector}, {_shots(shots)}", "", *_notes(store, plan, detector, shots)]
        against = reference if reference in methods else ZERO_SHOT_REFERENCE
        lines += _table(methods, headline, plan, against)
        products = sorted({product for by_product in methods.values() for product in by_product})
        if len(products) > 1:
            for product in products:
                alone = {m: {product: by[product]} for m, by in methods.items() if product in by}
                lines += ["", f"### {product}", "", *_table(alone, headline, plan, against)]
    return [*lines, *_skipped(store), *_format()]


def wrapped(line: str) -> list[str]:
    """Prose in lines of at most `WIDTH` columns; tables and headings as they are."""
    if not line or line[0] in "|#":
        return [line]
    indent = "  " if line.startswith("- ") else ""
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _conditions(store: ComparisonStore, plan: ComparisonPlan, reference: str) -> list[str]:
    defective = round(plan.defective_share * BATCH)
    made = round(plan.synthetic_share * defective)
    used = sorted({key.method for key in store.trainings}, key=list(METHODS).index)
    return [
        "_For those who ask whether synthetic windows make a detector better. `defectdiffu-train compare` wrote this"
        f" page from {len(store.trainings)} trainings in `comparison.json`._",
        "",
        f"- Every method sees {defective} defective and {BATCH - defective} normal windows per batch. With synthetic"
        f" windows, {made} of the {defective} are synthetic unless the method says otherwise; without real defective"
        " photographs, all are.",
        "- Every batch has fresh random crops. The online augmentation (affine, brightness, contrast, gamma, blur,"
        " noise) is the same for real and synthetic windows.",
        f"- A training ends after {plan.patience} validations without a lower loss, one every {plan.check_every} steps,"
        f" or after {plan.max_steps} steps. The weights with the lowest validation loss are measured, at the threshold"
        " with the highest validation mIoU (classifiers: balanced accuracy).",
        "- A seed sets the crops, the samples, the initial weights and the photographs that are drawn. Validation has"
        " a quarter of the drawn photographs, by source photograph. With one source, it has other crops of the same"
        " photographs. With zero shots, it has synthetic windows.",
        f"- Measured on the {plan.split} split: one window of each photograph, {plan.size} pixels wide.",
        f"- Differences are against *{reference}* (with zero shots, *{ZERO_SHOT_REFERENCE}*), paired by product, seed"
        f" and photograph. The intervals hold {plan.confidence:.0%} of {plan.bootstrap_resamples} bootstrap"
        " resamples of source photographs and seeds."
        " They are too narrow where there are fewer than five seeds, and one interval in twenty misses by chance.",
        f"- *{HEADINGS[AT_FPR]}* is at the threshold at which that share of the pixels of the normal test windows count"
        " as defect, the same for every method. It does not depend on the few photographs of the validation part.",
        "- *Better* and *worse* mean that the interval excludes 0: of the mIoU for segmenters, of the balanced accuracy"
        " of defective and normal windows for classifiers. One seed tells nothing apart.",
        "",
        *[f"- **{name}**: {METHODS[name].description}." for name in used],
    ]


def _shots(shots: str) -> str:
    if shots == ALL:
        return "all defective photographs"
    return f"{shots} defective photograph{'' if shots == '1' else 's'} per pair"


def _notes(store: ComparisonStore, plan: ComparisonPlan, detector: str, shots: str) -> list[str]:
    entries = [e for key, e in store.trainings.items() if (key.detector, key.shots) == (detector, shots)]
    stopped = [entry for entry in entries if not entry["converged"]]
    notes = []
    if stopped:
        notes.append(f"{len(stopped)} of {len(entries)} trainings reached the step limit before they converged.")
    for name, saw in sorted({(e["bundle"]["name"], e["bundle"]["saw"]) for e in entries if e["bundle"]}):
        drawn = f"{plan.samples} per pair and seed, {plan.sampler_steps} sampler steps"
        notes.append(f"Samples are of {name}: {drawn}. **Its training saw {saw}.**")
    return [*notes, ""] if notes else []


def _table(methods: dict[str, Groups], headline: str, plan: ComparisonPlan, reference: str) -> list[str]:
    figures = {name: mean_figures(list(groups.values())) for name, groups in methods.items()}
    told = [name for name in (headline, AT_FPR, "ap") if any(name in each for each in figures.values())]
    shown = (*told[:-1], *OTHERS)
    head = ["method", "products × seeds", *(HEADINGS[name] for name in shown)]
    head += [*(f"Δ {HEADINGS[name]}" for name in told), "verdict"]
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] * len(head)) + " |"]
    for name in sorted(methods, key=list(METHODS).index):
        groups = methods[name]
        seeds = sum(len(group.trainings) for group in groups.values())
        cells = [name, f"{len(groups)} × {seeds / len(groups):g}"]
        cells += [f"{100 * figures[name][figure]:.1f}" if figure in figures[name] else "" for figure in shown]
        cells += _against(groups, methods.get(reference), name == reference, told, plan)
        lines.append("| " + " | ".join(cells) + " |")
    if len({_measured(groups) for groups in methods.values()}) > 1:
        lines += ["", "The methods have different products or seeds: compare them by the differences alone."]
    return lines


def _measured(groups: Groups) -> frozenset[tuple[str, int]]:
    return frozenset((product, seed) for product, group in groups.items() for seed in group.trainings)


def _against(
    groups: Groups, reference: Groups | None, itself: bool, told: list[str], plan: ComparisonPlan
) -> list[str]:
    """Cells of the differences in the figures of `told`, then the verdict on the first."""
    if itself:
        return [*([""] * len(told)), "reference"]
    made = differences(groups, reference or {}, plan.bootstrap_resamples, plan.confidence, plan.seed)
    if not made:
        return [*([""] * len(told)), "no reference"]
    show: Callable[[Interval], str] = lambda i: f"{100 * i.mean:+.1f} ({100 * i.low:+.1f} … {100 * i.high:+.1f})"  # noqa: E731
    return [*(show(made[name]) if name in made else "" for name in told), made[told[0]].verdict]


def _skipped(store: ComparisonStore) -> list[str]:
    skipped: dict[str, Any] = store.document["skipped"]
    reasons: dict[str, set[str]] = {}
    for name, reason in skipped.items():
        product, _, shots, method, _ = name.split("/")
        reasons.setdefault(f"{method}: {reason}", set()).add(f"{product} ({_shots(shots)})")
    if not reasons:
        return []
    return [
        "",
        "## Not run",
        "",
        *[f"- {what}: {', '.join(sorted(where))}." for what, where in sorted(reasons.items())],
    ]


def _format() -> list[str]:
    return [
        "",
        "## The file",
        "",
        "Each training in `comparison.json` names its photographs and has one histogram per test photograph, in the"
        f" order of `products`. `histograms` is Base64 of zlib of little-endian uint32 [photographs, 2, {BINS}]: pixels"
        f" of the defect, then of the background, by logit in {BINS} bins of equal width from {-LIMIT:g} to {LIMIT:g}."
        f" `threshold` is the first bin that counts as defect; {HALF} is probability 0.5. All figures above follow"
        " from the sums of these histograms.",
    ]
