"""Device placement, as far as a machine without a GPU can test it."""

from __future__ import annotations

import numpy as np

from defectdiffu.checkpoints.runs import Run, load
from defectdiffu.model.training_module import build_trainee
from defectdiffu.training.batches import BatchMaker
from defectdiffu.training.latent_cache import Bank


def test_batches_are_made_on_the_cpu_wherever_the_denoiser_is(trained):
    run = Run(trained / "run")
    state = load(run.bank)
    bank = Bank(pairs=[tuple(pair) for pair in state.pop("pairs")], **state)
    config = run.config()
    denoiser = build_trainee(config, bank.vocabulary).denoiser
    maker = BatchMaker(config, bank, denoiser)
    denoiser.to("meta")  # holds nothing that could be computed with
    batch = maker.make(np.arange(4), step=0)
    assert all(tensor.device.type == "cpu" for tensor in batch)
