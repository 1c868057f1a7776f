"""Several processes train one model: what is written is written once, and each adds its own batches."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from conftest import make_data_set

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.checkpoints.runs import Run, load

STEPS, BATCH = 6, 4  # the batch of conftest's preset
DEADLINE = 120


def test_two_processes_make_one_run_and_see_twice_the_samples(trained, tmp_path):
    run = Run(tmp_path / "run")
    preset = ["--preset", str(trained / "tiny.toml")]
    assert outcome(train_in_two_processes(trained, run, STEPS, *preset)) == [0, 0]
    state = load(run.denoiser)
    assert (state["step"], state["samples_seen"]) == (STEPS, 2 * STEPS * BATCH)

    assert outcome(train_in_two_processes(trained, run, STEPS + 2)) == [0, 0]
    assert load(run.denoiser)["samples_seen"] == 2 * (STEPS + 2) * BATCH


def test_two_processes_join_a_product_prepared_once(exported, tmp_path):
    run, data = Run(tmp_path / "run"), make_data_set(tmp_path / "data")
    (data / "tin").rename(data / "zinc")
    asked = ["--bundle", str(exported), "--data", str(data), "--version", "0.2.0"]
    asked += ["--samples-per-pair", "2", "--batch-size", str(BATCH)]
    assert outcome(in_two_processes("onboard", run, 2, *asked)) == [0, 0]
    state, before = load(run.denoiser), load_bundle(exported)
    assert (state["step"], state["samples_seen"]) == (before.step + 2, before.samples_seen + 2 * 2 * BATCH)


def train_in_two_processes(trained: Path, run: Run, steps: int, *more: str) -> list[subprocess.Popen]:
    return in_two_processes("train", run, steps, "--data", str(trained / "data"), *more)


def in_two_processes(command: str, run: Run, steps: int, *more: str) -> list[subprocess.Popen]:
    """As `torchrun` and `accelerate launch` start them: each is told its rank."""
    command = [Path(sys.executable).with_name("defectdiffu-train"), command,
               "--run", str(run.directory), "--steps", str(steps), "--threads", "1", *more]  # fmt: skip
    common = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true", "WORLD_SIZE": "2",
              "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}  # fmt: skip
    return [
        subprocess.Popen(
            command, env={**common, "RANK": rank, "LOCAL_RANK": rank}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        for rank in ("0", "1")
    ]


def outcome(processes: list[subprocess.Popen]) -> list[int]:
    errors = [process.communicate(timeout=DEADLINE)[1].decode() for process in processes]
    codes = [process.returncode for process in processes]
    assert codes == [0, 0], "\n".join(errors)
    return codes


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
