"""`import`: a released checkpoint, with the user's own autoencoder and text weights, becomes a bundle."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import onnxruntime
import pytest
import torch
from conftest import copy_graphs, invoke, make_data_set, run_command
from released_weights import PRESET, PROVENANCE, WORDS, write_released_weights
from safetensors.torch import load_file, save_file
from test_released_checkpoints import released

from defectdiffu.checkpoints.importing import with_weights
from defectdiffu.checkpoints.origin import load_origin, with_origin
from defectdiffu.checkpoints.runs import Run, load
from defectdiffu.config import load_config
from defectdiffu.export.bundle import MODULATIONS
from defectdiffu.export.manifest import read_provenance


@pytest.fixture
def user(tmp_path):
    """The user's disk: checkpoints, an autoencoder and a text encoder in their published layouts, and TOML files."""
    write_released_weights(tmp_path)
    return tmp_path


def import_from(user, checkpoint: str = "released.pt", **changed):
    options = {"run": "run", "preset": "preset.toml", "words": "words.toml", "autoencoder": "vae"} | changed
    named = []
    for name, value in options.items():
        named += [f"--{name}", user / value if isinstance(value, str) else value]
    return invoke("import", "--checkpoint", user / checkpoint, "--text-encoder", user / "clip", *named)


def for_export(user, provenance: str = PROVENANCE) -> dict:
    """The provenance that `export` uses: the user's file joined with the origin that the run recorded."""
    (user / "provenance.toml").write_text(provenance)
    return with_origin(read_provenance(user / "provenance.toml"), load_origin(Run(user / "run")))


def test_a_released_checkpoint_keeps_its_guidance_unless_the_user_sets_another(user):
    assert import_from(user).exit_code == 0
    assert for_export(user)["defaults"] == {"guidance": "PRODUCT_RELATIVE"}
    own = for_export(user, PROVENANCE + '[defaults]\nguidance = "DOUBLE_FREE"\n')
    assert own["defaults"] == {"guidance": "DOUBLE_FREE"}


def test_a_plain_dit_gets_the_default_guidance(user):
    assert import_from(user, "dit.pt").exit_code == 0
    assert for_export(user)["defaults"] == {}


def test_a_checkpoint_for_another_image_size_needs_only_the_size_option(user):
    (user / "preset.toml").write_text(PRESET + "[autoencoder_training]\ncrop = 32\n")
    preset = load_config(str(user / "preset.toml")).denoiser
    torch.save(released(replace(preset, latent_size=4)), user / "small.pt")
    refused = import_from(user, "small.pt")
    assert refused.exit_code == 1, refused.output
    assert "pos_embed is [1, 4, 32], must be [1, 16, 32] (it is for images of 32 px: --size 32)" in refused.output
    taken = import_from(user, "small.pt", size=32)
    assert taken.exit_code == 0, taken.output
    config = Run(user / "run").config()
    assert (config.image_size, config.denoiser.latent_size) == (32, 4)
    assert load(Run(user / "run").denoiser)["model"]["denoiser.pos_embed"].shape == (1, 4, 32)


@pytest.mark.parametrize("size", [8, 250])
def test_a_size_that_is_not_a_multiple_of_the_patches_is_refused(user, size):
    result = import_from(user, size=size)
    assert result.exit_code == 1 and f"size is {size}, must be a multiple of 16" in result.output


@pytest.mark.parametrize("checkpoint", ["dit.pt", "released.pt"])
def test_a_model_from_dit_weights_is_licensed_for_non_commercial_use_only(user, checkpoint):
    assert import_from(user, checkpoint).exit_code == 0
    joined = for_export(user, PROVENANCE.replace("CC-BY-NC-4.0", "CC0-1.0"))
    assert joined["license"] == "CC-BY-NC-4.0 AND CC0-1.0"
    assert "Non-commercial use only" in joined["terms"] and "DiT" in joined["terms"]


