r"""Trains a detector from an archive that the service exported, as `compare` trains, and says its gain.

    training/.venv/bin/python training/scripts/measure_exported_mix.py --archive unpacked --product "ball screw" \
        --data <folder> --comparison docs/evaluation/comparison.json

The archive is in the MVTec AD layout, with `photographs: { own: true, ofOtherProducts: true }`, and its part numbers
and defect codes are prompt names: docs/exports.md has the calls. It must be made from the photographs that `compare`
sees with one shot and the same seed. They and the test windows are those of the comparison, so that the differences
from its methods are paired.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from defectdiffu.comparison.batches import Draw
from defectdiffu.comparison.compare import read_products
from defectdiffu.comparison.crops import Crops
from defectdiffu.comparison.histograms import unpacked
from defectdiffu.comparison.measurement import TrainingData, measure
from defectdiffu.comparison.methods import METHODS, Method
from defectdiffu.comparison.plan import ComparisonPlan
from defectdiffu.comparison.sources import SOURCES, Source, SourceContext
from defectdiffu.comparison.statistics import Group, Measured, differences
from defectdiffu.comparison.store import Key
from defectdiffu.comparison.transplanted import by_pair
from defectdiffu.data.record import Record
from defectdiffu.data.windows import Rules, WindowRule
from defectdiffu.evaluation.real_windows import Windows

EXPORTED = "exported mix + augmentation"
DETECTOR, SHOTS = "pretrained UNet", "1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--product", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--comparison", type=Path, required=True)
    parser.add_argument("--reference", default="copy-paste + augmentation")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    document = json.loads(options.comparison.read_text(encoding="utf-8"))
    plan, rules = read_conditions(document["conditions"])
    product = read_products(options.data, rules, plan, (options.product,))[options.product]
    for kind, draw in draws_of(options.archive, options.product, rules, plan.size).items():
        SOURCES[kind] = Source(constant(draw), needs_defective=True)
    METHODS[EXPORTED] = Method(
        EXPORTED, "a third of each", ("own defect", "defect of another", "photograph of another")
    )
    key = Key(options.product, DETECTOR, SHOTS, EXPORTED, options.seed)
    report = lambda done, total: print(f"{done}/{total}", flush=True) if done % plan.check_every == 0 else None  # noqa: E731
    ours = measure(key, TrainingData(product, SHOTS, options.seed), product.test_windows(), None, report)
    theirs = document["trainings"][str(key._replace(method=options.reference))]
    if ours["photographs"] != theirs["photographs"]:
        raise SystemExit(f"{options.comparison} saw {theirs['photographs']}, this training {ours['photographs']}")
    sources = [photograph["source"] for photograph in document["products"][options.product]]
    group = lambda entry: {options.product: Group(sources, {0: measured(entry)})}  # noqa: E731
    print(json.dumps(ours["figures"]))
    for name, gain in differences(group(ours), group(theirs), 2000, 0.95, 0).items():
        print(f"{name}: {gain.mean:+.3f} ({gain.low:+.3f} … {gain.high:+.3f}) over {options.reference}")


def read_conditions(conditions: dict[str, Any]) -> tuple[ComparisonPlan, Rules]:
    windows = conditions["windows"]
    own = {product: WindowRule(**rule) for product, rule in windows["products"].items()}
    settings = {name: value for name, value in conditions.items() if name not in ("windows", "donors")}
    return ComparisonPlan(**settings), (WindowRule(**windows["default"]), own)


def draws_of(archive: Path, product: str, rules: Rules, size: int) -> dict[str, Draw]:
    """By the kinds of docs/exports.md. Of photographs of others, each pair comes as often."""
    manifest = json.loads((archive / "manifest.json").read_text(encoding="utf-8"))
    records: dict[str, list[Record]] = {}
    for entry in manifest["samples"] + manifest["photographs"]:
        files = (archive / entry["files"]["image"], archive / entry["files"]["mask"])
        record = Record(entry["partNumber"], entry["defectCode"], *files, split="train")
        records.setdefault(kind(entry, product), []).append(record)
    crops = {name: Crops(of_kind, rules, size) for name, of_kind in records.items()}
    others = crops["photograph of another"]
    pairs = by_pair(others.pairs)

    def draw_others(rng: np.random.Generator, count: int) -> Windows:
        chosen = [rng.choice(pairs[i]) for i in rng.integers(len(pairs), size=count)]
        return others.cut(np.array(chosen, int), rng)

    return {name: of_kind.draw for name, of_kind in crops.items()} | {"photograph of another": draw_others}


def kind(entry: dict[str, Any], product: str) -> str:
    if entry["origin"] == "REAL":
        return "own photograph" if entry["partNumber"] == product else "photograph of another"
    return "own defect" if entry["donorPartNumber"] == product else "defect of another"


def constant(draw: Draw) -> Callable[[SourceContext], Draw]:
    return lambda _: draw


def measured(entry: dict[str, Any]) -> Measured:
    return Measured(unpacked(entry["histograms"]), entry["threshold"])


if __name__ == "__main__":
    main()
