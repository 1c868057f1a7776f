"""Commands, options and files under their former names still work; what is written has the present names."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from defectdiffu.checkpoints.runs import Run
from defectdiffu.cli import app
from defectdiffu.evaluation.results_store import ResultsStore

SETTINGS = {"model": "tin@1", "step": 1}


@pytest.mark.parametrize("option", ["--split", "--half"])
def test_the_split_of_an_evaluation_has_two_option_names(option, tmp_path):
    result = CliRunner().invoke(app, ["evaluate", "--data", str(tmp_path), "--run", str(tmp_path), option, "train"])
    assert result.exit_code == 1 and "split is 'train', must be test or validation" in result.output


@pytest.mark.parametrize("command", ["quantise", "variants"])
def test_quantise_has_two_command_names(command, tmp_path):
    result = CliRunner().invoke(app, [command, "--bundle", str(tmp_path), "--precision", "int4"])
    assert result.exit_code == 1 and "unknown ['int4']; known: int8, fp16" in result.output


def test_a_run_reads_its_former_latent_cache(tmp_path):
    run = Run(tmp_path)
    assert run.latent_cache.name == "latent_cache.pt"
    (tmp_path / "bank.pt").touch()
    assert run.latent_cache.name == "bank.pt"
    (tmp_path / "latent_cache.pt").touch()
    assert run.latent_cache.name == "latent_cache.pt"


def test_figures_with_the_former_name_of_the_split_are_continued(tmp_path):
    path = tmp_path / "figures.json"
    path.write_text(json.dumps({"settings": {**SETTINGS, "half": "validation"}, "figures": {}}))
    ResultsStore(path, {**SETTINGS, "split": "validation"}).put("masks", "tin/dent", 0.5)
    drawn = {"sampler": "DPM_SOLVER_PP"}  # the only one, before there was a choice
    assert json.loads(path.read_text())["settings"] == {**SETTINGS, "split": "validation", **drawn}
