"""The ablations of the paper: what each one removes, and the command that measures them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import invoke, run_command

from defectdiffu.checkpoints.runs import Run, load
from defectdiffu.checkpoints.trained_model import load_trained
from defectdiffu.config import TrainingConfig, load_config
from defectdiffu.data.vocabulary import Vocabulary
from defectdiffu.evaluation.ablations import ONE_STRENGTH, VARIANTS, fixed_ratio, folder, one_prompt, without_fusion
from defectdiffu.export.bundle import export_bundle
from defectdiffu.model.text_encoder import Prompts
from defectdiffu.model.training_module import build_training_module


def test_without_the_fusion_part_no_block_gets_both_names_and_the_depth_stays():
    whole = load_config("small")
    config = without_fusion(whole)
    assert config.denoiser.depth == whole.denoiser.depth and config.denoiser.fusion_blocks == 0
    assert all("tin" not in phrase or "dent" not in phrase for phrase in Prompts(config.prompts).of("dent", "tin"))
    words = Vocabulary([("tin", "dent")])
    blocks = [build_training_module(c, words).denoiser.blocks for c in (config, whole)]
    assert len({sum(p.numel() for p in part.parameters()) for part in blocks}) == 1


def test_a_fixed_ratio_is_three_whatever_the_attention():
    assert (fixed_ratio(TrainingConfig()).loss.ratio_min, fixed_ratio(TrainingConfig()).loss.ratio_max) == (3.0, 3.0)


def test_with_one_prompt_all_parts_get_the_same_phrase():
    phrases = Prompts(one_prompt(TrainingConfig()).prompts).of("dent", "tin")
    assert set(phrases) == {"a photo of dent tin"}


@pytest.fixture(scope="module")
def ablation(trained, halved, few_windows, tmp_path_factory) -> tuple[Path, tuple]:
    """The folder of the results, and the command that made them."""
    out = tmp_path_factory.mktemp("ablation")
    command = ("ablate", "--base", trained / "run", "--data", halved, "--out", out, "--steps", 4, "--samples", 3,
               "--sampler-steps", 2, "--segmenter-steps", 3, "--classifier-steps", 3, "--threads", 1)  # fmt: skip
    run_command(*command)
    return out, command


def test_every_variant_is_trained_equally_long_and_is_on_the_page(ablation):
    out, _ = ablation
    page = (out / "README.md").read_text()
    assert "16 windows" in page
    for name in [*VARIANTS, ONE_STRENGTH]:
        row = next(line for line in page.splitlines() if line.startswith(f"| {name} |"))
        assert all(cell.strip() for cell in row.strip("|").split("|"))
    states = {name: load(Run(out / folder(name) / "run").denoiser) for name in VARIANTS}
    assert {state["step"] for state in states.values()} == {4}
    weights = [state["model"]["denoiser.final_layer.linear.weight"] for state in states.values()]
    assert not any(torch.equal(weights[0], other) for other in weights[1:])


def test_a_repeated_command_trains_and_draws_nothing(ablation):
    out, command = ablation
    checkpoint = Run(out / folder("one prompt") / "run").denoiser
    before = checkpoint.stat().st_mtime_ns
    run_command(*command)
    assert checkpoint.stat().st_mtime_ns == before


def test_a_preset_with_another_autoencoder_is_refused_before_anything_is_trained(trained, tmp_path):
    wider = (trained / "tiny.toml").read_text().replace("[autoencoder]\nwidth = 8", "[autoencoder]\nwidth = 16")
    (tmp_path / "wider.toml").write_text(wider)
    options = ("--out", tmp_path / "out", "--preset", tmp_path / "wider.toml")
    result = invoke("ablate", "--base", trained / "run", "--data", trained / "data", *options)
    assert result.exit_code == 1 and "autoencoder.width was 8, is 16" in " ".join(result.output.split())
    assert not (tmp_path / "out").exists()


def test_a_model_of_one_prompt_is_not_exported(ablation, tmp_path):
    out, _ = ablation
    model = load_trained(Run(out / folder("one prompt") / "run"))
    (tmp_path / "p.toml").write_text('description = "d"\nlicense = "l"\nterms = "t"\ndataset = "s"\nsources = []\n')
    with pytest.raises(ValueError, match=r"prompts\.background is .* must not name the \{defect\}"):
        export_bundle(model, tmp_path / "models", tmp_path / "p.toml")
