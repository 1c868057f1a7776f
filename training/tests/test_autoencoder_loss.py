"""Every term of the reconstruction loss gives defects more weight."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conftest import make_data_set

import defectdiffu.training.adversarial_finetuning
import defectdiffu.training.train_autoencoder
from defectdiffu.checkpoints.runs import Run
from defectdiffu.config import AutoencoderConfig, AutoencoderTraining, DenoiserConfig, TrainingConfig
from defectdiffu.data.layout import read_data_set
from defectdiffu.data.windows import WindowRule
from defectdiffu.model.autoencoder import autoencoder_loss
from defectdiffu.training.train_autoencoder import train_autoencoder

NONE = torch.zeros(1, 4, 2, 2)


def loss(output: torch.Tensor, weight: torch.Tensor) -> float:
    return autoencoder_loss(torch.zeros_like(output), output, NONE, NONE, 0.0, weight).item()


def test_a_pixel_of_weight_five_costs_five_times_as_much():
    output, weight = torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8)
    output[..., 4:6, 4:6] = 0.5
    heavy = weight.clone()
    heavy[..., 3:8, 3:8] = 5
    assert loss(output, heavy) == pytest.approx(5 * loss(output, weight))


def test_a_weight_elsewhere_adds_no_cost():
    output, weight = torch.zeros(1, 1, 8, 8), torch.ones(1, 1, 8, 8)
    output[..., 4:6, 4:6] = 0.5
    heavy = weight.clone()
    heavy[..., :3, :3] = 5
    assert loss(output, heavy) == pytest.approx(loss(output, weight))


def test_both_training_stages_weight_defects(tmp_path, monkeypatch):
    plan = AutoencoderTraining(
        steps=4,
        batch_size=8,
        crop=32,
        windows=4,
        mask_share=0.25,
        defect_weight=3.0,
        adversarial_steps=4,
        adversarial_batch_size=8,
    )
    small = AutoencoderConfig(width=8, deep_width=8, blocks=1, deep_blocks=1)
    config = TrainingConfig(
        image_size=32, autoencoder=small, autoencoder_training=plan, denoiser=DenoiserConfig(latent_size=4)
    )
    seen = {}
    for module in (defectdiffu.training.train_autoencoder, defectdiffu.training.adversarial_finetuning):
        seen[module] = weights = []
        spy = lambda *a, kept=weights: kept.append(a[-1]) or autoencoder_loss(*a)  # noqa: E731
        monkeypatch.setattr(module, "autoencoder_loss", spy)
    records, run = read_data_set(make_data_set(tmp_path / "data")), Run(tmp_path)
    rules = (WindowRule(window=32), {})
    train_autoencoder(run, config, records, rules, torch.device("cpu"), False, lambda *_: None, 1e9)
    for weights in seen.values():
        values = np.unique(torch.cat(weights).numpy())
        assert values.tolist() == [1.0, 4.0]
        assert all((weight[-2:] == 1).all() for weight in weights)  # the masks, which come last
