"""A training that is killed at any moment and started again ends where an uninterrupted one ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from defectdiffu.checkpoints.runs import Run, load, save
from defectdiffu.cli import app

STEPS = 40
DEADLINE = 120  # seconds, generous: a busy machine


def arguments(trained: Path, run: Path, *more: str) -> list[str]:
    return ["train", "--data", str(trained / "data"), "--run", str(run), "--preset", str(trained / "tiny.toml"),
            "--steps", str(STEPS), "--threads", "1", "--save-minutes", "0", *more]  # fmt: skip


def start(trained: Path, run: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [Path(sys.executable).with_name("defectdiffu-train"), *arguments(trained, run)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def kill_when(process: subprocess.Popen, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert process.poll() is None, process.stderr.read().decode()
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_killed_twice_and_started_again_it_ends_with_the_same_weights(trained, tmp_path):
    """`trained` is the uninterrupted run. The first kill falls into the autoencoder, the second into the denoiser."""
    run = Run(tmp_path / "run")
    kill_when(start(trained, run.directory), run.autoencoder.exists)
    assert not load(run.autoencoder)["finished"] and not run.bank.exists()

    kill_when(start(trained, run.directory), lambda: run.log.exists() and run.log.read_text().count("\n") >= 3)
    assert 0 < load(run.denoiser)["step"] < STEPS

    last = start(trained, run.directory)
    assert last.wait(DEADLINE) == 0, last.stderr.read().decode()
    ours, theirs = load(run.denoiser), load(Run(trained / "run").denoiser)
    assert ours["step"] == theirs["step"] == STEPS and ours["samples_seen"] == theirs["samples_seen"]
    for part in ("ema", "model"):
        assert ours[part].keys() == theirs[part].keys()
        for name, value in ours[part].items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(theirs[part][name])), name
    autoencoders = load(run.autoencoder)["model"], load(Run(trained / "run").autoencoder)["model"]
    assert all(torch.equal(tensor, autoencoders[1][name]) for name, tensor in autoencoders[0].items())


def test_a_finished_run_is_left_as_it_is_and_goes_on_when_more_steps_are_asked_for(trained, tmp_path):
    run = Run(tmp_path / "run")
    shutil.copytree(trained / "run", run.directory)
    before = run.denoiser.read_bytes()
    assert CliRunner().invoke(app, arguments(trained, run.directory)).exit_code == 0
    assert run.denoiser.read_bytes() == before
    assert CliRunner().invoke(app, arguments(trained, run.directory, "--steps", str(STEPS + 2))).exit_code == 0
    assert load(run.denoiser)["step"] == STEPS + 2


def test_a_checkpoint_that_is_cut_short_leaves_the_old_one_whole(tmp_path, monkeypatch):
    path = tmp_path / "denoiser.pt"
    save(path, {"step": 1})

    def cut_short(state, file):
        file.write(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", cut_short)
    with pytest.raises(KeyboardInterrupt):
        save(path, {"step": 2})
    assert load(path) == {"step": 1}


def test_a_run_leaves_a_log_and_a_sheet(trained):
    run = Run(trained / "run")
    assert [f'"step": {STEPS}' in line for line in run.log.read_text().splitlines()][-1]
    assert [sheet.name for sheet in run.sheets.iterdir()] == [f"{STEPS:07d}.png"]


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
def test_a_wrong_option_is_refused_with_what_there_is(trained, tmp_path, more, message):
    result = CliRunner().invoke(app, arguments(trained, tmp_path / "run", *more))
    assert result.exit_code != 0 and message in result.output
    assert not list(tmp_path.glob("run/*.pt"))


def test_a_held_out_pair_that_is_not_there_is_refused(trained, tmp_path):
    """Else a typing error would train on it, and the manifest would say that it did not."""
    preset = tmp_path / "held.toml"
    preset.write_text('held_out_pairs = ["tin/scrach"]\n' + (trained / "tiny.toml").read_text())
    result = CliRunner().invoke(app, arguments(trained, tmp_path / "run", "--preset", str(preset)))
    assert result.exit_code == 1
    assert "held_out_pairs names 'tin/scrach'; there are: felt/hole, tin/dent, tin/scratch" in result.output


def test_a_damaged_checkpoint_is_named(trained, tmp_path):
    shutil.copytree(trained / "run", tmp_path / "run")
    checkpoint = Run(tmp_path / "run").denoiser
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    result = CliRunner().invoke(app, arguments(trained, tmp_path / "run", "--steps", "42"))
    assert result.exit_code == 1 and "denoiser.pt: damaged" in result.output.replace("\n", "")
