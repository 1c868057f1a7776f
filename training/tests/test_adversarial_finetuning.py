"""Adversarial fine-tuning changes the decoder only and resumes after a kill."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import make_data_set

import defectdiffu.training.adversarial_finetuning
from defectdiffu.checkpoints.runs import Run, load
from defectdiffu.config import AutoencoderConfig, AutoencoderTraining, DenoiserConfig, TrainingConfig
from defectdiffu.data.layout import read_data_set
from defectdiffu.data.windows import WindowRule
from defectdiffu.training.crops import Crops
from defectdiffu.training.train_autoencoder import train_autoencoder

PLAN = AutoencoderTraining(
    steps=6,
    batch_size=4,
    crop=32,
    windows=4,
    adversarial_steps=8,
    adversarial_batch_size=4,
    mask_share=0.25,
    ema_decay=0.5,
)
CONFIG = TrainingConfig(
    image_size=32,
    autoencoder=AutoencoderConfig(width=8, deep_width=8, blocks=1, deep_blocks=1),
    autoencoder_training=PLAN,
    denoiser=DenoiserConfig(latent_size=4),
)
RULES = (WindowRule(window=32), {})


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return read_data_set(make_data_set(tmp_path_factory.mktemp("sharpening") / "data"))


def autoencoder(run: Run, records, plan: AutoencoderTraining, save_every: float = 1e9):
    run.directory.mkdir(exist_ok=True)
    config = replace(CONFIG, autoencoder_training=plan)
    return train_autoencoder(run, config, records, RULES, torch.device("cpu"), False, lambda *_: None, save_every)


def test_fine_tuning_changes_only_the_decoder(records, tmp_path):
    run = Run(tmp_path / "run")
    plain = autoencoder(run, records, replace(PLAN, adversarial_steps=0)).state_dict()
    sharp = autoencoder(run, records, PLAN).state_dict()  # continues from there
    changed = {name.split(".")[0] for name in plain if not torch.equal(plain[name], sharp[name])}
    assert changed == {"decoder"}
    assert load(run.autoencoder)["adversarial_steps"] == PLAN.adversarial_steps
    assert not (run.directory / "adversarial.pt").exists()


def test_a_fine_tuned_decoder_is_not_fine_tuned_again(records, tmp_path):
    run = Run(tmp_path / "run")
    autoencoder(run, records, PLAN)
    before = run.autoencoder.read_bytes()
    autoencoder(run, records, PLAN)
    assert run.autoencoder.read_bytes() == before


def test_an_interrupted_fine_tuning_resumes_where_it_stopped(records, tmp_path, monkeypatch):
    whole = autoencoder(Run(tmp_path / "whole"), records, PLAN).state_dict()
    draw, calls = Crops.batch, []

    def stopping(self, *arguments):
        calls.append(arguments)
        if len(calls) == PLAN.steps + 32 + 5:  # 32: the latents' scale is measured in between
            raise KeyboardInterrupt
        return draw(self, *arguments)

    monkeypatch.setattr(Crops, "batch", stopping)
    with pytest.raises(KeyboardInterrupt):
        autoencoder(Run(tmp_path / "cut"), records, PLAN, save_every=0)
    assert load(tmp_path / "cut" / "adversarial.pt")["step"] == 4
    went_on = autoencoder(Run(tmp_path / "cut"), records, PLAN).state_dict()
    assert all(torch.equal(whole[name], tensor) for name, tensor in went_on.items())


def test_the_discriminator_moves_the_decoder_beyond_the_reconstruction(records, tmp_path, monkeypatch):
    with_it = autoencoder(Run(tmp_path / "with"), records, PLAN).state_dict()
    monkeypatch.setattr(defectdiffu.training.adversarial_finetuning, "FEATURE_WEIGHT", 0.0)
    without = replace(PLAN, adversarial_weight=0.0)
    alone = autoencoder(Run(tmp_path / "without"), records, without).state_dict()
    assert not torch.equal(with_it["decoder.0.weight"], alone["decoder.0.weight"])


def test_the_discriminator_sees_no_masks(records, tmp_path, monkeypatch):
    shown = []
    segmenter = defectdiffu.training.adversarial_finetuning.Discriminator.forward

    def spy(self, images):
        shown.append(images.detach())
        return segmenter(self, images)

    monkeypatch.setattr(defectdiffu.training.adversarial_finetuning.Discriminator, "forward", spy)
    autoencoder(Run(tmp_path / "run"), records, PLAN)
    assert {len(images) for images in shown} == {3}  # of four, one is a mask
    assert not any(np.isin(images.numpy(), (-1, 1)).all() for images in shown)
