"""A run that is continued must find the photographs and windows that it began with."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import invoke, make_data_set, with_test_half, write_image
from onboarding_command import make_brass
from onboarding_command import options as onboarding

from defectdiffu.checkpoints.runs import Run

OTHER_MASK = Path("tin/ground_truth/dent/0_mask.png")


@pytest.fixture
def run(trained, tmp_path) -> Path:
    return shutil.copytree(trained / "run", tmp_path / "run")


def train(trained: Path, run: Path, data: Path, *more: object):
    result = invoke("train", "--data", data, "--run", run, "--preset", trained / "tiny.toml", "--steps", 40,
                    "--threads", 1, *more)  # fmt: skip
    return result.exit_code, " ".join(result.output.split())


def windows(folder: Path, text: str) -> Path:
    (folder / "windows.toml").write_text(text)
    return folder / "windows.toml"


def with_other_mask(data: Path) -> Path:
    mask = np.zeros((40, 40), np.uint8)
    mask[4:12, 4:12] = 255
    write_image(data / OTHER_MASK, mask)
    return data


def test_photographs_that_were_put_into_the_test_split_are_not_learnt_further(trained, run, tmp_path):
    code, told = train(trained, run, with_test_half(trained / "data", tmp_path / "data"))
    assert code == 1 and "photographs gone from data: 5, such as felt/" in told
    assert "give another folder for the run, or restore that data" in told


def test_a_run_goes_on_wherever_its_photographs_lie(trained, run, tmp_path):
    assert train(trained, run, shutil.copytree(trained / "data", tmp_path / "data"))[0] == 0


def test_a_corrected_mask_needs_another_run(trained, run, tmp_path):
    data = with_other_mask(shutil.copytree(trained / "data", tmp_path / "data"))
    code, told = train(trained, run, data)
    assert code == 1 and "(photographs changed in data: 1, such as tin/test/dent/0.png)" in told


def test_a_corrected_window_needs_another_run(trained, run, tmp_path):
    rules = windows(tmp_path, "[default]\nwindow = 16\n")
    code, told = train(trained, run, trained / "data", "--windows", rules)
    assert code == 1 and "window of felt in data was 128, is 16" in told


def test_a_weight_may_change_for_it_only_says_how_often_windows_are_drawn(trained, run, tmp_path):
    rules = windows(tmp_path, "[products.felt]\nweight = 2\n[products.tin]\n")
    assert train(trained, run, trained / "data", "--windows", rules)[0] == 0


def test_a_run_of_an_earlier_version_goes_on_with_a_warning(trained, run):
    (run / "data.json").unlink()
    code, told = train(trained, run, trained / "data")
    assert code == 0 and "was begun by an earlier version, which did not record the data" in told
    assert not (run / "data.json").exists()  # what it has learnt from is not known


def test_a_run_that_has_learnt_nothing_yet_may_begin_with_other_photographs(trained, run, tmp_path):
    for name in ("autoencoder.pt", "latent_cache.pt", "denoiser.pt"):
        (run / name).unlink()
    assert train(trained, run, with_test_half(trained / "data", tmp_path / "data"))[0] == 0


@pytest.fixture
def untrained(monkeypatch) -> None:
    """Onboarding prepares the run but does not train it."""
    for name in ("onboarding.train_denoiser", "adapter_onboarding.train_adapter", "adapter_onboarding._save_grid"):
        monkeypatch.setattr(f"defectdiffu.training.{name}", lambda *arguments, **options: None)


@pytest.mark.parametrize("kind", [(), ("--adapter", "--name", "brass")])
def test_an_onboarding_is_continued_with_the_same_photographs_and_windows_only(exported, tmp_path, untrained, kind):
    run, brass = Run(tmp_path / "run"), make_brass(tmp_path / "brass")
    rules = windows(tmp_path, "[default]\nwindow = 32\n")
    command = (*onboarding(exported, brass, run.directory), "--windows", rules, *kind)
    assert invoke(*command).exit_code == 0
    assert invoke(*command).exit_code == 0
    windows(tmp_path, "[default]\nwindow = 24\n")
    (brass / "brass ring" / "train" / "good" / "0.png").unlink()
    refused = invoke(*command)
    told = " ".join(refused.output.split())
    assert refused.exit_code == 1 and "gone from data: 1, such as brass ring/train/good/0.png" in told
    assert "window of brass ring in data was 32, is 24" in told


def test_an_onboarding_is_continued_with_the_same_photographs_for_replay_only(exported, tmp_path, untrained):
    run, brass, old = Run(tmp_path / "run"), make_brass(tmp_path / "brass"), make_data_set(tmp_path / "old")
    command = (*onboarding(exported, brass, run.directory), "--replay", old)
    assert invoke(*command).exit_code == 0
    with_other_mask(old)
    refused = invoke(*command)
    assert refused.exit_code == 1 and "photographs changed in replay: 1, such as" in " ".join(refused.output.split())
