"""A model that starts from a bundle inherits its licence, sources, and aliases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import make_data_set, run_command

from defectdiffu.checkpoints.origin import Origin, both, load_origin, with_origin
from defectdiffu.checkpoints.runs import Run
from defectdiffu.checkpoints.trained_model import load_trained
from defectdiffu.export.bundle import export_bundle

TIN = {"product": "tin", "source": "a tin smith", "license": "CC-BY-NC-4.0"}
FELT = {"product": "felt", "source": "a hatter", "license": "CC0-1.0"}
OLD = Origin(
    "tiny 0.1.0",
    {"id": "CC-BY-NC-4.0", "terms": "Not for sale.", "sources": [TIN, FELT]},
    {"ding": "dent", "gap": "hole"},
    {"guidance": "PRODUCT_RELATIVE"},
)
PROVENANCE = """
description = "d"
license = "CC0-1.0"
terms = "Anything."
dataset = "s"
[aliases]
ding = "scratch"
[[sources]]
product = "felt"
source = "a hatter"
license = "CC0-1.0"
"""
NEW = {"description": "d", "license": "CC0-1.0", "terms": "Anything.", "dataset": "s", "sources": [FELT]}


@pytest.fixture
def old_bundle(trained, copied_graphs, tmp_path) -> Path:
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "provenance.toml").write_text(PROVENANCE.replace("ding", "dong"))
    return export_bundle(load_trained(Run(trained / "run")), folder, folder / "provenance.toml", origin=OLD)


def export(run: Path, folder: Path, version: str) -> dict:
    (folder / "provenance.toml").write_text(PROVENANCE)
    options = ("--provenance", folder / "provenance.toml", "--models", folder, "--version", version)
    run_command("export", "--run", run, *options)
    return json.loads((folder / "tiny" / version / "bundle.json").read_text(encoding="utf-8"))


def require_old_facts(manifest: dict) -> None:
    assert manifest["license"]["id"] == "CC-BY-NC-4.0 AND CC0-1.0"
    assert "Not for sale." in manifest["license"]["terms"]
    assert manifest["license"]["sources"] == [TIN, FELT]
    assert manifest["vocabulary"]["aliases"] == {"ding": "scratch", "dong": "scratch", "gap": "hole"}
    assert manifest["provenance"]["startedFrom"] == "tiny 0.1.0"
    assert manifest["defaults"]["guidance"] == "PRODUCT_RELATIVE"


def test_a_model_trained_from_a_bundle_keeps_its_licence_and_sources(old_bundle, trained, tmp_path):
    run = tmp_path / "run"
    run_command(
        "train", "--data", trained / "data", "--run", run, "--from-bundle", old_bundle, "--steps", 41, "--threads", 1
    )
    require_old_facts(export(run, tmp_path, "0.2.0"))


def test_an_onboarded_model_keeps_the_licence_and_sources(old_bundle, tmp_path, monkeypatch):
    monkeypatch.setattr("defectdiffu.training.onboarding.train_denoiser", lambda *arguments, **options: None)
    data = make_data_set(tmp_path / "data")
    (data / "tin").rename(data / "zinc")
    run = tmp_path / "run"
    run_command("onboard", "--bundle", old_bundle, "--data", data, "--run", run, "--version", "0.2.0", "--threads", 1,
                "--no-verdict")  # fmt: skip
    require_old_facts(export(run, tmp_path, "0.2.0"))


def test_a_run_from_scratch_has_no_origin(trained, copied_graphs, tmp_path):
    manifest = export(trained / "run", tmp_path, "0.2.0")
    assert manifest["license"] == {"id": "CC0-1.0", "terms": "Anything.", "sources": [FELT]}
    assert "startedFrom" not in manifest["provenance"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"license": "MIT"}, "license is 'MIT', must be an object with id, terms and sources, or null"),
        ({"license": {"id": "MIT"}}, r"has no 'license\.terms'"),
        ({"aliases": None}, "aliases is None, must be an object"),
        ({"licence": "MIT"}, "unknown key 'licence'; known: started_from, license, aliases, defaults"),
    ],
)
def test_an_invalid_origin_file_is_refused_with_the_reason(tmp_path, changed, message):
    run = Run(tmp_path)
    run.origin.write_text(json.dumps({"started_from": "x"} | changed))
    with pytest.raises(ValueError, match=message):
        load_origin(run)


def test_the_users_defaults_and_aliases_win():
    given = NEW | {"aliases": {"gap": "slit"}, "defaults": {"guidance": "DOUBLE_FREE"}}
    joined = with_origin(given, OLD)
    assert joined["aliases"] == {"ding": "dent", "gap": "slit"}
    assert joined["defaults"]["guidance"] == "DOUBLE_FREE"


def test_different_licences_are_joined():
    assert both("MIT", "MIT") == "MIT"
    assert both("MIT", "CC0-1.0") == "MIT AND CC0-1.0"
    assert both("MIT AND CC0-1.0", "CC0-1.0") == "MIT AND CC0-1.0"
    assert both("MIT OR Apache-2.0", "CC0-1.0") == "(MIT OR Apache-2.0) AND CC0-1.0"


def test_repeated_training_states_the_same_terms_once():
    once = with_origin(NEW, OLD)
    assert once["terms"] == "Anything. Trained on from tiny 0.1.0, whose terms hold as well: Not for sale."
    license = {"id": once["license"], "terms": once["terms"], "sources": once["sources"]}
    assert with_origin(NEW, Origin("tiny 0.2.0", license)) == once | {"aliases": {}, "defaults": {}}
