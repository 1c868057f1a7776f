"""The training loop, from the start of a run to the weights that are kept."""

from __future__ import annotations

import itertools
import shutil
from functools import partial

import pytest
import torch
from accelerate import Accelerator
from conftest import TINY_PRESET, invoke, plain_rows

import defectdiffu.training.train
from defectdiffu.checkpoints.runs import Run, load
from defectdiffu.checkpoints.trained_model import load_trained
from defectdiffu.config import TextConfig, TrainingConfig
from defectdiffu.training.batches import BatchBuilder
from defectdiffu.training.latent_cache import LatentCache, LatentCacheSampler
from defectdiffu.training.schedule import TimeSchedule
from defectdiffu.training.variance_loss import variance_loss


def start(trained, folder, *more: str):
    return invoke("train", "--data", trained / "data", "--run", folder, "--threads", 1, *more)


def train_on(trained, folder, *more: str):
    """Trains five more steps in a copy of the tiny run."""
    shutil.copytree(trained / "run", folder)
    result = start(trained, folder, "--steps", 45, *more)
    assert result.exit_code == 0, result.output


def test_a_corrected_command_works_after_a_refused_one(trained, tmp_path):
    wrong, right = tmp_path / "wrong.toml", tmp_path / "right.toml"
    right.write_text(TINY_PRESET)
    wrong.write_text('held_out_pairs = ["tin/crater"]\n' + TINY_PRESET)
    result = start(trained, tmp_path / "run", "--preset", wrong)
    assert result.exit_code == 1 and "held_out_pairs names 'tin/crater'" in result.output
    result = start(trained, tmp_path / "run", "--preset", right, "--steps", 2)
    assert result.exit_code == 0, result.output
    assert load_trained(Run(tmp_path / "run")).step == 2


def test_a_new_run_has_the_given_name_and_held_out_pairs(trained, tmp_path):
    preset, run = tmp_path / "tiny.toml", tmp_path / "run"
    preset.write_text(TINY_PRESET)
    given = ("--preset", preset, "--name", "my-parts", "--hold-out", "tin/dent", "--steps", 2)
    assert start(trained, run, *given).exit_code == 0
    config = Run(run).config()
    assert (config.name, config.held_out_pairs) == ("my-parts", ("tin/dent",))
    assert ("tin", "dent") not in load_trained(Run(run)).vocabulary.pairs
    assert start(trained, run, *given).exit_code == 0  # the same again
    for more, message in {
        ("--name", "others"): "name was 'my-parts', is 'others'",
        ("--hold-out", "felt/hole"): "held_out_pairs was ('tin/dent',), is ('felt/hole',)",
        ("--name", "My Parts"): "name is 'My Parts', must be lower-case",
    }.items():
        result = start(trained, run, *more)
        assert result.exit_code == 1 and message in result.output, result.output


