"""What the tests share: one thread, small configurations, a small data set, and the run and bundle made from it."""

from __future__ import annotations

import csv
import os
import shutil

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when PyTorch is imported; child processes inherit it
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the same for NumPy

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import Result
from filelock import FileLock
from PIL import Image
from tiny_settings import PROVENANCE, TINY_PRESET
from typer.testing import CliRunner

from defectdiffu.cli import app
from defectdiffu.config import DenoiserConfig
from defectdiffu.evaluation.plan import EvaluationPlan
from defectdiffu.files.onnx_files import write_onnx
from defectdiffu.model.tdia import TDIA, Rows

torch.set_num_threads(1)  # the tensors here are too small to share out

TINY = DenoiserConfig(
    latent_size=8,
    hidden_size=32,
    heads=2,
    cross_heads=2,
    background_blocks=2,
    defect_blocks=2,
    fusion_blocks=1,
    text_dim=16,
    local_width=8,
)


@pytest.fixture
def awake() -> Callable[..., TDIA]:
    """Builds a TDIA with every weight moved off its initial value, so that no zero-initialised part is inactive."""

    def build(seed: int = 0, **changes) -> TDIA:
        torch.manual_seed(seed)
        denoiser = TDIA(replace(TINY, **changes))
        with torch.no_grad():
            for parameter in denoiser.parameters():
                if parameter.requires_grad:
                    parameter.add_(torch.randn_like(parameter) * 0.1)
        return denoiser.eval()

    return build


def plain_rows(count: int, dim: int = TINY.text_dim, seed: int = 1) -> Rows:
    """One row per sample, each with its own three texts."""
    generator = torch.Generator().manual_seed(seed)
    background, defect, fusion = torch.nn.functional.normalize(torch.randn(3, count, dim, generator=generator), dim=-1)
    return Rows(torch.arange(count), background, torch.arange(count), defect, fusion)


@pytest.fixture
def data_set(tmp_path: Path) -> Path:
    return make_data_set(tmp_path / "data")


def make_data_set(root: Path, size: int = 40) -> Path:
    """Two products, "tin" with scratches and dents, "felt" with holes: dark squares and strokes, with masks."""
    rng = np.random.default_rng(0)
    for product, base, defects in (("tin", 170, ("scratch", "dent")), ("felt", 90, ("hole",))):
        for i in range(3):
            write_image(root / product / "train" / "good" / f"{i}.png", texture(rng, base, size))
        for defect in defects:
            for i in range(3):
                image, mask = texture(rng, base, size), np.zeros((size, size), np.uint8)
                top, left = rng.integers(8, size - 16, 2)
                mask[top : top + (3 if defect == "scratch" else 8), left : left + 8] = 255
                image[mask > 0] = 20
                write_image(root / product / "test" / defect / f"{i}.png", image)
                write_image(root / product / "ground_truth" / defect / f"{i}_mask.png", mask)
    return root


def with_test_half(source: Path, data: Path) -> Path:
    """A copy of a data set of `make_data_set`, one image of every folder in the test split."""
    shutil.copytree(source, data)
    images = sorted(path for path in data.rglob("*.png") if "ground_truth" not in path.parts)
    with (data / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "split"])
        for path in images:
            writer.writerow([path.relative_to(data), "test" if path.stem == "2" else "train"])
    return data


def texture(rng: np.random.Generator, base: int, size: int) -> np.ndarray:
    return (base + rng.integers(-25, 25, (size, size, 3))).astype(np.uint8)


def write_image(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture(scope="session")
def build_once(tmp_path_factory, request) -> Callable[[str, Callable[[Path], None]], Path]:
    """Builds a folder once for all workers of pytest-xdist. The other workers wait for it and must not change it."""
    root = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        root = root.parent  # of the folders of all workers

    def build_folder(name: str, build: Callable[[Path], None]) -> Path:
        folder, finished = root / name, root / f"{name}.finished"
        with FileLock(root / f"{name}.lock"):
            if not finished.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                build(folder)
                finished.touch()
        return folder

    return build_folder


def invoke(*arguments: object) -> Result:
    """Runs the command line in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run_command(*arguments: object) -> Result:
    """Like `invoke`, for a command that must succeed."""
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="session")
def trained(build_once) -> Path:
    """A folder with a data set `data`, a preset `tiny.toml`, and `run`: forty uninterrupted steps of training."""

    def build(folder: Path) -> None:
        data = make_data_set(folder / "data")
        (folder / "tiny.toml").write_text(TINY_PRESET)
        run_command("train", "--data", data, "--run", folder / "run", "--preset", folder / "tiny.toml",
                    "--steps", 40, "--threads", 1)  # fmt: skip

    return build_once("trained", build)


@pytest.fixture(scope="session")
def halved(trained, tmp_path_factory) -> Path:
    """The data set that the model was trained on, with one image of every folder in the test split."""
    return with_test_half(trained / "data", tmp_path_factory.mktemp("halved") / "data")


@pytest.fixture(scope="module")
def few_windows() -> Iterator[None]:
    """Lets `evaluate` and `ablate` cut few windows: each group of the tests' data set has three photographs."""
    with pytest.MonkeyPatch.context() as patch:
        plan = partial(EvaluationPlan, windows=12, strength_seeds=4)
        patch.setattr("defectdiffu.evaluation.plan.EvaluationPlan", plan)
        patch.setattr("defectdiffu.evaluation.sections.CLASSIFIER_WINDOWS", 24)
        yield


@pytest.fixture(scope="session")
def exported(trained, build_once) -> Path:
    """The bundle that `export` makes of `trained`. Nothing in the tests takes longer than tracing its graphs."""

    def build(folder: Path) -> None:
        (folder / "provenance.toml").write_text(PROVENANCE)
        run_command("export", "--run", trained / "run", "--provenance", folder / "provenance.toml", "--models", folder)

    return build_once("models", build) / "tiny" / "0.1.0"


@pytest.fixture
def copied_graphs(exported, monkeypatch) -> None:
    """Makes `export` copy the graphs of `exported` instead of tracing its model: for tests of the manifest."""
    copy_graphs(exported, monkeypatch)


def copy_graphs(exported: Path, monkeypatch: pytest.MonkeyPatch, traced: tuple[str, ...] = ()) -> None:
    """`traced`: the components whose graphs are still traced."""

    def copy(module, path: Path, *arguments) -> None:
        if path.stem in traced:
            write_onnx(module, path, *arguments)
        else:
            shutil.copy(exported / path.name, path)

    monkeypatch.setattr("defectdiffu.export.bundle.write_onnx", copy)
