"""The cost of quantisation: the same samples drawn in both precisions, and compared with photographs."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..checkpoints.trained_model import TrainedModel
from ..data.layout import read_data_set
from ..data.record import Record
from ..data.windows import Rules
from ..evaluation.context import EvaluationContext
from ..evaluation.mask_figures import predicted_masks
from ..evaluation.plan import EvaluationPlan
from ..evaluation.quality import quality_figures
from ..evaluation.reconstruction import as_bytes, psnr
from ..evaluation.sections import feature_network
from ..evaluation.segmentation_figures import mask_iou
from ..progress import Progress
from ..sampling.guidance import SampleRequest
from .graph_generator import Feeds, GraphGenerator
from .plan import QuantisationPlan

FIRST_SEED = 70_000
STRENGTHS = (1.0, 1.5, 2.0, 3.0)
BATCH = 4


def drawn_quality(
    model: TrainedModel, base: GraphGenerator, cheap: GraphGenerator, plan: QuantisationPlan, progress: Progress
) -> dict[str, Any]:
    """`psnr` in dB of the 8-bit images, `maskIou` of the masks, over all trained pairs and `STRENGTHS`."""
    ratios, ious = [], []
    pairs = model.vocabulary.trained_pairs
    for done, (product, defect) in enumerate(pairs):
        for start in range(0, plan.samples, BATCH):
            requests = [
                SampleRequest(product, defect, FIRST_SEED + i, STRENGTHS[i % len(STRENGTHS)], steps=plan.steps)
                for i in range(start, min(start + BATCH, plan.samples))
            ]
            for a, b in zip(base.draw(requests), cheap.draw(requests), strict=True):
                ratios.append(psnr(a.image, b.image))
                ious.append(mask_iou(a.mask, b.mask))
        progress("samples", done + 1, len(pairs), {"psnr": float(np.mean(ratios))})
    return {
        "samples": len(ratios),
        "steps": plan.steps,
        "psnr": {"mean": round(float(np.mean(ratios)), 1), "least": round(min(ratios), 1)},
        "maskIou": {"mean": round(float(np.mean(ious)), 3), "median": round(float(np.median(ious)), 3)},
    }


def decoded_quality(base: GraphGenerator, cheap: GraphGenerator, latents: Sequence[Feeds]) -> dict[str, Any]:
    """`psnr` of the decoder alone."""
    ratios = []
    for feeds in latents:
        latent = torch.from_numpy(feeds["latent"])
        ratios.append(psnr(*(as_bytes(each.autoencoder.decode(latent)) for each in (base, cheap))))
    return {"psnr": {"mean": round(float(np.mean(ratios)), 1), "least": round(min(ratios), 1)}}


def measurable_records(model: TrainedModel, data: Path) -> list[Record]:
    """The photographs of the data set, every file checked. Raises DataError for bad ones, and ValueError unless a
    trained pair has some in both splits: there would be nothing to compare."""
    records = read_data_set(data)
    train, test = ({(r.product, r.defect) for r in records if r.split == split} for split in ("train", "test"))
    if not train & test & set(model.vocabulary.trained_pairs):
        raise ValueError(
            f"{data}: no pair of the bundle has photographs in both splits, train and test; manifest.csv names the "
            f"images of the test split, and the bundle's pairs are {model.vocabulary.trained_pairs}"
        )
    return records


def real_quality(
    model: TrainedModel,
    base: GraphGenerator,
    cheap: GraphGenerator,
    precision: str,
    progress: Progress,
    records: list[Record],
    rules: Rules,
    plan: EvaluationPlan,
) -> dict[str, Any]:
    """In both precisions: mean IoU of predicted and real masks of held-out defects, and the distance of samples to
    photographs of the test split, as a mean over the pairs. `records`: those of `measurable_records`."""
    figures: dict[str, dict[str, float]] = {"realMaskIou": {}, "frechet": {}}
    with tempfile.TemporaryDirectory() as folder:
        network = None
        for name, generator in (("fp32", base), (precision, cheap)):
            context = EvaluationContext(model, records, rules, plan, Path(folder) / name, progress, generator)
            network = network or feature_network(context)
            ious, distances = [], []
            for done, pair in enumerate(context.trained.values()):
                progress(f"photographs, {name}", done, len(context.trained), {})
                seen, held_out = (context.windows(*pair, split) for split in ("train", "test"))
                if seen is None or held_out is None:
                    continue
                found = predicted_masks(generator, held_out, *pair, knowing_product=False)
                ious += [mask_iou(a, b) for a, b in zip(found, held_out.mask, strict=True)]
                drawn = context.drawn(pair, twins=False).image
                distances.append(quality_figures(network, drawn, held_out.image, seen.image)[0]["frechet"])
            figures["realMaskIou"][name] = round(float(np.mean(ious)), 3)
            figures["frechet"][name] = round(float(np.mean(distances)), 2)
    return figures