def test_a_released_checkpoint_becomes_a_bundle_that_computes_with_its_values(user, exported, monkeypatch):
    result = import_from(user)
    assert result.exit_code == 0 and "defectdiffu" in result.output, result.output
    # test_export_parity.py traces the two graphs of a kl autoencoder.
    copy_graphs(exported, monkeypatch, traced=("text_encoder", "modulation", "denoiser"))
    arguments = ("--run", user / "run", "--provenance", user / "provenance.toml", "--models", user / "models")
    run_command("export", *arguments, "--external-data")
    bundle = user / "models" / "imported" / "1.0.0"
    manifest = json.loads((bundle / "bundle.json").read_text())
    assert manifest["vocabulary"]["products"] == ["bottle", "cable"]
    assert manifest["vocabulary"]["trainedPairs"] == [["bottle", "broken"]]
    assert manifest["schedule"]["varianceType"] == "learned_range"
    assert manifest["latent"]["scale"] == 0.18215
    assert (bundle / "denoiser.onnx.data").stat().st_mode == (bundle / "denoiser.onnx").stat().st_mode
    assert manifest["defaults"]["guidance"] == "PRODUCT_RELATIVE"
    assert manifest["provenance"]["startedFrom"] == "a checkpoint of the authors' code"
    at = {"timestep": np.array([500]), "text": np.ones((1, 16), np.float32)}
    told = onnxruntime.InferenceSession(bundle / "modulation.onnx").run(None, at)
    rows = {
        "latent": np.zeros((1, 4, 8, 8), np.float32), "timestep": np.array([500]), "background_sample": np.array([0]),
        "row_background": np.array([0]), **dict(zip(MODULATIONS, told, strict=True)), "mask_rows": np.array([0]),
    }  # fmt: skip
    noise, _, variance = onnxruntime.InferenceSession(bundle / "denoiser.onnx").run(None, rows)
    assert noise.shape == variance.shape == (1, 4, 8, 8) and np.isfinite(noise).all()


def test_training_may_start_from_a_plain_dit(user):
    result = import_from(user, "dit.pt")
    assert result.exit_code == 0 and "train before you export" in result.output, result.output
    state = load(Run(user / "run").denoiser)
    assert torch.equal(
        state["model"]["denoiser.blocks.0.mlp.fc1.weight"], torch.load(user / "dit.pt")["blocks.0.mlp.fc1.weight"]
    )
    assert state["step"] == 0


def test_training_continues_from_a_plain_dit_with_its_named_words_only(user):
    data = make_data_set(user / "data")
    (user / "preset.toml").write_text(PRESET + "[latent_cache]\ndefect_windows = 2\nnormal_windows = 2\n")
    (user / "words.toml").write_text('products = ["tin"]\npairs = [["tin", "dent"], ["tin", "scratch"]]\n')
    state = torch.load(user / "dit.pt")
    torch.save({name: tensor * 1e-3 for name, tensor in state.items()}, user / "dit.pt")  # else it computes no numbers
    assert import_from(user, "dit.pt").exit_code == 0
    train = ("train", "--run", user / "run", "--data", data, "--steps", 1, "--threads", 1)
    run_command(*train, "--products", "tin")
    assert load(Run(user / "run").denoiser)["step"] == 1
    shutil.rmtree(user / "run")
    assert import_from(user, "dit.pt").exit_code == 0
    result = invoke(*train)
    assert result.exit_code == 1 and "lacks nothing and adds felt/good, felt/hole" in result.output, result.output


