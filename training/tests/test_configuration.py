"""Every key of a configuration is validated, and the presets hold the documented models."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
import torch

from defectdiffu.checkpoints.runs import Run, load
from defectdiffu.config import PRESETS, TrainingConfig, changes, config_from_dict, config_to_dict, load_config
from defectdiffu.training.devices import precision_for


@pytest.mark.parametrize("preset", ["small", "small-gpu", "paper"])
def test_presets_survive_the_round_trip_through_the_config_file_of_a_run(preset):
    config = load_config(preset)
    assert config_from_dict(json.loads(json.dumps(config_to_dict(config)))) == config
    assert config.image_size == 8 * config.denoiser.latent_size


def test_the_gpu_preset_trains_the_same_model_as_the_preset_for_two_cores():
    one, other = load_config("small"), load_config("small-gpu")
    for part in ("image_size", "held_out_pairs", "autoencoder", "denoiser", "text", "prompts", "loss"):
        assert getattr(one, part) == getattr(other, part), part


def test_the_paper_preset_is_the_papers_model():
    config = load_config("paper")
    d = config.denoiser
    assert (d.background_blocks, d.defect_blocks, d.fusion_blocks, d.depth) == (10, 10, 8, 28)
    assert (d.hidden_size, d.heads, d.cross_heads, d.patch_size, d.mlp_ratio, d.text_dim) == (
        1152,
        16,
        16,
        2,
        4.0,
        1024,
    )
    assert d.learn_sigma and not d.locality and d.prediction == "epsilon"
    assert (config.loss.mask_weight, config.loss.alpha, config.loss.ratio_min, config.loss.ratio_max) == (
        0.2,
        1e-3,
        2,
        8,
    )
    assert (config.loss.drop_product, config.loss.drop_defect) == (0.2, 0.2)
    assert config.text.kind == "clip" and config.autoencoder.kind == "kl"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"stepz": 1}, r"unknown key\(s\) \['stepz'\]"),
        ({"denoiser": {"depth": 9}}, r"unknown key\(s\) \['denoiser\.depth'\]"),
        ({"denoiser": {"heads": "4"}}, "denoiser.heads is '4', must be of type int"),
        ({"denoiser": {"locality": 1}}, "denoiser.locality is 1, must be of type bool"),
        ({"optimiser": {"learning_rate": "fast"}}, "optimiser.learning_rate is 'fast', must be of type float"),
        ({"optimiser": {"learning_rate": True}}, "optimiser.learning_rate is True, must be of type float"),
        ({"image_size": 128.0}, "image_size is 128.0, must be of type int"),
        ({"held_out_pairs": "tin/dent"}, "held_out_pairs is 'tin/dent', must be a list of strings"),
        ({"held_out_pairs": [["tin", "dent"]]}, "held_out_pairs is .*must be a list of strings"),
        ({"autoencoder": "kl"}, "autoencoder is 'kl', must be a table"),
    ],
)
def test_unknown_keys_and_wrong_types_are_refused_by_name(document, message):
    with pytest.raises(ValueError, match=message):
        config_from_dict(document)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"name": "My Parts"}, "name is 'My Parts', must be lower-case"),
        ({"image_size": 256}, "latent_size is 16, must be an eighth of image_size, 256"),
        ({"denoiser": {"heads": 5}}, "denoiser.heads is 5, must divide hidden_size, 256"),
        ({"denoiser": {"prediction": "x0"}}, "denoiser.prediction is 'x0', must be epsilon or v"),
        ({"text": {"projection": 64}}, "text.projection is 64, must be denoiser.text_dim, 128"),
        ({"optimiser": {"batch_size": 0}}, "optimiser.batch_size is 0, must be at least 1"),
        ({"loss": {"timesteps": "cosine"}}, "loss.timesteps is 'cosine', must be uniform or log_normal"),
        ({"denoiser": {"latent_channels": 8}}, "latent_channels is 8, must be autoencoder.latent_channels, 4"),
        ({"autoencoder": {"latent_channels": 8}}, "latent_channels is 4, must be autoencoder.latent_channels, 8"),
        ({"text": {"kind": "clips"}}, "text.kind is 'clips', must be word or clip"),
        ({"autoencoder": {"kind": "vq"}}, "autoencoder.kind is 'vq', must be small or kl"),
        ({"autoencoder_training": {"steps": 0}}, "autoencoder_training.steps is 0, must be at least 1"),
        ({"autoencoder_training": {"defect_weight": -2}}, "defect_weight is -2, must be at least 0"),
        ({"latent_cache": {"defect_windows": 0}}, "latent_cache.defect_windows is 0, must be at least 1"),
        ({"loss": {"drop_product": 2}}, "loss.drop_product is 2, must be from 0 to 1"),
        ({"optimiser": {"normal_share": 1.5}}, "optimiser.normal_share is 1.5, must be from 0 to 1"),
        ({"optimiser": {"learning_rate": -1}}, "optimiser.learning_rate is -1, must be above 0"),
        ({"optimiser": {"total_steps": 0}}, "optimiser.total_steps is 0, must be at least 1"),
        ({"version": "one"}, "version is 'one', must be three numbers such as 1.0.0"),
        ({"prompts": {"defect": "a {thing}"}}, "prompts.defect is 'a {thing}', may name {product} and {defect} alone"),
        ({"prompts": {"defect": "a {defect"}}, "prompts.defect is 'a {defect', may name"),
        ({"prompts": {"normal": " "}}, "prompts.normal is empty, must be a word"),
        ({"denoiser": {"heads": 0}}, "denoiser.heads is 0, must be at least 1"),
        ({"denoiser": {"background_blocks": -1}}, "denoiser.background_blocks is -1, must be at least 1"),
        ({"text": {"heads": 0}}, "text.heads is 0, must be at least 1"),
        ({"text": {"context_length": 1}}, "text.context_length is 1, must be at least 3"),
        ({"autoencoder": {"width": 0}}, "autoencoder.width is 0, must be at least 1"),
        ({"autoencoder_training": {"crop": 12}}, "crop is 12, must be a multiple of 8 up to image_size, 128"),
        ({"autoencoder_training": {"crop": 136}}, "crop is 136, must be a multiple of 8 up to image_size, 128"),
        ({"seed": -1}, "seed is -1, must be at least 0"),
        ({"optimiser": {"weight_decay": -1}}, "optimiser.weight_decay is -1, must be at least 0"),
        ({"optimiser": {"learning_rate": math.inf}}, "optimiser.learning_rate is inf, must be above 0"),
        ({"loss": {"mask_weight": math.nan}}, "loss.mask_weight is nan, must be at least 0"),
        ({"loss": {"ratio_min": 9}}, "loss.ratio_max is 8.0, must be at least loss.ratio_min, 9.0"),
        ({"loss": {"log_sigma_std": -1}}, "loss.log_sigma_std is -1, must be above 0"),
    ],
)
def test_invalid_values_are_refused_before_training(document, message):
    with pytest.raises(ValueError, match=message):
        config_from_dict(document)


def test_former_names_are_read_and_current_names_are_written():
    old = {"bank": {"defect_windows": 7}, "autoencoder_training": {"sharpen_steps": 3, "sharpen_batch": 2}}
    config = config_from_dict(old)
    assert config.latent_cache.defect_windows == 7
    assert (config.autoencoder_training.adversarial_steps, config.autoencoder_training.adversarial_batch_size) == (3, 2)
    written = config_to_dict(config)
    assert "bank" not in written and not any(key.startswith("sharpen") for key in written["autoencoder_training"])
    assert old["bank"] == {"defect_windows": 7}  # the document itself is not changed


def test_a_key_under_both_of_its_names_is_refused():
    with pytest.raises(ValueError, match="bank is the former name of latent_cache; give one"):
        config_from_dict({"bank": {}, "latent_cache": {}})


def test_an_error_names_an_invalid_preset(tmp_path):
    (tmp_path / "mine.toml").write_text("seed = -1")
    with pytest.raises(ValueError, match=r"mine\.toml: seed is -1, must be at least 0"):
        load_config(str(tmp_path / "mine.toml"))


def test_whole_numbers_are_accepted_for_fractions():
    assert config_from_dict({"optimiser": {"clip_norm": 2}}).optimiser.clip_norm == 2.0


def test_the_refusal_of_an_unknown_preset_lists_the_presets():
    with pytest.raises(FileNotFoundError, match=r"no preset 'large'.*paper.*small"):
        load_config("large")


def test_a_preset_may_be_any_toml_file(tmp_path):
    (tmp_path / "mine.toml").write_text((PRESETS / "small.toml").read_text().replace("surfaces-small", "mine"))
    assert load_config(str(tmp_path / "mine.toml")).name == "mine"


def test_a_run_keeps_the_configuration_it_was_started_with(tmp_path):
    run = Run(tmp_path / "run")
    with pytest.raises(FileNotFoundError, match="no training run here"):
        run.config()
    assert run.open(TrainingConfig(seed=3)).seed == 3
    assert run.open(TrainingConfig(seed=4)).seed == 3


def test_the_configuration_is_rewritten_only_while_nothing_is_trained(tmp_path):
    run = Run(tmp_path / "run")
    run.begin(TrainingConfig(seed=3))
    assert run.begin(TrainingConfig(seed=4)).seed == 4
    run.latent_cache.touch()
    with pytest.raises(FileExistsError, match=r"latent_cache\.pt: this run has been trained already"):
        run.begin(TrainingConfig(seed=5))
    assert run.config().seed == 4


def test_differences_between_configurations_are_named():
    other = replace(TrainingConfig(), seed=2, optimiser=replace(TrainingConfig().optimiser, batch_size=8))
    assert changes(TrainingConfig(), other) == ["seed was 0, is 2", "optimiser.batch_size was 32, is 8"]


def test_a_file_that_training_did_not_write_is_distinguished_from_a_damaged_one(tmp_path):
    torch.save({"other": 1}, tmp_path / "denoiser.pt")
    with pytest.raises(ValueError, match=r"denoiser\.pt: holds no step: it is another file"):
        load(tmp_path / "denoiser.pt", "step")
    (tmp_path / "empty.pt").touch()
    with pytest.raises(ValueError, match=r"empty\.pt: damaged, .*: .+"):
        load(tmp_path / "empty.pt", "step")


@pytest.mark.parametrize(("native", "precision"), [(True, "bf16"), (False, "no")])
def test_automatic_precision_is_bf16_only_where_the_processor_computes_in_it(native, precision, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    assert precision_for("auto") == precision
    assert precision_for("fp16") == "fp16"
