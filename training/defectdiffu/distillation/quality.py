"""What the student's few steps cost: the same samples drawn by the teacher and by the student, from the same noise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..checkpoints.trained_model import TrainedModel
from ..evaluation.reconstruction import psnr
from ..evaluation.segmentation_figures import mask_iou
from ..model.turbo_steps import STUDENT_STEPS
from ..progress import Progress
from ..sampling.generator import Generator
from ..sampling.guidance import TURBO, SampleRequest

FIRST_SEED = 80_000
STRENGTHS = (1.0, 1.5, 2.0, 3.0)
TEACHER_SAMPLER_STEPS = 20


def turbo_quality(
    model: TrainedModel, generator: Generator, samples: int, progress: Progress
) -> dict[str, dict[str, Any]]:
    """By the student's steps: `psnr` in dB of the 8-bit images and `maskIou` of the masks, over all trained pairs and
    `STRENGTHS`, and the share of samples with a mask."""
    figures: dict[int, list[tuple[float, float, bool]]] = {steps: [] for steps in STUDENT_STEPS}
    taught_masks: list[bool] = []
    pairs = model.vocabulary.trained_pairs
    for done, (product, defect) in enumerate(pairs):
        requests = [
            SampleRequest(product, defect, FIRST_SEED + i, STRENGTHS[i % len(STRENGTHS)], steps=TEACHER_SAMPLER_STEPS)
            for i in range(samples)
        ]
        taught = generator.draw(requests)
        taught_masks += [bool(sample.mask.any()) for sample in taught]
        for steps, of_steps in figures.items():
            drawn = generator.draw([replace(request, sampler=TURBO, steps=steps) for request in requests])
            of_steps += [
                (psnr(a.image, b.image), mask_iou(a.mask, b.mask), bool(b.mask.any()))
                for a, b in zip(taught, drawn, strict=True)
            ]
        progress("quality", done + 1, len(pairs), {})
    return {str(steps): _summary(each, taught_masks) for steps, each in figures.items()}


def _summary(figures: list[tuple[float, float, bool]], taught_masks: list[bool]) -> dict[str, Any]:
    ratios, ious, marked = zip(*figures, strict=True)
    return {
        "samples": len(figures),
        "psnr": {"mean": round(float(np.mean(ratios)), 1), "least": round(min(ratios), 1)},
        "maskIou": {"mean": round(float(np.mean(ious)), 3), "median": round(float(np.median(ious)), 3)},
        "withMask": {"student": round(float(np.mean(marked)), 3), "teacher": round(float(np.mean(taught_masks)), 3)},
    }
