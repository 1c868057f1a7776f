"""Visible change and mask area against the defect strength w_d, per pair, over many seeds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..sampling.generator import Generator
from ..sampling.guidance import DPM_SOLVER_PP, SampleRequest

STRENGTHS = (0.0, 1.0, 2.0, 3.0)
BATCH = 8


def measure_strength(
    generator: Generator,
    pairs: list[tuple[str, str]],
    seeds: int,
    steps: int,
    progress: Callable[[int, int], None],
    strengths: tuple[float, ...] = STRENGTHS,
    sampler: str = DPM_SOLVER_PP,
) -> dict[str, Any]:
    """Per pair: mean |Δgrey| (0…255) from the same seed at w_d = 0, and mask area, each averaged over the seeds.

    `monotone` says whether the average rises from each strength to the next; `rising` is the share of seeds whose
    change is larger at the highest strength than at the lowest one above 0.
    """
    draw = partial(_draw, generator, sampler=sampler, steps=steps, seeds=seeds)
    if strengths[0] != 0:
        raise ValueError(f"strengths[0] is {strengths[0]}, must be 0: it is what the others are compared with")
    result: dict[str, Any] = {}
    normal: dict[str, np.ndarray] = {}
    for done, (product, defect) in enumerate(pairs):
        if product not in normal:
            normal[product] = draw(product, defect, 0.0)[0]
        change, area = np.zeros((len(strengths), seeds)), np.zeros((len(strengths), seeds))
        for i, strength in enumerate(strengths[1:], start=1):
            grey, masks = draw(product, defect, strength)
            change[i] = np.abs(grey - normal[product]).mean((1, 2))
            area[i] = masks.mean((1, 2))
        means, areas = change.mean(1), area.mean(1)
        result[f"{product}/{defect}"] = {
            "strengths": list(strengths),
            "change": [round(v, 3) for v in means.tolist()],
            "maskArea": [round(v, 5) for v in areas.tolist()],
            "changeMonotone": bool((np.diff(means) > 0).all()),
            "areaMonotone": bool((np.diff(areas) > 0).all()),
            "changeRisingShare": float((change[-1] > change[1]).mean()),
            "emptyMasks": float((area[1:] == 0).mean()),
        }
        progress(done + 1, len(pairs))
    return result


def _draw(
    generator: Generator, product: str, defect: str, strength: float, *, sampler: str, seeds: int, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Grey images float [seeds, H, W] and masks bool [seeds, H, W]."""
    grey, masks = [], []
    for start in range(0, seeds, BATCH):
        requests = [
            SampleRequest(product, defect, seed, strength, steps=steps, sampler=sampler)
            for seed in range(start, min(start + BATCH, seeds))
        ]
        for sample in generator.draw(requests):
            grey.append(sample.image.astype(np.float64).mean(2))
            masks.append(sample.mask)
    return np.stack(grey), np.stack(masks)
