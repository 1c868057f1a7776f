"""`onboard --adapter`: a small file beside the bundle, which is never changed."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import PROVENANCE, invoke, run_command
from onboarding_command import make_brass

from defectdiffu.checkpoints.adapter_runs import load_run
from defectdiffu.checkpoints.from_adapter import load_model
from defectdiffu.checkpoints.runs import Run, load
from defectdiffu.export.adapter import adapter_text
from defectdiffu.quantisation.graph_generator import bundle_generator
from defectdiffu.sampling.guidance import SampleRequest
from defectdiffu.training.adapter_onboarding import onboard_adapter
from defectdiffu.training.onboarding_plan import OnboardingPlan, Photographs

STEPS = 4


def options(models: Path, data: Path, run: Path, steps: int = STEPS) -> tuple[object, ...]:
    return ("onboard", "--adapter", "--bundle", models / "tiny" / "0.1.0", "--data", data, "--run", run,
            "--name", "brass", "--version", "1.0.0", "--steps", steps, "--threads", 1, "--no-verdict")  # fmt: skip


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def onboarded(exported, build_once) -> Path:
    """A folder with `models` (the bundle and the exported adapter), `data`, `run`, and the bundle's digests before."""

    def build(folder: Path) -> None:
        models, data = folder / "models", make_brass(folder / "data", photographs=2)
        shutil.copytree(exported, models / "tiny" / "0.1.0")
        (folder / "before.json").write_text(json.dumps(digests(models / "tiny" / "0.1.0")))
        (folder / "provenance.toml").write_text(PROVENANCE)
        run_command(*options(models, data, folder / "run"))
        run_command("export", "--run", folder / "run", "--provenance", folder / "provenance.toml", "--models", models)

    return build_once("adapter", build)


def adapter_folder(onboarded: Path) -> Path:
    return onboarded / "models" / "brass" / "1.0.0"


def test_the_bundle_stays_byte_for_byte_as_it_was(onboarded):
    assert digests(onboarded / "models" / "tiny" / "0.1.0") == json.loads((onboarded / "before.json").read_text())


def test_the_adapter_knows_its_own_words_and_its_bundle(onboarded):
    manifest = json.loads((adapter_folder(onboarded) / "adapter.json").read_text())
    assert manifest["vocabulary"]["products"] == ["brass ring"]
    assert manifest["vocabulary"]["defects"] == ["dent", "rust"]
    assert manifest["vocabulary"]["aliases"] == {"ding": "dent"}
    assert manifest["base"]["name"] == "tiny" and manifest["provenance"]["trainingSteps"] == STEPS
    assert sorted(path.name for path in adapter_folder(onboarded).iterdir()) == [
        "adapter.json",
        "modulation_change.onnx",
    ]


def test_training_changes_what_the_adapter_draws(onboarded):
    fresh, trained = load_run(Run(onboarded / "run")), load_run(Run(onboarded / "run"))
    with torch.no_grad():
        for up in fresh.adapter.up:
            up.weight.zero_()
    request = [SampleRequest("brass ring", "rust", 3, steps=2)]
    a, b = (model.generator().draw(request)[0].latent for model in (fresh, trained))
    assert not np.array_equal(a, b)


@pytest.mark.parametrize("open_generator", ["torch", "graphs"])
def test_the_exported_adapter_draws_as_the_run_does(onboarded, open_generator):
    folder, request = adapter_folder(onboarded), [SampleRequest("brass ring", "rust", 3, steps=3)]
    model = load_model(folder)
    exported = model.generator() if open_generator == "torch" else bundle_generator(folder, model, "fp32", 1)
    expected = load_run(Run(onboarded / "run")).generator().draw(request)[0]
    assert np.abs(exported.draw(request)[0].latent - expected.latent).max() < 5e-3  # weights as float16


def test_the_sample_command_draws_with_the_adapter(onboarded, tmp_path):
    command = ("sample", "--run", onboarded / "run", "--product", "brass ring", "--steps", 2, "--count", 1)
    run_command(*command, "--defect", "rust", "--out", tmp_path)
    assert (tmp_path / "brass_ring-rust-0.png").exists()
    refused = invoke(*command, "--defect", "scratch", "--out", tmp_path)  # a word of the bundle's only
    assert refused.exit_code == 1 and "scratch" in refused.output


def test_an_interrupted_adapter_resumes_to_the_same_weights(onboarded, tmp_path, monkeypatch):
    monkeypatch.setattr("defectdiffu.training.train_adapter.REPORT_EVERY_STEPS", 1)
    monkeypatch.setattr("defectdiffu.training.train_adapter.SAVE_EVERY_SECONDS", 0)

    def interrupt(stage: str, step: int, *_: object) -> None:
        if stage == "adapter" and step == 2:
            raise KeyboardInterrupt

    run, bundle = Run(tmp_path / "run"), onboarded / "models" / "tiny" / "0.1.0"
    plan = OnboardingPlan(name="brass", version="1.0.0", steps=STEPS, adapter=True)
    with pytest.raises(KeyboardInterrupt):
        onboard_adapter(run, bundle, Photographs(onboarded / "data"), plan, interrupt)
    assert load(run.adapter)["step"] == 1
    run_command(*options(onboarded / "models", onboarded / "data", run.directory))
    resumed, uninterrupted = load(run.adapter), load(Run(onboarded / "run").adapter)
    assert resumed["step"] == STEPS
    for name, tensor in uninterrupted["adapter"].items():
        assert torch.equal(resumed["adapter"][name], tensor), name


