"""`work`: a request as JSON in, lines of JSON out, and one model however often the process is killed."""

from __future__ import annotations

import fcntl
import io
import json
import os
import subprocess
import sys
import time
import tomllib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import PROVENANCE
from work_stage import OF_PHOTOGRAPHS, changed, lines_of, make_quick, worked, write_request

from defectdiffu.advice import detector_verdict
from defectdiffu.data.windows import WindowRule
from defectdiffu.evaluation.generated_samples import GeneratedSamples
from defectdiffu.trainer.lines import MESSAGES, Lines
from defectdiffu.trainer.request import SCHEMA, read_request
from defectdiffu.training.onboarding_plan import OnboardingPlan


@pytest.fixture
def request_file(exported, tmp_path) -> Path:
    return write_request(exported, tmp_path)


@pytest.fixture
def quick(monkeypatch) -> None:
    make_quick(monkeypatch)


def test_a_request_ends_with_a_verdict_and_a_model(request_file, tmp_path, quick):
    lines = worked(request_file, tmp_path / "run")
    *_, verdict, model = lines
    assert [line["type"] for line in (verdict, model)] == ["verdict", "model"]
    assert sorted((pair["product"], pair["defect"]) for pair in verdict["pairs"]) == [
        ("brass ring", "dent"), ("brass ring", "rust")]  # fmt: skip
    manifest = json.loads((Path(model["folder"]) / "adapter.json").read_text())
    assert (manifest["name"], manifest["version"], manifest["base"]["name"]) == ("brass", "1.0.0", "tiny")
    of_bundle = tomllib.loads(PROVENANCE)
    assert manifest["license"]["id"] == f"{of_bundle['license']} AND CC-BY-4.0"
    assert manifest["license"]["sources"] == of_bundle["sources"] + OF_PHOTOGRAPHS["sources"]
    assert manifest["provenance"]["trainingSteps"] == model["step"] > 0
    training = [line for line in lines if line.get("phase") == "adapter"]
    assert all(line["figures"]["total"] > 0 for line in training) and training[-1]["secondsLeft"] <= 6
    grids = [line for line in lines if line["type"] == "imageGrid"]
    assert len(grids) > 1 and all(Path(grid["path"]).read_bytes().startswith(b"\x89PNG") for grid in grids)
    assert grids[-1]["pairs"] == [["brass ring", "dent"], ["brass ring", "rust"]]
    assert any("photograph(s) to learn from" in line["message"] for line in lines if line["type"] == "warning")
    (note,) = (line["message"] for line in lines if line["type"] == "note")
    assert note.startswith("'dent'") and note.endswith("carries over what it learns of it.")  # and no command line


@pytest.mark.parametrize(("changes", "found"), [({}, [("brass ring", "OUT_OF_TIME")]), ({"detectors": False}, None)])
def test_detectors_need_ten_minutes_and_can_be_left_out(request_file, tmp_path, quick, changes, found):
    *_, verdict, _ = worked(changed(request_file, **changes), tmp_path / "run")
    assert verdict.get("detectors") == (None if found is None else [])
    reasons = verdict.get("withoutDetectors")
    assert reasons == (found and [{"product": product, "reason": reason} for product, reason in found])


def test_detectors_are_told_with_their_interval(request_file, tmp_path, quick, monkeypatch):
    plan = replace(detector_verdict.PLAN, max_steps=2, check_every=2, samples=2, sampler_steps=2, validation_windows=4)
    monkeypatch.setattr(detector_verdict, "PLAN", plan)
    monkeypatch.setattr(detector_verdict, "FEWEST_STEPS", 1)
    monkeypatch.setattr(detector_verdict, "draw_pair", drawn_with_masks)
    monkeypatch.setattr("defectdiffu.trainer.work.DETECTORS_FROM", 0)
    monkeypatch.setattr("defectdiffu.trainer.work.DETECTORS_SHARE", 0.4)
    *_, verdict, _ = worked(changed(request_file, minutes=0.3), tmp_path / "run")
    (told,) = verdict["detectors"]
    assert verdict["withoutDetectors"] == [] and told["product"] == "brass ring" and told["photographs"] > 0
    assert told["gain"]["mean"] == pytest.approx(told["withSamples"] - told["without"], abs=2e-4)
    low, high = told["gain"]["low"], told["gain"]["high"]
    assert told["conclusion"] == ("BETTER" if low > 0 else "WORSE" if high < 0 else "NOT_TOLD_APART")


def drawn_with_masks(generator, product, defect, count, *more, **options) -> GeneratedSamples:
    """A model that was trained for seconds may draw no mask."""
    image, mask = np.full((count, 32, 32, 3), 90, np.uint8), np.zeros((count, 32, 32), bool)
    mask[:, 8:16, 8:16] = True
    return GeneratedSamples(image, mask, image, np.ones(count), np.ones(count))


