"""The command line draws samples from a trained run and exports a valid bundle."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import onnxruntime
import pytest
import torch
from conftest import PROVENANCE, copy_graphs, invoke, run_command
from PIL import Image

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.checkpoints.runs import Run, save
from defectdiffu.checkpoints.trained_model import load_trained
from defectdiffu.model.autoencoder import build_autoencoder
from defectdiffu.model.components import round_to_float16

SCHEMA = Path(__file__).resolve().parents[2] / "models" / "bundle.schema.json"


@pytest.fixture(scope="module")
def provenance(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("provenance") / "provenance.toml"
    path.write_text(PROVENANCE)
    return path


def manifest_of(bundle: Path) -> dict:
    return json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))


def test_sample_writes_image_mask_and_overlay(trained, tmp_path):
    result = invoke(
        "sample", "--run", trained / "run", "--product", "tin", "--defect", "dent", "--out", tmp_path,
        "--count", 2, "--seed", 7, "--steps", 4, "--strength", 2,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    names = {f"tin-dent-{seed}{kind}.png" for seed in (7, 8) for kind in ("", "_mask", "_overlay")}
    assert {path.name for path in tmp_path.iterdir()} == names
    image, mask = Image.open(tmp_path / "tin-dent-7.png"), np.asarray(Image.open(tmp_path / "tin-dent-7_mask.png"))
    assert image.size == (32, 32) and image.mode == "RGB"
    assert mask.shape == (32, 32) and set(np.unique(mask)) <= {0, 255}


def test_sample_of_the_normal_state_has_an_empty_mask(trained, tmp_path):
    result = invoke(
        "sample", "--run", trained / "run", "--product", "felt", "--defect", "good", "--out", tmp_path,
        "--count", 1, "--steps", 2,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert not np.asarray(Image.open(tmp_path / "felt-good-0_mask.png")).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--product", "brass", "--defect", "dent"), "product 'brass' is not in the model's vocabulary: felt, tin"),
        (
            ("--product", "tin", "--defect", "rust"),
            "defect 'rust' is not in the model's vocabulary: dent, hole, scratch, good",
        ),
        (("--product", "tin", "--defect", "dent", "--sampler", "EULER"), "sampler is 'EULER', must be DDPM, DDIM,"),
        (("--product", "tin", "--defect", "dent", "--guidance", "FREE"), "guidance is 'FREE', must be DOUBLE_FREE or"),
        (("--product", "tin", "--defect", "dent", "--steps", "1000"), "steps is 1000, must be 1 to 999"),
    ],
)
def test_the_refusal_of_an_impossible_sample_lists_the_choices(trained, tmp_path, options, message):
    result = invoke("sample", "--run", trained / "run", "--out", tmp_path, *options)
    assert result.exit_code == 1 and message in " ".join(result.output.split())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["sample", "export"])
def test_an_untrained_run_is_refused(command, provenance, tmp_path):
    options = ("--provenance", provenance) if command == "export" else ("--product", "tin", "--defect", "dent")
    result = invoke(command, "--run", tmp_path / "nowhere", *options)
    assert result.exit_code == 1 and "no training run here" in result.output


def test_the_manifest_fits_the_schema(exported):
    jsonschema.validate(manifest_of(exported), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_manifest_says_what_was_trained(exported):
    manifest = manifest_of(exported)
    assert manifest["vocabulary"]["products"] == ["felt", "tin"]
    assert manifest["vocabulary"]["trainedPairs"] == [["felt", "hole"], ["tin", "dent"], ["tin", "scratch"]]
    assert manifest["vocabulary"]["aliases"] == {"ding": "dent"}
    assert manifest["image"]["width"] == 32 and manifest["latent"]["width"] == 4
    assert manifest["schedule"]["predictionType"] == "epsilon"  # the graph turns v into noise
    assert (manifest["provenance"]["trainingSteps"], manifest["provenance"]["samplesSeen"]) == (40, 160)
    assert manifest["license"]["sources"][0]["product"] == "tin"


def test_the_manifest_lists_every_file_with_its_hash_and_size(exported):
    manifest = manifest_of(exported)
    named = {manifest["tokenizer"]["file"]: (manifest["tokenizer"]["sha256"], None)}
    for component in manifest["components"].values():
        named |= {v["file"]: (v["sha256"], v["bytes"]) for v in component["variants"]}
    assert {path.name for path in exported.iterdir()} == {*named, "bundle.json"}
    for name, (digest, size) in named.items():
        content = (exported / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
        assert size in (None, len(content))


def test_the_graphs_have_the_inputs_and_outputs_that_the_manifest_names(exported):
    for component in manifest_of(exported)["components"].values():
        session = onnxruntime.InferenceSession(str(exported / component["variants"][0]["file"]))
        assert [node.name for node in session.get_inputs()] == component["inputs"]
        assert [node.name for node in session.get_outputs()] == component["outputs"]


def test_the_bundle_computes_the_same_as_the_averaged_weights_of_the_run(exported, trained):
    model = load_trained(Run(trained / "run"))
    round_to_float16(model.module)
    round_to_float16(model.autoencoder)
    phrases = ["a photo of tin", "a photo of dent"]
    run = lambda name, feeds: onnxruntime.InferenceSession(str(exported / f"{name}.onnx")).run(None, feeds)[0]  # noqa: E731
    with torch.no_grad():
        ids, latent = model.module.text.ids(phrases), torch.randn(2, 4, 4, 4)
        text, image = model.module.text(ids), model.autoencoder.decode(latent)
    assert np.abs(run("text_encoder", {"input_ids": ids.numpy()}) - text.numpy()).max() <= 1e-4
    assert np.abs(run("image_decoder", {"latent": latent.numpy()}) - image.numpy()).max() <= 1e-4


def test_a_decoder_with_fine_blocks_survives_the_round_trip_through_a_bundle(
    trained, exported, provenance, tmp_path, monkeypatch
):
    run = Run(tmp_path / "run")
    shutil.copytree(trained / "run", run.directory)
    config = json.loads((run.directory / "config.json").read_text())
    config["autoencoder"] |= {"fine_width": 4, "fine_blocks": 1}
    (run.directory / "config.json").write_text(json.dumps(config))
    torch.manual_seed(0)
    fine = build_autoencoder(run.config().autoencoder)
    for parameter in fine.parameters():  # awake: zeros would be left out of the graph
        parameter.data += 0.05 * torch.randn_like(parameter)
    save(run.autoencoder, {"model": fine.state_dict(), "step": 60, "finished": True})
    copy_graphs(exported, monkeypatch, traced=("image_decoder", "image_encoder"))
    run_command("export", "--run", run.directory, "--provenance", provenance, "--models", tmp_path / "models")
    bundle = tmp_path / "models" / "tiny" / "0.1.0"
    latent = torch.randn(2, fine.latent_mean.shape[1], 4, 4)
    session = onnxruntime.InferenceSession(bundle / "image_decoder.onnx")
    (pixels,) = session.run(None, {session.get_inputs()[0].name: latent.numpy()})
    with torch.no_grad():
        expected = fine.decode(latent)
        assert expected.shape == (2, 3, 32, 32)
        torch.testing.assert_close(torch.from_numpy(pixels), expected, atol=2e-2, rtol=0)
        torch.testing.assert_close(load_bundle(bundle).autoencoder.decode(latent), expected, atol=2e-2, rtol=0)


def test_a_bundle_that_violates_the_schema_is_not_written(trained, tmp_path):
    models, provenance = tmp_path / "models", tmp_path / "provenance.toml"
    provenance.write_text('description = "d"\nlicense = "l"\nterms = "t"\ndataset = "s"\nsources = "mine"\n')
    result = invoke("export", "--run", trained / "run", "--provenance", provenance, "--models", models)
    assert result.exit_code == 1 and "license.sources: 'mine' is not of type 'array'" in result.output
    provenance.write_text(PROVENANCE + '[defaults]\nguidance = "FREE"\n')
    result = invoke("export", "--run", trained / "run", "--provenance", provenance, "--models", models)
    assert result.exit_code == 1 and "defaults.guidance: 'FREE' is not one of" in result.output
    assert not models.exists()


def test_a_failed_export_leaves_no_files(trained, provenance, copied_graphs, tmp_path, monkeypatch):
    monkeypatch.setattr("defectdiffu.export.bundle.build_manifest", lambda *given: {"formatVersion": 2})
    models = tmp_path / "models"
    result = invoke("export", "--run", trained / "run", "--provenance", provenance, "--models", models)
    assert result.exit_code == 1 and "the bundle would be refused by the service" in result.output
    assert list(models.glob("*/*")) == []


def test_more_samples_than_remaining_seeds_are_refused(trained):
    seed = 2**31 - 1
    options = ("--product", "tin", "--defect", "dent", "--seed", seed, "--count", 2)
    result = invoke("sample", "--run", trained / "run", *options)
    assert result.exit_code == 1 and f"seed is {seed}, must be at most {seed - 1} for 2 samples" in result.output


@pytest.mark.parametrize(
    ("file", "spoil", "message"),
    [
        ("tokenizer.json", lambda path: path.unlink(), "tokenizer.json: cannot be read as a tokenizer"),
        ("tokenizer.json", lambda path: path.write_text("{"), "tokenizer.json: cannot be read as a tokenizer"),
        ("denoiser.onnx", lambda path: path.write_bytes(path.read_bytes()[:-100]), "denoiser.onnx: damaged"),
        ("bundle.json", lambda path: edit(path, "vocabulary", "products", 3), "vocabulary.products is 3, must be"),
        ("bundle.json", lambda path: edit(path, "provenance", "trainingSteps", "many"), "trainingSteps is 'many'"),
    ],
)
def test_an_error_names_the_damaged_file_of_a_bundle(exported, tmp_path, file, spoil, message):
    copy = Path(shutil.copytree(exported, tmp_path / "bundle"))
    spoil(copy / file)
    with pytest.raises(ValueError, match=message):
        load_bundle(copy)


def edit(path: Path, section: str, key: str, value) -> None:
    manifest = json.loads(path.read_text())
    manifest[section][key] = value
    path.write_text(json.dumps(manifest))


def test_a_folder_in_place_of_the_figures_is_refused_first(trained, tmp_path, monkeypatch):
    monkeypatch.setattr("defectdiffu.evaluation.strength.measure_strength", None)
    result = invoke("strength", "--run", trained / "run", "--out", tmp_path)
    assert result.exit_code == 1 and "which is a folder; give a file" in result.output


def test_an_existing_version_is_refused_and_unchanged(exported, trained, provenance):
    before = (exported / "bundle.json").read_bytes()
    models = exported.parents[1]
    result = invoke("export", "--run", trained / "run", "--provenance", provenance, "--models", models)
    assert result.exit_code == 1 and "this version exists" in " ".join(result.output.split())
    assert (exported / "bundle.json").read_bytes() == before


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (PROVENANCE, ("--version", "next"), "version is 'next', must be three numbers"),
        (PROVENANCE.replace("license", "licence", 1), (), "missing license"),
        ("description = ", (), "not TOML"),
    ],
)
def test_a_bundle_that_the_service_would_refuse_is_not_written(trained, tmp_path, text, options, message):
    (tmp_path / "provenance.toml").write_text(text)
    result = invoke(
        "export",
        "--run",
        trained / "run",
        "--provenance",
        tmp_path / "provenance.toml",
        "--models",
        tmp_path / "m",
        *options,
    )
    assert result.exit_code == 1 and message in " ".join(result.output.split())
    assert not (tmp_path / "m").exists()
