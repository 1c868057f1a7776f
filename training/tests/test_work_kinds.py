"""`work` makes whole bundles, too: fine-tuned from one, or with the architecture of one and nothing else of it."""

from __future__ import annotations

import io
import json
import shutil
import tomllib
from pathlib import Path

import pytest
from conftest import PROVENANCE
from work_stage import OF_PHOTOGRAPHS, changed, make_quick, worked, write_request

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.training.train import shown_pairs

BRASS = [("brass ring", "dent"), ("brass ring", "rust")]


@pytest.fixture
def quick(monkeypatch) -> None:
    make_quick(monkeypatch)
    monkeypatch.setattr("defectdiffu.trainer.work.VERDICT_SHARE", 0.75)  # it takes what it needs, and training the rest


def request_of(kind: str, exported: Path, tmp_path: Path, minutes: float = 0.3) -> Path:
    return changed(write_request(exported, tmp_path), kind=kind, minutes=minutes, windows_per_pair=4)


def manifest_of(line: dict) -> dict:
    assert line["type"] == "model", line
    return json.loads((Path(line["folder"]) / "bundle.json").read_text())


def test_a_fine_tuned_bundle_knows_both_and_has_both_licences(exported, trained, tmp_path, quick):
    request = request_of("FINE_TUNE", exported, tmp_path)
    shutil.copytree(trained / "data" / "tin", tmp_path / "data" / "tin")  # known already
    lines = worked(request, tmp_path / "run")
    *_, verdict, model = lines
    before = {(pair["product"], pair["defect"]): pair["before"] for pair in verdict["pairs"]}
    assert [pair for pair in before if before[pair] is None] == BRASS
    assert {pair for pair in before if before[pair] is not None} == {("tin", "dent"), ("tin", "scratch")}
    manifest, of_bundle = manifest_of(model), tomllib.loads(PROVENANCE)
    assert (manifest["name"], manifest["version"]) == ("brass", "1.0.0")
    assert manifest["vocabulary"]["products"] == ["brass ring", "felt", "tin"]
    assert manifest["license"]["id"] == f"{of_bundle['license']} AND CC-BY-4.0"
    assert manifest["license"]["sources"] == of_bundle["sources"] + OF_PHOTOGRAPHS["sources"]
    assert manifest["provenance"]["startedFrom"] == "tiny 0.1.0"
    assert manifest["provenance"]["trainingSteps"] == model["step"] > load_bundle(exported).step
    assert load_bundle(Path(model["folder"])).vocabulary.trained_pairs[0] == BRASS[0]
    grids = [line for line in lines if line["type"] == "imageGrid"]
    assert len(grids) > 1 and {tuple(pair) for pair in grids[-1]["pairs"]} >= {*BRASS, ("felt", "hole")}
    training = [line for line in lines if line.get("phase") == "denoiser"]
    assert training and training[-1]["figures"]["total"] > 0 and training[-1]["secondsLeft"] <= 18


def test_a_bundle_from_scratch_has_only_its_own_words_and_licence(exported, tmp_path, quick):
    config = json.loads((exported / "bundle.json").read_text())
    config["provenance"]["architecture"]["training"]["autoencoder_training"]["steps"] = 10_000_000
    bundle = tmp_path / "models" / "tiny" / "0.1.0"
    shutil.copytree(exported, bundle)
    (bundle / "bundle.json").write_text(json.dumps(config))
    lines = worked(request_of("FROM_SCRATCH", bundle, tmp_path), tmp_path / "run")
    *_, verdict, model = lines
    assert [(pair["product"], pair["defect"]) for pair in verdict["pairs"]] == BRASS
    assert all(pair["before"] is None for pair in verdict["pairs"])
    manifest = manifest_of(model)
    assert manifest["vocabulary"]["products"] == ["brass ring"]
    assert manifest["license"] == {name: OF_PHOTOGRAPHS[key] for name, key in
                                   (("id", "license"), ("terms", "terms"), ("sources", "sources"))}  # fmt: skip
    assert "startedFrom" not in manifest["provenance"] and manifest["provenance"]["trainingSteps"] == model["step"]
    assert manifest["image"] == config["image"]
    phases = [line["phase"] for line in lines if line["type"] == "phase"]
    assert phases.index("autoencoder") < phases.index("denoiser")
    done = [line for line in lines if line.get("phase") == "autoencoder"]
    assert 0 < done[-1]["done"] == done[-1]["total"] < 10_000_000  # it ends with its share of the time


class Killed(io.StringIO):
    """Its writer ends at the first step after a checkpoint of the denoiser."""

    def __init__(self, run: Path):
        super().__init__()
        self._run = run

    def write(self, text: str) -> int:
        line = json.loads(text)
        if line.get("phase") == "denoiser" and line["done"] > 0 and (self._run / "log.jsonl").exists():
            raise KeyboardInterrupt
        return super().write(text)


@pytest.mark.parametrize("kind", ["FINE_TUNE", "FROM_SCRATCH"])
def test_an_interrupted_training_is_continued(exported, tmp_path, kind, quick, monkeypatch):
    written = lambda model, target, source, origin: target  # noqa: E731  # its export is shown above, and takes long
    monkeypatch.setattr("defectdiffu.trainer.work.write_bundle", written)
    request, run = request_of(kind, exported, tmp_path), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        worked(request, run, Killed(run))
    steps = json.loads((run / "log.jsonl").read_text().splitlines()[-1])["step"]
    lines = worked(request, run)
    assert lines[-1]["type"] == "model" and lines[-1]["step"] > steps
    assert not {line.get("phase") for line in lines} & {"autoencoder", "replay"}


def test_minutes_that_end_before_the_training_are_refused(exported, tmp_path):
    request = request_of("FINE_TUNE", exported, tmp_path)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "time.json").write_text('{"spent": 18, "trained": 0}')
    *_, error = worked(request, tmp_path / "run")
    assert error["code"] == "OUT_OF_TIME"


def test_what_a_bundle_knows_is_refused_to_be_fine_tuned_on(exported, trained, tmp_path):
    request = request_of("FINE_TUNE", exported, tmp_path)
    changed(request, data=str(trained / "data"), windows={})
    *_, error = worked(request, tmp_path / "run")
    assert error["code"] == "REQUEST_INVALID" and "knows all its pairs already" in error["message"]
    assert "--from-bundle" not in error["message"]


def test_the_last_grid_shows_the_new_pairs_first_and_not_too_many():
    pairs = [("a", "good"), ("a", "x"), ("b", "x"), ("c", "x")]
    assert shown_pairs(pairs, [("c", "x")], 2) == [("a", "x"), ("c", "x")]