@pytest.mark.parametrize(
    ("checkpoint", "changed", "message"),
    [
        ("nothing.pt", {}, "nothing.pt: no such file"),
        ("words.toml", {}, "words.toml: cannot be read as a checkpoint"),
        ("released.pt", {"autoencoder": "nowhere"}, "nowhere: no weights in the Hugging Face layout"),
        ("released.pt", {"preset": "wide.toml"}, "wrong shape: x_embedder.proj.weight"),
        ("released.pt", {"words": "odd.toml"}, "pairs names the product 'jar', which is not in products"),
        ("released.pt", {"words": "preset.toml"}, "must have ['pairs', 'products'] and nothing else"),
        ("released.pt", {"words": "none.toml"}, "pairs is [], must be a list of [product, defect]"),
        ("released.pt", {"words": "slash.toml"}, "must hold [product, defect], without '/'"),
        ("released.pt", {"words": "good.toml"}, "'good' is the normal state, which all products have"),
        ("released.pt", {"size": 0}, "size is 0, must be a multiple of"),
        ("list.pt", {}, "list.pt: holds a list, must hold a state dict"),
    ],
)
def test_an_error_names_what_does_not_fit_and_no_run_is_created(user, checkpoint, changed, message):
    (user / "wide.toml").write_text(PRESET.replace("hidden_size = 32", "hidden_size = 64"))
    (user / "odd.toml").write_text(WORDS.replace('[["bottle"', '[["jar"'))
    (user / "none.toml").write_text(WORDS.replace('[["bottle", "broken"]]', "[]"))
    (user / "slash.toml").write_text(WORDS.replace('"broken"', '"a/b"'))
    (user / "good.toml").write_text(WORDS.replace('"broken"', '"good"'))
    torch.save([1], user / "list.pt")
    result = import_from(user, checkpoint, **changed)
    assert result.exit_code == 1 and message in result.output.replace("\n", ""), result.output
    assert not (user / "run").exists()


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-100])


SPOILT = {
    "vae/config.json": [lambda path: path.unlink(), lambda path: path.write_text("{")],
    "vae/diffusion_pytorch_model.safetensors": [lambda path: path.unlink(), cut_short],
    "clip/config.json": [lambda path: path.unlink(), lambda path: path.write_text("{")],
    "clip/model.safetensors": [lambda path: path.unlink(), cut_short],
    "clip/tokenizer.json": [lambda path: path.unlink(), lambda path: path.write_text('{"model": 3}')],
}


@pytest.mark.parametrize(("file", "spoil"), [(file, spoil) for file, ways in SPOILT.items() for spoil in ways])
def test_an_error_names_a_missing_or_damaged_weights_file(user, file, spoil):
    spoil(user / file)
    result = import_from(user)
    named = file if (user / file).exists() or not file.endswith("config.json") else f"{file.split('/')[0]}: no weights"
    assert result.exit_code == 1 and named in result.output, result.output
    assert not (user / "run").exists()


@pytest.mark.parametrize(
    ("folder", "was", "now", "message"),
    [
        ("clip", '"projection_dim": 16', '"projection_dim": 12', "projection_dim is 12, must be denoiser.text_dim, 16"),
        (
            "vae", '"latent_channels": 4', '"latent_channels": 16',
            "latent_channels is 16, must be denoiser.latent_channels, 4",
        ),
    ],
)  # fmt: skip
def test_an_error_names_the_setting_and_value_of_mismatched_weights(user, folder, was, now, message):
    path = user / folder / "config.json"
    assert was in path.read_text()
    path.write_text(path.read_text().replace(was, now))
    result = import_from(user)
    assert result.exit_code == 1 and f"{folder}/config.json: {message}" in result.output, result.output


def test_a_missing_weights_folder_is_refused(user):
    with pytest.raises(ValueError, match=r"text\.pretrained is empty, must be a folder"):
        with_weights(load_config(str(user / "preset.toml")), user / "vae", None)


def test_a_text_model_without_its_projection_is_refused(user):
    """transformers would initialise a missing projection with random values."""
    tensors = load_file(user / "clip" / "model.safetensors")
    del tensors["text_projection.weight"]
    save_file(tensors, user / "clip" / "model.safetensors", {"format": "pt"})
    result = import_from(user)
    assert result.exit_code == 1 and "its weights lack ['text_projection.weight']" in result.output, result.output


def test_import_does_not_overwrite_a_run(user):
    assert import_from(user).exit_code == 0
    result = import_from(user)
    assert result.exit_code == 1 and "has been trained already" in result.output