def test_the_first_image_grid_comes_long_before_the_second(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(defectdiffu.training.train, "FIRST_GRID_SECONDS", 0)
    train_on(trained, tmp_path / "run", "--grid-minutes", 60)
    assert {path.stem for path in Run(tmp_path / "run").sample_grids.iterdir()} == {"0000040", "0000041", "0000045"}


def test_another_preset_for_a_trained_run_is_refused_with_the_differences(trained, tmp_path):
    shutil.copytree(trained / "run", tmp_path / "run")
    (tmp_path / "other.toml").write_text(TINY_PRESET.replace('name = "tiny"', 'name = "tiny"\nseed = 9'))
    result = start(trained, tmp_path / "run", "--preset", tmp_path / "other.toml")
    assert result.exit_code == 1 and "seed was 0, is 9" in result.output
    (tmp_path / "run" / "config.json").unlink()
    result = start(trained, tmp_path / "run")
    assert result.exit_code == 1 and "has been trained already" in result.output
    assert not (tmp_path / "run" / "config.json").exists()


def test_sampling_and_export_use_the_averaged_weights(trained):
    state = load(Run(trained / "run").denoiser)
    model = load_trained(Run(trained / "run")).module.state_dict()
    differing = 0
    for name, average in state["ema"].items():
        if name.startswith("average.trainee."):
            own = name.removeprefix("average.trainee.")
            assert torch.equal(model[own], average), own
            differing += not torch.equal(average, state["model"][own])
    assert differing > 20  # the last weights are others


def test_gradients_are_clipped_before_each_step(trained, tmp_path, monkeypatch):
    norms = []
    clip = Accelerator.clip_grad_norm_

    def spy(self, parameters, max_norm):
        for p in parameters:  # as if the loss had exploded
            if p.grad is not None:
                p.grad.mul_(1e6)
        clip(self, parameters, max_norm)
        norms.append(torch.stack([p.grad.norm() for p in parameters if p.grad is not None]).norm().item())

    monkeypatch.setattr(Accelerator, "clip_grad_norm_", spy)
    train_on(trained, tmp_path / "run")
    assert norms == pytest.approx([1.0] * 5, rel=1e-3)


def test_products_are_sampled_by_their_weights(trained, tmp_path, monkeypatch):
    given = []

    class Spy(LatentCacheSampler):
        def __init__(self, cache, normal_share, weights):
            given.append(weights)
            super().__init__(cache, normal_share, weights)

    monkeypatch.setattr(defectdiffu.training.train, "LatentCacheSampler", Spy)
    (tmp_path / "windows.toml").write_text("[default]\nweight = 2.0\n[products.felt]\nweight = 0.5\n")
    train_on(trained, tmp_path / "run", "--windows", tmp_path / "windows.toml")
    felt, tin = [("felt", "good"), ("felt", "hole")], [("tin", "dent"), ("tin", "good"), ("tin", "scratch")]
    assert given == [dict.fromkeys(felt, 0.5) | dict.fromkeys(tin, 2.0)]


def test_the_bound_of_a_learned_variance_is_part_of_the_loss(awake):
    denoiser = awake(learn_sigma=True)
    cache = LatentCache(
        pairs=[("tin", "good")],
        pair=torch.zeros(4, dtype=int),
        latent=torch.randn(4, 4, 8, 8).half(),
        mask_latent=torch.zeros(4, 4, 8, 8).half(),
        mask=torch.zeros(4, 8, 8).half(),
        black=torch.zeros(4, 8, 8),
    )
    config = TrainingConfig(image_size=64, denoiser=denoiser.config, text=TextConfig(projection=16))
    builder = BatchBuilder(config, cache, denoiser)
    batch = builder.make(torch.arange(4).numpy(), 0)
    prediction = denoiser(batch.latent, batch.timestep, plain_rows(4))
    losses = builder.loss(prediction, batch, denoiser.grid)
    bound = variance_loss(
        batch.x0, batch.latent, batch.timestep, prediction.output, prediction.variance, builder.alpha_bar
    ).mean()
    parts = losses.noise + losses.defect + config.loss.mask_weight * losses.mask
    assert bound.item() > 1e-4
    assert losses.total.item() == pytest.approx((parts + bound).item(), rel=1e-5)
    without = builder.loss(prediction._replace(variance=None), batch, denoiser.grid)
    assert without.total.item() == pytest.approx(parts.item(), rel=1e-5)


def test_a_timed_training_ends_with_a_checkpoint(trained, tmp_path, monkeypatch):
    ticks = itertools.count()
    until_time = partial(TimeSchedule, clock=lambda: next(ticks) / 10)  # seconds: ten calls make one
    monkeypatch.setattr("defectdiffu.training.schedule.TimeSchedule", until_time)
    shutil.copytree(trained / "run", tmp_path / "run")
    begun = load(Run(tmp_path / "run").denoiser)["step"]
    result = start(trained, tmp_path / "run", "--minutes", 0.05)
    assert result.exit_code == 0, result.output
    assert load(Run(tmp_path / "run").denoiser)["step"] > begun


def test_too_little_time_is_reported_and_the_autoencoder_is_kept(trained, tmp_path):
    result = start(trained, tmp_path / "run", "--preset", trained / "tiny.toml", "--minutes", 0)
    assert result.exit_code == 1 and "before the denoiser's training could begin" in result.output
    assert load(Run(tmp_path / "run").autoencoder)["finished"]
    both = start(trained, tmp_path / "run", "--minutes", 1, "--steps", 5)
    assert both.exit_code == 1 and "without --steps" in both.output
