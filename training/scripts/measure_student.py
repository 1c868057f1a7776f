"""What a student's few steps cost: TURBO against its teacher in 20 steps, and against the teacher in as few.

    training/.venv/bin/python training/scripts/measure_student.py --bundle models/surfaces-small/0.5.0 --data <folder>
        --windows training/presets/surfaces.toml --out <folder> [--precision int8] [--samples 32] [--products a,b]

Draws with the bundle's graphs in onnxruntime, from the same noise whatever the way. One feature network and one
segmenter per product judge all ways. Writes <out>/student.json and prints a table; a repeated call goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.data.layout import GOOD, Pair, read_data_set
from defectdiffu.data.windows import read_rules
from defectdiffu.evaluation.context import EvaluationContext, name_of
from defectdiffu.evaluation.distances import frechet_distance
from defectdiffu.evaluation.features import FeatureNetwork
from defectdiffu.evaluation.independent_segmenter import segmenter_figures
from defectdiffu.evaluation.plan import EvaluationPlan
from defectdiffu.evaluation.reconstruction import psnr
from defectdiffu.evaluation.results_store import ResultsStore
from defectdiffu.evaluation.sections import feature_network, segmenter_for
from defectdiffu.evaluation.segmentation_figures import mask_iou
from defectdiffu.evaluation.strength import measure_strength
from defectdiffu.quantisation.graph_generator import bundle_generator
from defectdiffu.sampling.guidance import DPM_SOLVER_PP, TURBO

TEACHER = "teacher, 20 steps"
WAYS = {
    TEACHER: (DPM_SOLVER_PP, 20),
    "teacher, 8 steps": (DPM_SOLVER_PP, 8),
    "teacher, 4 steps": (DPM_SOLVER_PP, 4),
    "student, 8 steps": (TURBO, 8),
    "student, 4 steps": (TURBO, 4),
    "student, 2 steps": (TURBO, 2),
}


class Judges:
    """The networks that judge all ways, trained when they are first asked for."""

    def __init__(self, context: EvaluationContext):
        self.context = context
        self._network: FeatureNetwork | None = None

    @property
    def network(self) -> FeatureNetwork:
        self._network = self._network or feature_network(self.context)
        return self._network


def measure(judges: Judges, taught: EvaluationContext, way: EvaluationContext, pair: Pair) -> dict[str, Any]:
    drawn, reference = way.drawn(pair), taught.drawn(pair)
    held_out, segmenter = taught.windows(*pair, "test"), segmenter_for(taught, pair)
    assert held_out is not None and segmenter is not None
    pooled = [judges.network.features(images).pooled for images in (drawn.image, held_out.image)]
    judged = segmenter_figures(segmenter, drawn, held_out)
    plan = way.plan
    dial = measure_strength(
        way.generator, [pair], plan.strength_seeds, plan.steps, lambda done, total: None, sampler=plan.sampler
    )[name_of(pair)]
    both = list(zip(reference.image, drawn.image, strict=True))
    return {
        "frechet": frechet_distance(*pooled),
        "found": judged["found"],
        "foundInTwins": judged["foundInTwins"],
        "empty": float((~drawn.mask.any((1, 2))).mean()),
        "psnr": float(np.mean([psnr(a, b) for a, b in both if not np.array_equal(a, b)] or [np.inf])),
        "maskIou": float(np.mean([mask_iou(a, b) for a, b in zip(reference.mask, drawn.mask, strict=True)])),
        "monotone": dial["changeMonotone"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("bundle", "data", "windows", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--segmenter-steps", type=int, default=300)
    parser.add_argument("--strength-seeds", type=int, default=8)
    parser.add_argument("--products", default="")
    parser.add_argument("--threads", type=int, default=0)
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    model = load_bundle(given.bundle)
    generator = bundle_generator(given.bundle, model, given.precision, given.threads)
    products = [name.strip() for name in given.products.split(",") if name.strip()]
    records = read_data_set(given.data, products or None)
    rules = read_rules(given.windows, given.data)
    report = lambda name, done, total, figures: print(f"{name} {done}/{total}", flush=True)  # noqa: E731

    def context_of(way: str) -> EvaluationContext:
        sampler, steps = WAYS[way]
        plan = EvaluationPlan(
            samples=given.samples, sampler=cast(Any, sampler), steps=steps, segmenter_steps=given.segmenter_steps,
            strength_seeds=given.strength_seeds,
        )  # fmt: skip
        return EvaluationContext(model, records, rules, plan, given.out / way.replace(", ", "-"), report, generator)

    contexts = {way: context_of(way) for way in WAYS}
    taught = contexts[TEACHER]
    settings = {"model": f"{model.config.name}@{model.config.version}", "step": model.step}
    asked = {"graphs": given.precision, "samples": given.samples, "segmenter_steps": given.segmenter_steps}
    store = ResultsStore(given.out / "student.json", settings | asked | {"strength_seeds": given.strength_seeds})
    judges = Judges(taught)
    pairs = {
        name: pair
        for name, pair in taught.trained.items()
        if taught.windows(*pair, "test", 2) is not None and (pair[0], GOOD, "train") in taught.records
    }
    for name, pair in pairs.items():
        for way in store.missing(name, list(WAYS)):
            store.put(name, way, measure(judges, taught, contexts[way], pair))
    print(table(store, list(pairs)))


def table(store: ResultsStore, pairs: list[str]) -> str:
    """Means over the pairs, which weigh the same."""
    lines = ["| way | Fréchet distance | found | in twins | empty | PSNR | mask IoU | monotone |", "| --- " * 8 + "|"]
    for way in WAYS:
        rows = [store.section(pair)[way] for pair in pairs]
        mean = lambda key, rows=rows: float(np.mean([row[key] for row in rows]))  # noqa: E731
        same = ("", "") if way == TEACHER else (f"{mean('psnr'):.1f}", f"{mean('maskIou'):.3f}")
        lines.append(
            f"| {way} | {mean('frechet'):.2f} | {mean('found'):.3f} | {mean('foundInTwins'):.3f} "
            f"| {mean('empty'):.3f} | {same[0]} | {same[1]} | {sum(row['monotone'] for row in rows)} of {len(rows)} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
