"""Training continues from a bundle, whose weights are those that were exported."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import torch
from conftest import invoke, plain_rows, run_command

from defectdiffu.checkpoints.from_bundle import expanded_module, load_bundle
from defectdiffu.checkpoints.runs import Run, load
from defectdiffu.checkpoints.trained_model import load_trained
from defectdiffu.model.components import round_to_float16


def test_a_bundle_read_back_has_the_exported_weights(exported, trained):
    there, back = load_trained(Run(trained / "run")), load_bundle(exported)
    round_to_float16(there.module)
    round_to_float16(there.autoencoder)
    for ours, theirs in ((there.module, back.module), (there.autoencoder, back.autoencoder)):
        for name, tensor in ours.state_dict().items():
            assert torch.equal(tensor, theirs.state_dict()[name]), name
    assert back.config == there.config and back.vocabulary == there.vocabulary


def test_training_continues_from_a_bundle(exported, trained, tmp_path):
    options = ("--data", trained / "data", "--run", tmp_path / "run", "--from-bundle", exported, "--threads", 1)
    result = invoke("train", *options, "--steps", 42)
    assert result.exit_code == 0, result.output
    state = load(Run(tmp_path / "run").denoiser)
    assert (state["step"], state["samples_seen"]) == (42, 168)
    start, now = load_bundle(exported).module.state_dict(), state["model"]
    moved = [float((now[name] - start[name]).abs().max()) for name in start if start[name].is_floating_point()]
    assert 0 < max(moved) < 0.05  # two steps away from the bundle's weights, not from random ones


def test_a_preset_may_change_the_training_of_a_bundle_but_not_its_model(exported, trained, tmp_path):
    options = ("--data", trained / "data", "--from-bundle", exported, "--threads", 1, "--steps", 41)
    preset = (trained / "tiny.toml").read_text()
    (tmp_path / "log_normal.toml").write_text(preset + '[loss]\ntimesteps = "log_normal"\n')
    result = invoke("train", *options, "--run", tmp_path / "run", "--preset", tmp_path / "log_normal.toml")
    assert result.exit_code == 0, result.output
    assert Run(tmp_path / "run").config().loss.timesteps == "log_normal"

    (tmp_path / "wider.toml").write_text(preset.replace("hidden_size = 16", "hidden_size = 32"))
    result = invoke("train", *options, "--run", tmp_path / "other", "--preset", tmp_path / "wider.toml")
    assert result.exit_code == 1 and "its denoiser.hidden_size is 16, the preset's 32" in result.output
    assert not (tmp_path / "other").exists()


@torch.no_grad()
def test_a_preset_may_add_parts_that_change_nothing_until_they_are_trained(exported, trained):
    model = load_bundle(exported)
    old = model.module.denoiser
    more = replace(old.config, local_blocks=5, mask_reads_picture=True)
    larger = expanded_module(model, replace(model.config, denoiser=more), exported).denoiser.eval()
    assert len(larger.head.conv1) == 5 and larger.adapt_mask.refine.picture is not None
    latent, timestep, rows = torch.randn(2, 4, 4, 4), torch.tensor([30, 700]), plain_rows(2, dim=8)
    for a, b in zip(old(latent, timestep, rows), larger(latent, timestep, rows), strict=True):
        assert (a is None and b is None) or torch.allclose(a, b, atol=1e-6)
    fewer = replace(model.config, denoiser=replace(old.config, local_blocks=2))
    with pytest.raises(ValueError, match=r"its denoiser\.local_blocks is 3, the preset's 2"):
        expanded_module(model, fewer, exported)


def test_a_repeated_command_resumes_a_run_from_a_bundle(exported, trained, tmp_path):
    options = ("--data", trained / "data", "--run", tmp_path / "run", "--from-bundle", exported, "--threads", 1)
    run_command("train", *options, "--steps", 41)
    run_command("train", *options, "--steps", 42)
    assert load(Run(tmp_path / "run").denoiser)["step"] == 42


def test_training_from_a_bundle_with_other_words_is_refused(exported, trained, tmp_path):
    """The tokenizer would give them the ids of the old words."""
    data = tmp_path / "data"
    shutil.copytree(trained / "data", data)
    (data / "tin").rename(data / "zinc")
    result = invoke("train", "--data", data, "--run", tmp_path / "run", "--from-bundle", exported, "--threads", 1)
    output = " ".join(result.output.split())
    assert result.exit_code == 1 and "it lacks tin/dent, tin/good, tin/scratch and adds zinc/dent" in output