def test_slow_steps_are_reported_by_time(onboarded, tmp_path, monkeypatch):
    monkeypatch.setattr("defectdiffu.training.train_adapter.REPORT_EVERY_SECONDS", 0)
    steps: list[int] = []
    plan = OnboardingPlan(name="brass", version="1.0.0", steps=STEPS, adapter=True)
    report = lambda stage, step, *_: steps.append(step) if stage == "adapter" else None  # noqa: E731
    bundle = onboarded / "models" / "tiny" / "0.1.0"
    onboard_adapter(Run(tmp_path / "run"), bundle, Photographs(onboarded / "data"), plan, report)
    assert steps == [1, 2, 3, 4]  # and not only the last one, as every 20th would be


def test_more_steps_continue_and_other_options_are_refused(onboarded, tmp_path):
    run = shutil.copytree(onboarded / "run", tmp_path / "run")
    command = options(onboarded / "models", onboarded / "data", run, steps=STEPS + 2)
    run_command(*command)
    assert load(Run(run).adapter)["step"] == STEPS + 2
    refused = invoke(*command, "--adapter-rank", 8)
    assert refused.exit_code == 1 and "adapter_rank is 8, but" in refused.output


def test_placement_is_measured_for_the_words_of_the_adapter(onboarded, tmp_path):
    models = shutil.copytree(onboarded / "models", tmp_path / "models")
    folder = models / "brass" / "1.0.0"
    before = json.loads((folder / "adapter.json").read_text())
    run_command("placement", "--bundle", folder, "--data", onboarded / "data")
    after = json.loads((folder / "adapter.json").read_text())
    assert sorted(after["placement"]["shapes"]) == ["brass ring/dent", "brass ring/rust"]
    assert {key: after[key] for key in before} == before
    load_model(folder)


def test_an_adapters_manifest_with_a_number_that_is_not_finite_is_refused(onboarded):
    manifest = json.loads((adapter_folder(onboarded) / "adapter.json").read_text())
    manifest["provenance"]["figures"] = {"frechet": float("nan")}
    with pytest.raises(ValueError, match="not JSON compliant"):
        adapter_text(manifest)


def test_an_adapter_is_refused_beside_another_bundle(onboarded, tmp_path):
    models = shutil.copytree(onboarded / "models", tmp_path / "models")
    path = models / "tiny" / "0.1.0" / "bundle.json"
    manifest = json.loads(path.read_text())
    manifest["components"]["denoiser"]["variants"][0]["sha256"] = "0" * 64
    path.write_text(json.dumps(manifest))
    with pytest.raises(ValueError, match=r"belongs to tiny 0.1.0, but the denoiser of .* is another"):
        load_model(models / "brass" / "1.0.0")
    shutil.rmtree(path.parent)
    with pytest.raises(FileNotFoundError, match=r"belongs to tiny 0.1.0, which is not at"):
        load_model(models / "brass" / "1.0.0")


def test_an_adapter_is_not_exported_away_from_its_bundle(onboarded, tmp_path):
    provenance = onboarded / "provenance.toml"
    refused = invoke("export", "--run", onboarded / "run", "--provenance", provenance, "--models", tmp_path)
    assert refused.exit_code == 1 and "has no tiny 0.1.0, to which the adapter belongs" in " ".join(
        refused.output.split()
    )


def test_shared_defects_are_told_once_and_the_product_is_not(onboarded, tmp_path, monkeypatch):
    monkeypatch.setattr("defectdiffu.training.adapter_onboarding.train_adapter", lambda *arguments: None)
    monkeypatch.setattr(
        "defectdiffu.training.adapter_onboarding.load_adapter_run", lambda run: load_run(Run(onboarded / "run"))
    )
    data = shutil.copytree(onboarded / "data", tmp_path / "data")
    (data / "brass ring").rename(data / "tin ring")  # an adapter's new product begins as no product, whatever its name
    command = options(onboarded / "models", data, tmp_path / "run")
    notes = [line for line in invoke(*command).output.splitlines() if line.startswith("note: ")]
    assert notes == [
        "note: 'dent': the model reads this defect of tin ring as that of tin, and carries over what it learns of it. "
        f'To keep one apart: defectdiffu-train check --data {data} --keep-apart "tin ring/dent"'
    ]
    assert "note" not in invoke(*command).output


def test_replay_is_refused_because_nothing_is_forgotten(onboarded, tmp_path):
    refused = invoke(*options(onboarded / "models", onboarded / "data", tmp_path / "run"), "--replay", tmp_path)
    assert refused.exit_code == 1 and "--adapter takes no --replay" in refused.output


def test_a_frozen_background_part_learns_nothing_and_the_others_do(onboarded, tmp_path):
    run, bundle = Run(tmp_path / "run"), onboarded / "models" / "tiny" / "0.1.0"
    plan = OnboardingPlan(name="brass", version="1.0.0", steps=STEPS, adapter=True, freeze_background=True)
    onboard_adapter(run, bundle, Photographs(onboarded / "data"), plan, lambda *_: None)
    trained = load_run(run)
    phrases = ["a photo of brass ring", "a photo of rust", "a photo of rust brass ring"]
    with torch.no_grad():
        background, defect, fusion = trained.adapter(torch.tensor([10, 500]), trained.adapter.encode(phrases[:2]))
        product, *others = trained.adapter.encode(phrases)
        nothing, *began = trained.module.text.encode(["a photo of industry", "a photo of rust", phrases[2]])
    assert not background.any() and defect.any() and fusion.any()
    assert torch.allclose(product, nothing, atol=1e-6)
    assert not any(torch.allclose(now, before, atol=1e-6) for now, before in zip(others, began, strict=True))
