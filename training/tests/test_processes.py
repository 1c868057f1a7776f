"""Several processes train one model: files are written once, and each process adds its own batches."""

from __future__ import annotations

import socket
from pathlib import Path

from child_processes import start
from conftest import make_data_set

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.checkpoints.runs import Run, load

STEPS, BATCH = 6, 4  # the batch of conftest's preset


def test_two_processes_make_one_run_and_see_twice_the_samples(trained, tmp_path):
    run, data = Run(tmp_path / "run"), ("--data", trained / "data")
    in_two_processes(tmp_path, "train", run, STEPS, *data, "--preset", trained / "tiny.toml")
    state = load(run.denoiser)
    assert (state["step"], state["samples_seen"]) == (STEPS, 2 * STEPS * BATCH)

    in_two_processes(tmp_path, "train", run, STEPS + 2, *data)
    assert load(run.denoiser)["samples_seen"] == 2 * (STEPS + 2) * BATCH


def test_two_processes_onboard_a_product_that_is_prepared_once(exported, tmp_path):
    run, data = Run(tmp_path / "run"), make_data_set(tmp_path / "data")
    (data / "tin").rename(data / "zinc")
    options = ("--samples-per-pair", 2, "--batch-size", BATCH, "--no-verdict")
    in_two_processes(tmp_path, "onboard", run, 2, "--bundle", exported, "--data", data, "--version", "0.2.0", *options)
    state, before = load(run.denoiser), load_bundle(exported)
    assert (state["step"], state["samples_seen"]) == (before.step + 2, before.samples_seen + 2 * 2 * BATCH)


def in_two_processes(folder: Path, command: str, run: Run, steps: int, *more: object) -> None:
    """Starts the processes as `torchrun` and `accelerate launch` do: each gets its rank."""
    arguments = (command, "--run", run.directory, "--steps", steps, "--threads", 1, *more)
    common = {"ACCELERATE_USE_CPU": "true", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2",
              "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}  # fmt: skip
    children = [
        start(folder / f"output-{rank}.txt", *arguments, environment={**common, "RANK": rank, "LOCAL_RANK": rank})
        for rank in ("0", "1")
    ]
    for child in children:
        child.require_success()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
