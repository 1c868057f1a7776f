"""The sections of an evaluation. Each fills what its section of the ledger still lacks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..data.layout import GOOD, Pair
from .context import Subject, name_of, stem_of
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
from .independent_segmenter import judged, train_judge
from .mask_figures import generated_masks, held_out_masks
from .nearest_photographs import CLOSEST, flagged_copies, save_row, write_sheet
from .photograph_figures import photograph_figures, seam_accuracy
from .quality import quality_figures
from .real_windows import join
from .reconstruction import WINDOWS, product_figures, reconstructed
from .results_store import Ledger
from .segmenter import UNet
from .strength import measure_strength

CLASSIFIER_WINDOWS = 200  # per (product, defect): what the feature network learns from
STRENGTH_STEPS = 10
ZERO_SHOT_PATIENCE = 3  # times the steps of a product's judge


def measure_quality(subject: Subject, ledger: Ledger) -> None:
    """Trained pairs, and the normal state of their products, where both halves have photographs."""
    network: FeatureNetwork | None = None
    groups = {**subject.trained, **{f"{product}/{GOOD}": (product, GOOD) for product in subject.products}}
    rows = {name: subject.out / "closest" / f"{stem_of(pair)}.png" for name, pair in groups.items()}
    for done, (name, (product, defect)) in enumerate(groups.items()):
        subject.report("quality", done, len(groups), {})
        if name in ledger.section("quality"):
            continue
        seen, held_out = (subject.windows(product, defect, half) for half in ("train", "test"))
        if seen is None or held_out is None:
            continue
        network = network or feature_network(subject)
        ledger.put("names", "quality", {name: getattr(network, name) for name in ("frechet", "kernel", "perceptual")})
        plan = subject.plan
        if defect == GOOD:
            drawn = draw_normal(subject.generator, product, plan.samples, plan.steps)
        else:
            drawn = subject.drawn((product, defect)).image
        figures, closest = quality_figures(network, drawn, held_out.image, seen.image)
        places = [record.place for record in subject.records[product, defect, "train"]]
        figures["flagged"] = flagged_copies(closest, [places[i] for i in seen.source])
        save_row(rows[name], drawn, seen.image, closest)
        ledger.put("quality", name, figures)
    write_sheet(subject.out / CLOSEST, rows)
    subject.report("quality", len(groups), len(groups), {})


def feature_network(subject: Subject) -> FeatureNetwork:
    plan = subject.plan
    if plan.inception:
        return published_network(Path(plan.inception), Path(plan.lpips))
    groups = sorted((product, defect) for product, defect, half in subject.records if half == "train")
    windows = [subject.windows(*group, "train", CLASSIFIER_WINDOWS) for group in groups]
    labels = np.repeat(np.arange(len(groups)), CLASSIFIER_WINDOWS)
    images = np.concatenate([each.image for each in windows])
    return own_network(
        train_classifier(images, labels, plan.classifier_steps, plan.seed, subject.bar("feature network"))
    )


def measure_masks(subject: Subject, ledger: Ledger) -> None:
    for done, (name, pair) in enumerate(subject.pairs.items()):
        if name not in ledger.section("masks on real defects"):
            held_out = subject.windows(*pair, "test")
            if held_out is not None:
                ledger.put("masks on real defects", name, held_out_masks(subject.generator, held_out, *pair))
        if name not in ledger.section("masks of samples"):
            ledger.put("masks of samples", name, generated_masks(subject.drawn(pair)))
        subject.report("masks", done + 1, len(subject.pairs), {})


def measure_autoencoder(subject: Subject, ledger: Ledger) -> None:
    """Every pair that the test half shows, and their products."""
    for product in ledger.missing("autoencoder", sorted({product for product, _ in subject.pairs.values()})):
        made = {}
        for name, pair in subject.pairs.items():
            held_out = subject.windows(*pair, "test", WINDOWS) if pair[0] == product else None
            if held_out is not None:
                made[name] = reconstructed(subject.generator.autoencoder, held_out)
                ledger.put("autoencoder in defects", name, {"error": float(made[name].error.mean())})
        if made:
            ledger.put("autoencoder", product, product_figures(list(made.values())))
        subject.report("autoencoder", len(ledger.section("autoencoder")), len(subject.products), {})


def judge_of(subject: Subject, product: str) -> UNet | None:
    """Trained on every pair of the product that is photographed, zero-shot ones too; None where one has no windows."""
    pairs = [pair for pair in subject.pairs.values() if pair[0] == product]
    return _judge(subject, product, pairs, subject.plan.segmenter_steps)


def judge_of_zero_shot(subject: Subject, pair: Pair) -> UNet | None:
    """Knows this one defect, and it well: beside a product's other defects a rare one may not be learnt at all."""
    return _judge(subject, pair[0], [pair], ZERO_SHOT_PATIENCE * subject.plan.segmenter_steps)


