"""What onboarding tells the user: weak photographs, shared words, image grids, and progress."""

from __future__ import annotations

import pytest
from conftest import invoke
from onboarding_command import make_brass, options
from PIL import Image

from defectdiffu.sampling.image_grids import GAP


@pytest.fixture
def brass(tmp_path):
    return make_brass(tmp_path / "brass")


@pytest.fixture
def untrained(monkeypatch):
    monkeypatch.setattr("defectdiffu.training.onboarding.train_denoiser", lambda *arguments, **options: None)


def test_weak_photographs_and_shared_words_are_told_before_training(exported, brass, tmp_path, untrained):
    (tmp_path / "windows.toml").write_text("[products.brass_ring]\nwindow = 64\n")
    command = (*options(exported, brass, tmp_path / "run"), "--windows", tmp_path / "windows.toml")
    output = invoke(*command).output
    assert "warning: brass ring/rust: 3 photograph(s) to learn from, should be at least 10" in output
    assert "warning: brass ring/rust: 3 photograph(s) are smaller than the window, 64 pixels" in output
    assert "note: 'dent': the model reads this defect of brass ring as that of tin" in output
    assert "'rust': the model" not in output
    assert "warning" not in invoke(*command).output  # told once, when the run was made


def test_image_grids_show_the_new_pairs_and_the_last_one_shows_all(exported, brass, tmp_path, monkeypatch):
    monkeypatch.setattr("defectdiffu.training.train.FIRST_GRID_SECONDS", 0)
    result = invoke(*options(exported, brass, tmp_path / "run"), "--steps", 2)
    assert f"image grids: {tmp_path / 'run' / 'sample_grids'}, the first one minute after training" in result.output
    first, last = sorted((tmp_path / "run" / "sample_grids").iterdir())
    rows = lambda path: Image.open(path).height // (32 + GAP)  # noqa: E731
    assert (rows(first), rows(last)) == (2, 5)


def test_progress_counts_the_steps_of_the_call(exported, brass, tmp_path):
    command = options(exported, brass, tmp_path / "run")
    output = invoke(*command, "--steps", 2).output
    assert "denoiser     0/2" in output and "denoiser     2/2 " in output
    assert "denoiser     3/3 " in invoke(*command, "--steps", 5).output
