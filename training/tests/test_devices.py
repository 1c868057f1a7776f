"""Device placement, as far as a machine without a GPU can test it."""

from __future__ import annotations

import numpy as np

from defectdiffu.checkpoints.runs import Run, load
from defectdiffu.model.training_module import build_training_module
from defectdiffu.training.batches import BatchBuilder
from defectdiffu.training.latent_cache import LatentCache


def test_batches_are_made_on_the_cpu_wherever_the_denoiser_is(trained):
    run = Run(trained / "run")
    state = load(run.latent_cache)
    cache = LatentCache(pairs=[tuple(pair) for pair in state.pop("pairs")], **state)
    config = run.config()
    denoiser = build_training_module(config, cache.vocabulary).denoiser
    builder = BatchBuilder(config, cache, denoiser)
    denoiser.to("meta")  # holds nothing that could be computed with
    batch = builder.make(np.arange(4), step=0)
    assert all(tensor.device.type == "cpu" for tensor in batch)
