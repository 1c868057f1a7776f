"""A training that is killed and started again ends with the weights of an uninterrupted one."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest
import torch
from child_processes import start
from conftest import invoke

from defectdiffu.checkpoints.runs import Run, load, save

STEPS = 40


def arguments(trained: Path, run: Path, *more: object) -> list[object]:
    return ["train", "--data", trained / "data", "--run", run, "--preset", trained / "tiny.toml",
            "--steps", STEPS, "--threads", 1, "--save-minutes", 0, *more]  # fmt: skip


def test_killed_twice_and_started_again_it_ends_with_the_same_weights(trained, tmp_path):
    """`trained` is the uninterrupted run. The first kill hits the autoencoder stage, the second the denoiser's."""
    run, output = Run(tmp_path / "run"), tmp_path / "output.txt"
    command = arguments(trained, run.directory)
    assert start(output, *command, killed_after=("autoencoder.pt", 1)).exit_code() == -signal.SIGKILL
    assert not load(run.autoencoder)["finished"] and not run.latent_cache.exists()

    assert start(output, *command, killed_after=("denoiser.pt", 3)).exit_code() == -signal.SIGKILL
    assert 0 < load(run.denoiser)["step"] < STEPS

    start(output, *command).require_success()
    ours, theirs = load(run.denoiser), load(Run(trained / "run").denoiser)
    assert ours["step"] == theirs["step"] == STEPS and ours["samples_seen"] == theirs["samples_seen"]
    for part in ("ema", "model"):
        assert ours[part].keys() == theirs[part].keys()
        for name, value in ours[part].items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(theirs[part][name])), name
    autoencoders = load(run.autoencoder)["model"], load(Run(trained / "run").autoencoder)["model"]
    assert all(torch.equal(tensor, autoencoders[1][name]) for name, tensor in autoencoders[0].items())


def test_a_finished_run_is_unchanged_until_more_steps_are_requested(trained, tmp_path):
    run = Run(tmp_path / "run")
    shutil.copytree(trained / "run", run.directory)
    before = run.denoiser.read_bytes()
    assert invoke(*arguments(trained, run.directory)).exit_code == 0
    assert run.denoiser.read_bytes() == before
    assert invoke(*arguments(trained, run.directory, "--steps", STEPS + 2)).exit_code == 0
    assert load(run.denoiser)["step"] == STEPS + 2


def test_an_interrupted_save_keeps_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "denoiser.pt"
    save(path, {"step": 1})

    def cut_short(state, file):
        file.write(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", cut_short)
    with pytest.raises(KeyboardInterrupt):
        save(path, {"step": 2})
    assert load(path) == {"step": 1}


def test_a_run_leaves_a_log_and_a_sample_grid(trained):
    run = Run(trained / "run")
    assert [f'"step": {STEPS}' in line for line in run.log.read_text().splitlines()][-1]
    assert [sheet.name for sheet in run.sample_grids.iterdir()] == [f"{STEPS:07d}.png"]


def test_training_learns_something(trained):
    state = load(Run(trained / "run").denoiser)
    assert state["pairs"] == [
        ["felt", "good"], ["felt", "hole"], ["tin", "dent"], ["tin", "good"], ["tin", "scratch"],
    ]  # fmt: skip
    output = state["model"]["denoiser.final_layer.linear.weight"]
    average = state["ema"]["average.trainee.denoiser.final_layer.linear.weight"]
    assert output.any() and average.any() and not torch.equal(output, average)  # zero at the start


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--preset", "huge"), "no preset 'huge'"),
        (("--products", "brass"), "no product 'brass'; there are: felt, tin"),
        (("--steps", "0"), "Invalid value for '--steps'"),
    ],
)
def test_the_refusal_of_a_wrong_option_lists_the_choices(trained, tmp_path, more, message):
    result = invoke(*arguments(trained, tmp_path / "run", *more))
    assert result.exit_code != 0 and message in result.output
    assert not list(tmp_path.glob("run/*.pt"))


def test_an_unknown_held_out_pair_is_refused(trained, tmp_path):
    """Otherwise a typo would train on the pair while the manifest says that it was held out."""
    preset = tmp_path / "held.toml"
    preset.write_text('held_out_pairs = ["tin/scrach"]\n' + (trained / "tiny.toml").read_text())
    result = invoke(*arguments(trained, tmp_path / "run", "--preset", preset))
    assert result.exit_code == 1
    assert "held_out_pairs names 'tin/scrach'; there are: felt/hole, tin/dent, tin/scratch" in result.output


def test_an_error_names_a_damaged_checkpoint(trained, tmp_path):
    shutil.copytree(trained / "run", tmp_path / "run")
    checkpoint = Run(tmp_path / "run").denoiser
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    result = invoke(*arguments(trained, tmp_path / "run", "--steps", 42))
    assert result.exit_code == 1 and "denoiser.pt: damaged" in result.output.replace("\n", "")
