"""The sections of an evaluation. Each measures what its section of the results store lacks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..data.layout import GOOD, Pair
from ..sampling.guidance import TURBO
from .context import EvaluationContext, name_of, stem_of
from .downstream import (
    ON_PHOTOGRAPHS,
    ON_TWINS,
    OURS,
    SURER,
    WITH_AUGMENTATION,
    classification,
    segmentation,
    training_sets,
)
from .features import FeatureNetwork, own_network, published_network, train_classifier
from .generated_samples import draw_normal
from .independent_segmenter import segmenter_figures, train_independent_segmenter
from .mask_figures import generated_masks, held_out_masks
from .nearest_photographs import CLOSEST, flagged_copies, save_grid_row, write_grid
from .on_photographs import SamplesOnPhotographs
from .photograph_figures import photograph_figures, seam_accuracy
from .quality import quality_figures
from .real_windows import join
from .reconstruction import WINDOWS, product_figures, reconstructed
from .results_store import ResultsStore
from .segmenter import UNet
from .strength import measure_strength

CLASSIFIER_WINDOWS = 200  # per (product, defect): what the feature network learns from
STRENGTH_STEPS = 10
ZERO_SHOT_PATIENCE = 3  # times the steps of a product's segmenter


def measure_quality(context: EvaluationContext, results: ResultsStore) -> None:
    """Trained pairs, and the normal state of their products, where both splits have photographs."""
    network: FeatureNetwork | None = None
    groups = {**context.trained, **{f"{product}/{GOOD}": (product, GOOD) for product in context.products}}
    rows = {name: context.out / "closest" / f"{stem_of(pair)}.png" for name, pair in groups.items()}
    for done, (name, (product, defect)) in enumerate(groups.items()):
        context.report("quality", done, len(groups), {})
        if name in results.section("quality"):
            continue
        seen, held_out = (context.windows(product, defect, split) for split in ("train", "test"))
        if seen is None or held_out is None:
            continue
        network = network or feature_network(context)
        results.put("names", "quality", {name: getattr(network, name) for name in ("frechet", "kernel", "perceptual")})
        plan = context.plan
        if defect == GOOD:
            drawn = draw_normal(context.generator, product, plan.samples, plan.steps, plan.sampler)
        else:
            drawn = context.drawn((product, defect)).image
        figures, closest = quality_figures(network, drawn, held_out.image, seen.image)
        places = [record.place for record in context.records[product, defect, "train"]]
        figures["flagged"] = flagged_copies(closest, [places[i] for i in seen.source])
        save_grid_row(rows[name], drawn, seen.image, closest)
        results.put("quality", name, figures)
    write_grid(context.out / CLOSEST, rows)
    context.report("quality", len(groups), len(groups), {})


def feature_network(context: EvaluationContext) -> FeatureNetwork:
    plan = context.plan
    if plan.inception:
        return published_network(Path(plan.inception), Path(plan.lpips))
    groups = sorted((product, defect) for product, defect, split in context.records if split == "train")
    windows = [context.windows(*group, "train", CLASSIFIER_WINDOWS) for group in groups]
    labels = np.repeat(np.arange(len(groups)), CLASSIFIER_WINDOWS)
    images = np.concatenate([each.image for each in windows if each is not None])
    return own_network(
        train_classifier(images, labels, plan.classifier_steps, plan.seed, context.bar("feature network"))
    )


def measure_masks(context: EvaluationContext, results: ResultsStore) -> None:
    for done, (name, pair) in enumerate(context.pairs.items()):
        if name not in results.section("masks on real defects"):
            held_out = context.windows(*pair, "test")
            if held_out is not None:
                results.put("masks on real defects", name, held_out_masks(context.generator, held_out, *pair))
        if name not in results.section("masks of samples"):
            results.put("masks of samples", name, generated_masks(context.drawn(pair)))
        context.report("masks", done + 1, len(context.pairs), {})


def measure_autoencoder(context: EvaluationContext, results: ResultsStore) -> None:
    """Every pair that the test split shows, and their products."""
    for product in results.missing("autoencoder", sorted({product for product, _ in context.pairs.values()})):
        made = {}
        for name, pair in context.pairs.items():
            held_out = context.windows(*pair, "test", WINDOWS) if pair[0] == product else None
            if held_out is not None:
                made[name] = reconstructed(context.generator.autoencoder, held_out)
                results.put("autoencoder in defects", name, {"error": float(made[name].error.mean())})
        if made:
            results.put("autoencoder", product, product_figures(list(made.values())))
        context.report("autoencoder", len(results.section("autoencoder")), len(context.products), {})


def segmenter_of(context: EvaluationContext, product: str) -> UNet | None:
    """Trained on every pair of the product that is photographed, zero-shot ones too; None where one has no windows."""
    pairs = [pair for pair in context.pairs.values() if pair[0] == product]
    return _train_segmenter(context, product, pairs, context.plan.segmenter_steps)


def segmenter_of_zero_shot(context: EvaluationContext, pair: Pair) -> UNet | None:
    """Trains on this defect alone: a rare defect may not be learned beside a product's other defects."""
    return _train_segmenter(context, pair[0], [pair], ZERO_SHOT_PATIENCE * context.plan.segmenter_steps)


