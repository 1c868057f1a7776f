"""What fewer steps cost: DPM-Solver++ against the thousand steps of DDPM, from the same model and initial noise.

    training/.venv/bin/python training/scripts/measure_steps.py --bundle models/surfaces-small/0.5.0 --data <folder>
        --windows training/presets/surfaces.toml --out <folder>

Draws with the bundle's graphs in onnxruntime. Writes <out>/steps.json and <out>/steps.png: the Fréchet distance to
photographs of the test split and to DDPM's own samples, and how well masks agree with the change against the normal
twin. What has been drawn is kept in <out>, so that a repeated run continues where it stopped.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.data.layout import read_data_set
from defectdiffu.data.windows import read_rules
from defectdiffu.evaluation.context import EvaluationContext
from defectdiffu.evaluation.distances import frechet_distance
from defectdiffu.evaluation.generated_samples import BATCH, FIRST_SEED, GeneratedSamples
from defectdiffu.evaluation.mask_figures import generated_masks
from defectdiffu.evaluation.plan import EvaluationPlan
from defectdiffu.evaluation.sections import feature_network
from defectdiffu.quantisation.graph_generator import GraphGenerator, open_graph
from defectdiffu.sampling.guidance import SampleRequest

PAIRS = (
    ("steel strip", "patch"),
    ("fabric", "stain"),
    ("pcb", "short"),
    ("ball screw", "pitting"),
    ("magnetic tile", "broken"),
)
WAYS = {
    **{f"{steps}": ("DPM_SOLVER_PP", steps) for steps in (4, 6, 8, 12, 16, 20, 30, 50)},
    "DDPM 1000": ("DDPM", 1000),
}
STRENGTH = 1.5


def draw(
    generator: GraphGenerator, pair: tuple[str, str], way: tuple[str, int], count: int, path: Path
) -> GeneratedSamples:
    """Samples and their normal twins, from the same noise whatever the way."""
    if path.exists():
        with np.load(path) as kept:
            return GeneratedSamples(**kept)
    images, masks, twins, confidence = [], [], [], []
    for start in range(0, count, BATCH):
        for strength, into in ((STRENGTH, images), (0.0, twins)):
            requests = [
                SampleRequest(*pair, FIRST_SEED + i, strength, steps=way[1], sampler=way[0])
                for i in range(start, min(start + BATCH, count))
            ]
            samples = generator.draw(requests)
            into += [sample.image for sample in samples]
            if strength:
                masks += [sample.mask for sample in samples]
                confidence += [sample.confidence for sample in samples]
    drawn = GeneratedSamples(
        np.stack(images), np.stack(masks), np.stack(twins), np.full(count, STRENGTH), np.array(confidence)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path.with_suffix(".partial.npz"), **drawn._asdict())
    path.with_suffix(".partial.npz").replace(path)
    return drawn


def plot(figures: dict[str, dict[str, float]], path: Path) -> None:
    steps = [name for name in figures if name.isdigit()]
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, keys, title in (
        (left, ("frechet", "frechetToDdpm"), "Fréchet distance"),
        (right, ("agreement",), "IoU of mask and change"),
    ):
        for key in keys:
            label = "to DDPM's samples" if key == "frechetToDdpm" else "DPM-Solver++"
            axes.plot([int(s) for s in steps], [figures[s][key] for s in steps], marker="o", label=label)
        axes.axhline(figures["DDPM 1000"][keys[0]], color="grey", linestyle="--", label="DDPM, 1000 steps")
        axes.set_xscale("log", base=2)
        axes.set_xticks([int(s) for s in steps], steps)
        axes.set_xlabel("steps")
        axes.set_title(title)
        axes.legend(fontsize=8)
    figure.savefig(path, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--windows", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--pairs", type=int, default=len(PAIRS), help="How many of them: a thousand steps take long.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", default="fp32", help="fp32, int8 or fp16: a variant that the bundle has")
    options = parser.parse_args()
    pairs = PAIRS[: options.pairs]
    model = load_bundle(options.bundle)
    names = ("modulation", "denoiser", "image_decoder")
    suffixes = ("", *[""] * 2) if options.precision == "fp32" else ("", *[f".{options.precision}"] * 2)
    paths = [options.bundle / f"{name}{suffix}.onnx" for name, suffix in zip(names, suffixes, strict=True)]
    generator = GraphGenerator(model, *(open_graph(path, options.threads) for path in paths))
    plan = EvaluationPlan(windows=128, classifier_steps=400)
    context = EvaluationContext(
        model, read_data_set(options.data), read_rules(options.windows), plan, options.out, lambda *_: None
    )
    sets = {
        (name, pair): draw(generator, pair, way, options.count, options.out / name.replace(" ", "-") / f"{pair[0]}.npz")
        for name, way in WAYS.items()
        for pair in pairs
    }
    network = feature_network(context)
    pooled = {key: network.features(drawn.image).pooled for key, drawn in sets.items()}
    real = {pair: network.features(context.windows(*pair, "test").image).pooled for pair in pairs}
    figures = {
        name: {
            "frechet": np.mean([frechet_distance(pooled[name, pair], real[pair]) for pair in pairs]),
            "frechetToDdpm": np.mean(
                [frechet_distance(pooled[name, pair], pooled["DDPM 1000", pair]) for pair in pairs]
            ),
            "agreement": np.mean([generated_masks(sets[name, pair])["agreement"] for pair in pairs]),
        }
        for name in WAYS
    }
    document = {"pairs": pairs, "count": options.count, "strength": STRENGTH, "precision": options.precision}
    text = json.dumps(document | {"figures": figures}, indent=2, default=float)
    (options.out / "steps.json").write_text(text + "\n")
    plot(figures, options.out / "steps.png")
    print(text)


if __name__ == "__main__":
    main()