def _judge(subject: Subject, product: str, pairs: list[Pair], steps: int) -> UNet | None:
    normal = subject.windows(product, GOOD, "train")
    defective = [subject.windows(*pair, "train") for pair in pairs]
    if normal is None or None in defective:
        return None
    return train_judge(defective, normal, steps, subject.plan.seed, subject.bar(f"judge {product}"))


def judge_for(subject: Subject, pair: Pair) -> UNet | None:
    """Trained when first asked for: one for a product's trained pairs, one of its own for a zero-shot pair."""
    trained = pair in subject.trained.values()
    key = pair[0] if trained else name_of(pair)
    if key not in subject.judges:
        subject.judges[key] = judge_of(subject, pair[0]) if trained else judge_of_zero_shot(subject, pair)
    return subject.judges[key]


def measure_photographs(subject: Subject, ledger: Ledger) -> None:
    """Trained pairs of products with normal photographs in the training half."""
    plan, sets = subject.plan, []
    for product in subject.products:
        if subject.windows(product, GOOD, "train", 1) is None:
            continue
        pairs = {name: pair for name, pair in subject.trained.items() if pair[0] == product}
        made = {name: subject.on_photographs(pair, subject.each(product)) for name, pair in pairs.items()}
        sets += made.values()
        for name in ledger.missing("photographs", list(made)):
            ledger.put("photographs", name, photograph_figures(judge_for(subject, pairs[name]), made[name]))
    if sets and "seam" not in ledger.section("names"):
        accuracy = seam_accuracy(sets, plan.classifier_steps, plan.seed, subject.bar("seam classifier"))
        ledger.put("names", "seam", {"accuracy": accuracy})


def measure_twins(subject: Subject, ledger: Ledger) -> None:
    """Samples on their own normal twins, of every pair; judged as those from noise are."""
    for name in ledger.missing("twins", list(subject.pairs)):
        pair = subject.pairs[name]
        made = subject.on_twins(pair, subject.plan.samples)
        ledger.put("twins", name, photograph_figures(judge_for(subject, pair), made))


def measure_judgement(subject: Subject, ledger: Ledger) -> None:
    for name in ledger.missing("judgement", list(subject.pairs)):
        pair = subject.pairs[name]
        judge = judge_for(subject, pair)
        if judge is not None:
            ledger.put("judgement", name, judged(judge, subject.drawn(pair), subject.windows(*pair, "test")))


def measure_strengths(subject: Subject, ledger: Ledger) -> None:
    for name in ledger.missing("strength", list(subject.pairs)):
        pair, seeds = subject.pairs[name], subject.plan.strength_seeds
        figures = measure_strength(subject.generator, [pair], seeds, STRENGTH_STEPS, lambda done, total: None)
        ledger.put("strength", name, figures[name])
        subject.report("strength", len(ledger.section("strength")), len(subject.pairs), {})


def measure_downstream(subject: Subject, ledger: Ledger) -> None:
    _measure_detectors(subject, ledger, "downstream", segmentation, subject.plan.segmenter_steps)


def measure_classification(subject: Subject, ledger: Ledger) -> None:
    _measure_detectors(subject, ledger, "classification", classification, subject.plan.classifier_steps)


def _measure_detectors(subject: Subject, ledger: Ledger, section: str, measure, steps: int) -> None:
    """Under the key "product/method/seed"."""
    plan = subject.plan
    for product in subject.products:
        keys = [f"{product}/{method}/{seed}" for seed in range(plan.seeds) for method in subject.methods]
        missing = {key.split("/")[1] for key in ledger.missing(section, keys)}
        if not missing:
            continue
        if WITH_AUGMENTATION in missing:
            missing.add(OURS)  # half of it
        data = subject.product_data(product)
        if data is None:
            continue
        pairs = [pair for pair in subject.trained.values() if pair[0] == product]
        each = subject.each(product)
        ways = {
            OURS: lambda pair, n=each: subject.drawn(pair, n, twins=False),
            SURER: lambda pair, n=each: subject.surer(pair, n),
            ON_TWINS: lambda pair, n=each: subject.on_twins(pair, n),
            ON_PHOTOGRAPHS: lambda pair, n=each: subject.on_photographs(pair, n),
        }
        drawn = {name: join([way(pair).windows() for pair in pairs]) for name, way in ways.items() if name in missing}
        for seed in range(plan.seeds):
            sets = training_sets(data, drawn, plan.ratio, plan.seed + seed)
            for key in ledger.missing(section, [key for key in keys if key.endswith(f"/{seed}")]):
                method = key.split("/")[1]
                if method not in sets:  # none of its samples showed its defect
                    continue
                ledger.put(section, key, measure(data, sets[method], steps, plan.seed + seed))
                subject.report(f"{section} {product}", sum(k in ledger.section(section) for k in keys), len(keys), {})


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