def _train_segmenter(context: EvaluationContext, product: str, pairs: list[Pair], steps: int) -> UNet | None:
    normal = context.windows(product, GOOD, "train")
    found = [context.windows(*pair, "train") for pair in pairs]
    defective = [windows for windows in found if windows is not None]
    if normal is None or len(defective) < len(found):
        return None
    return train_independent_segmenter(defective, normal, steps, context.plan.seed, context.bar(f"segmenter {product}"))


def segmenter_for(context: EvaluationContext, pair: Pair) -> UNet | None:
    """Trained when first asked for: one for a product's trained pairs, one of its own for a zero-shot pair."""
    trained = pair in context.trained.values()
    key = pair[0] if trained else name_of(pair)
    if key not in context.segmenters:
        context.segmenters[key] = segmenter_of(context, pair[0]) if trained else segmenter_of_zero_shot(context, pair)
    return context.segmenters[key]


def measure_photographs(context: EvaluationContext, results: ResultsStore) -> None:
    """Trained pairs of products with normal photographs in the train split."""
    plan = context.plan
    sets: list[SamplesOnPhotographs] = []
    for product in context.products:
        if context.windows(product, GOOD, "train", 1) is None:
            continue
        pairs = {name: pair for name, pair in context.trained.items() if pair[0] == product}
        made = {name: context.on_photographs(pair, context.each(product)) for name, pair in pairs.items()}
        sets += made.values()
        for name in results.missing("photographs", list(made)):
            results.put("photographs", name, photograph_figures(segmenter_for(context, pairs[name]), made[name]))
    if sets and "seam" not in results.section("names"):
        accuracy = seam_accuracy(sets, plan.classifier_steps, plan.seed, context.bar("seam classifier"))
        results.put("names", "seam", {"accuracy": accuracy})


def measure_twins(context: EvaluationContext, results: ResultsStore) -> None:
    """Samples on their own normal twins, of every pair; judged as those from noise are."""
    for name in results.missing("twins", list(context.pairs)):
        pair = context.pairs[name]
        made = context.on_twins(pair, context.plan.samples)
        results.put("twins", name, photograph_figures(segmenter_for(context, pair), made))


def measure_judgement(context: EvaluationContext, results: ResultsStore) -> None:
    for name in results.missing("judgement", list(context.pairs)):
        pair = context.pairs[name]
        segmenter = segmenter_for(context, pair)
        if segmenter is not None:
            results.put(
                "judgement", name, segmenter_figures(segmenter, context.drawn(pair), context.windows(*pair, "test"))
            )


def measure_strengths(context: EvaluationContext, results: ResultsStore) -> None:
    for name in results.missing("strength", list(context.pairs)):
        pair, plan, seeds = context.pairs[name], context.plan, context.plan.strength_seeds
        steps = plan.steps if plan.sampler == TURBO else STRENGTH_STEPS
        figures = measure_strength(
            context.generator, [pair], seeds, steps, lambda done, total: None, sampler=plan.sampler
        )
        results.put("strength", name, figures[name])
        context.report("strength", len(results.section("strength")), len(context.pairs), {})


def measure_downstream(context: EvaluationContext, results: ResultsStore) -> None:
    _measure_detectors(context, results, "downstream", segmentation, context.plan.segmenter_steps)


def measure_classification(context: EvaluationContext, results: ResultsStore) -> None:
    _measure_detectors(context, results, "classification", classification, context.plan.classifier_steps)


def _measure_detectors(context: EvaluationContext, results: ResultsStore, section: str, measure, steps: int) -> None:
    """Under the key "product/method/seed"."""
    plan = context.plan
    for product in context.products:
        keys = [f"{product}/{method}/{seed}" for seed in range(plan.seeds) for method in context.methods]
        missing = {key.split("/")[1] for key in results.missing(section, keys)}
        if not missing:
            continue
        if WITH_AUGMENTATION in missing:
            missing.add(OURS)  # half of it
        data = context.product_data(product)
        if data is None:
            continue
        pairs = [pair for pair in context.trained.values() if pair[0] == product]
        each = context.each(product)
        ways: dict[str, Callable[[Pair], Any]] = {
            OURS: partial(context.drawn, count=each, twins=False),
            SURER: partial(context.more_confident, count=each),
            ON_TWINS: partial(context.on_twins, count=each),
            ON_PHOTOGRAPHS: partial(context.on_photographs, count=each),
        }
        drawn = {name: join([way(pair).windows() for pair in pairs]) for name, way in ways.items() if name in missing}
        for seed in range(plan.seeds):
            sets = training_sets(data, drawn, plan.ratio, plan.seed + seed)
            for key in results.missing(section, [key for key in keys if key.endswith(f"/{seed}")]):
                method = key.split("/")[1]
                if method not in sets:  # none of its samples showed its defect
                    continue
                results.put(section, key, measure(data, sets[method], steps, plan.seed + seed))
                context.report(f"{section} {product}", sum(k in results.section(section) for k in keys), len(keys), {})


DETECTOR_SECTIONS = ("downstream", "classification")
MEASURES = {
    "quality": measure_quality,
    "masks": measure_masks,
    "autoencoder": measure_autoencoder,
    "judgement": measure_judgement,
    "twins": measure_twins,
    "photographs": measure_photographs,
    "strength": measure_strengths,
    "downstream": measure_downstream,
    "classification": measure_classification,
}
