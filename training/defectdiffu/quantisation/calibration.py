"""Calibration inputs for a bundle's graphs, collected while the model draws samples; no photographs are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..checkpoints.trained_model import TrainedModel
from ..sampling.guidance import SampleRequest
from .graph_generator import Feeds, generator_of
from .plan import QuantisationPlan

FEEDS_PER_TRAJECTORY = 5
FIRST_SEED = 50_000  # away from the seeds that quality is measured with
STRENGTHS = (0.5, 3.0)


def collected_feeds(
    directory: Path,
    manifest: dict[str, Any],
    model: TrainedModel,
    plan: QuantisationPlan,
    progress: Callable[[str, int, int, dict[str, float]], None],
) -> dict[str, list[Feeds]]:
    """Collects the inputs of the denoiser and of the decoder while samples are drawn.

    The denoiser's inputs come from random steps of trajectories over all trained pairs, strengths and both guidances.
    The decoder's inputs are the ends of those trajectories.
    """
    rng = np.random.default_rng((plan.seed, 31))
    recorded: dict[str, list[Feeds]] = {"denoiser": [], "image_decoder": []}
    now: list[Feeds] = []
    generator = generator_of(
        directory, manifest, model, {}, on_denoiser_feeds=now.append, on_decoder_feeds=recorded["image_decoder"].append
    )
    pairs = model.vocabulary.trained_pairs
    base = SampleRequest("", "", 0, steps=plan.steps)
    for i in range(plan.calibration):
        product, defect = pairs[i % len(pairs)]
        guidance = "DOUBLE_FREE" if i % 3 else "PRODUCT_RELATIVE"
        strength = float(rng.uniform(*STRENGTHS))
        request = replace(
            base, product=product, defect=defect, seed=FIRST_SEED + i, strength=strength, guidance=guidance
        )
        now.clear()
        generator.draw([request])
        chosen = rng.choice(len(now), size=min(FEEDS_PER_TRAJECTORY, len(now)), replace=False)
        recorded["denoiser"] += [now[step] for step in sorted(chosen)]
        progress("calibration", i + 1, plan.calibration, {})
    return recorded
