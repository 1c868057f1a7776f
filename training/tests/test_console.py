"""Progress in a file: regular lines instead of a bar; and the installed command starts."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

import defectdiffu.cli.console
from defectdiffu.cli.console import LINE_SECONDS, bar, progress_reporter, time_left


@pytest.fixture
def said(monkeypatch):
    """What was written, line by line; `at` sets the clock."""
    out, now = io.StringIO(), [0.0]
    monkeypatch.setattr(defectdiffu.cli.console, "console", Console(file=out))
    monkeypatch.setattr(defectdiffu.cli.console.time, "monotonic", lambda: now[0])

    class Said:
        lines = property(lambda self: [line.split(" ", 1)[1].split() for line in out.getvalue().splitlines()])

        def at(self, seconds: float) -> None:
            now[0] = seconds

    return Said()


def test_a_phase_prints_a_line_at_its_beginning_and_end_and_every_half_minute(said):
    with bar() as progress:
        show = progress_reporter(progress)
        for second in range(0, 70, 10):
            said.at(second)
            show("denoiser", second, 100, {"loss": second / 8})
        show("denoiser", 100, 100, {"loss": 1.0})
    assert LINE_SECONDS == 30
    assert said.lines == [
        ["denoiser", "0/100", "loss", "0.0000"],
        ["denoiser", "30/100", "70", "s", "left", "loss", "3.7500"],
        ["denoiser", "60/100", "40", "s", "left", "loss", "7.5000"],
        ["denoiser", "100/100", "loss", "1.0000"],
    ]


def test_each_phase_begins_with_its_own_line(said):
    with bar() as progress:
        show = progress_reporter(progress)
        show("autoencoder", 1, 9, {})
        show("cache", 1, 9, {})
    assert [words[0] for words in said.lines] == ["autoencoder", "cache"]


def test_progress_stays_on_one_line_with_many_figures(said):
    with bar() as progress:
        progress_reporter(progress)(
            "denoiser", 16_000, 40_000, {name: 123.456 for name in ("total", "noise", "defect", "mask", "ratio")}
        )
    assert len(said.lines) == 1 and said.lines[0][-1] == "123.4560"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (40.4, "40 s left"),
        (89, "89 s left"),
        (91, "2 min left"),
        (5370, "1 h 30 min left"),
        (12_000, "3 h 20 min left"),
    ],
)
def test_the_time_left_is_rounded(seconds, words):
    assert time_left(seconds) == words


def test_the_installed_command_starts():
    command = Path(sys.executable).with_name("defectdiffu-train")
    answer = subprocess.run([command, "--help"], capture_output=True, text=True)
    assert answer.returncode == 0 and "onboard" in answer.stdout, answer.stderr