def test_a_process_ends_with_its_standard_input_and_the_next_one_continues(request_file, tmp_path):
    changed(request_file, minutes=0.12)
    program = [sys.executable, "-m", "defectdiffu", "work"]
    command = [*program, "--request", str(request_file), "--run", str(tmp_path / "run")]

    def start() -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, text=True, start_new_session=True, **pipes)

    first = start()
    steps = (line["done"] for line in map(json.loads, first.stdout) if line.get("phase") == "adapter")
    assert next(steps) > 0
    while not (tmp_path / "run" / "adapter.pt").exists():
        next(steps)
    first.stdin.close()
    assert first.wait(60) == -9
    spent = json.loads((tmp_path / "run" / "time.json").read_text())
    assert 0 < spent["trained"] < spent["spent"]
    second = start()
    output = second.stdout.read()  # which ends with the process; its standard input stays open
    assert second.wait(60) == 0
    lines = lines_of(output)
    training = [line for line in lines if line.get("phase") == "adapter"]
    assert training[0]["done"] > 20  # REPORT_EVERY_STEPS: it did not begin anew
    assert training[0]["secondsLeft"] < 7.2 - spent["spent"]
    assert lines[0]["type"] == "begin" and lines[-1]["type"] == "model"
    assert json.loads((tmp_path / "run" / "model" / "adapter.json").read_text())["name"] == "brass"


def has_open(pid: int, path: Path) -> bool:
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it was closed just now
            if os.readlink(file) == str(path):
                return True
    return False


def test_a_process_waits_for_another_one_in_its_folder(request_file, tmp_path):
    run, pipes = tmp_path / "run", {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    run.mkdir()
    command = [sys.executable, "-m", "defectdiffu", "work", "--request", str(request_file), "--run", str(run)]
    with (run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        changed(request_file, formatVersion=2)
        process = subprocess.Popen(command, text=True, **pipes)
        while not has_open(process.pid, run / "lock"):
            time.sleep(0.02)
        changed(request_file, formatVersion=3)
    _, error = lines_of(process.stdout.read())
    assert (process.wait(60), error["code"]) == (3, "REQUEST_INVALID")
    assert "formatVersion is 3" in error["message"]  # and not 2, which it would have read at once


def test_photographs_that_cannot_be_trained_on_are_named_without_the_folders_of_the_machine(request_file, tmp_path):
    (tmp_path / "data" / "brass ring" / "ground_truth" / "rust" / "0_mask.png").unlink()
    (error,) = worked(request_file, tmp_path / "run")
    assert error["type"] == "error" and error["code"] == "DATA_INVALID"
    assert "brass ring/test/rust/0.png" in error["message"] and str(tmp_path) not in error["message"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "tiny", "version": "0.1.0"}, "version is 0.1.0, must differ from that of the bundle tiny 0.1.0"),
        ({"windows": {"steel": {"window": 32}}}, "windows.toml: products.steel: no such product in the data"),
    ],
)
def test_a_request_that_cannot_be_trained_is_refused(request_file, tmp_path, changes, message):
    (error,) = worked(changed(request_file, **changes), tmp_path / "run")
    assert error["code"] == "REQUEST_INVALID" and message in error["message"]
    assert str(tmp_path) not in error["message"]


def test_too_few_minutes_are_refused_not_trained(request_file, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "time.json").write_text('{"spent": 6, "trained": 0}')
    *_, error = worked(request_file, tmp_path / "run")
    assert (error["code"], error["message"]) == (
        "OUT_OF_TIME", "minutes is 0.1: they were over before training could begin; give more")  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"formatVersion": 2}, "formatVersion is 2, this version of the package reads 1"),
        ({"kind": "LORA"}, "/kind: 'LORA' is not one of"),
        ({"minutes": 0}, "/minutes: 0 is less than the minimum of 0.1"),
        ({"colour": 1}, "'colour' was unexpected"),
    ],
)
def test_a_request_is_checked_by_its_schema(request_file, changes, message):
    with pytest.raises(ValueError, match=message):
        read_request(changed(request_file, **changes))


def test_lines_are_few_and_bounded():
    output, now = io.StringIO(), iter(range(1, 1000))
    lines = Lines(output, clock=lambda: next(now) / 10)
    for done in range(101):
        lines.phase("adapter", done, 100, {"total": float("nan"), "mask": 0.5}, 3.21)
    for i in range(2 * MESSAGES):
        lines.tell(f"note: {i} {'x' * 5000}")
    written = lines_of(output.getvalue())
    phases = [line for line in written if line["type"] == "phase"]
    assert (phases[0]["done"], phases[-1]["done"]) == (0, 100) and len(phases) <= 12
    assert phases[0]["figures"] == {"mask": 0.5} and phases[0]["secondsLeft"] == 3.2
    assert len(written) - len(phases) == MESSAGES


def test_the_defaults_that_the_contract_names_are_those_of_the_package():
    properties = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"]
    rule = WindowRule()
    for name, described in properties["windows"]["additionalProperties"]["properties"].items():
        if "default" in described:
            assert described["default"] == getattr(rule, name), name
    assert properties["adapter_rank"]["default"] == OnboardingPlan(name="mine", version="1.0.0").adapter_rank
