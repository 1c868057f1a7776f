"""The validation split is part of the train split, and its figures never mix with those of the test split."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import invoke

from defectdiffu.checkpoints.runs import Run
from defectdiffu.checkpoints.trained_model import load_trained
from defectdiffu.comparison.compare import read_products
from defectdiffu.comparison.plan import ComparisonPlan
from defectdiffu.config import LEARNT, UNSEEN, UNSEEN_SINCE, TrainingConfig
from defectdiffu.data.layout import read_layout
from defectdiffu.data.record import Record
from defectdiffu.data.source_photographs import read_sources, source_of
from defectdiffu.data.validation_split import as_test_split, continued, validation_places, without_validation
from defectdiffu.data.windows import WindowRule
from defectdiffu.evaluation import evaluate as evaluation
from defectdiffu.evaluation.plan import EvaluationPlan
from defectdiffu.evaluation.report import write_report
from defectdiffu.evaluation.results_store import ResultsStore
from defectdiffu.training.onboarding_plan import Photographs
from defectdiffu.training.replay import read_known
from defectdiffu.training.train import training_records

RULES = (WindowRule(window=32), {})


def photographs(count: int, defect: str = "dent", split: str = "train", root: str = "/data") -> list[Record]:
    return [Record("tin", defect, Path(f"{root}/tin/test/{defect}/{i}.png"), None, split) for i in range(count)]


@pytest.fixture
def candidate(trained):
    """A model that claims to be trained without the validation split."""
    model = load_trained(Run(trained / "run"))
    return replace(model, config=replace(model.config, validation=UNSEEN))


@pytest.mark.parametrize(("count", "chosen"), [(1, 0), (2, 1), (3, 1), (40, 10)])
def test_a_quarter_of_every_group_is_held_out_and_at_least_one_of_two(count, chosen):
    assert len(validation_places(photographs(count), {})) == chosen
    assert len(validation_places(photographs(40, "hole") + photographs(count), {})) == 10 + chosen


def test_the_validation_split_depends_only_on_paths_within_the_data_set():
    part = validation_places(photographs(40), {})
    assert validation_places(photographs(40, root="/elsewhere")[::-1] + photographs(9, "hole"), {}) > part
    assert validation_places(photographs(40), {}, seed=1) != part


def test_the_validation_split_holds_nothing_of_the_test_split():
    there = photographs(40) + photographs(8, "hole", split="test")
    assert validation_places(there, {}) == validation_places(photographs(40), {})
    assert {record.place for record in as_test_split(there, there, {})} == {record.place for record in photographs(40)}


def test_sources_are_read_from_the_manifest(tmp_path):
    assert read_sources(tmp_path) == {}
    (tmp_path / "manifest.csv").write_text("image,split,source\n./tin/test/dent/0.png,train,p1\ntin/a.png,test,\n")
    assert read_sources(tmp_path) == {"tin/test/dent/0.png": "p1"}


def test_no_source_photograph_is_learnt_and_measured():
    there = photographs(8) + photographs(8, "hole")
    sources = {record.place: f"photograph {i // 3}" for i, record in enumerate(there)}
    split = as_test_split(there, there, sources)
    of = lambda part: {source_of(record, sources) for record in split if record.split == part}  # noqa: E731
    assert of("test") and of("train") and not of("test") & of("train")
    assert {record.place for record in split if record.split == "test"} == validation_places(there, sources)


def test_whole_source_photographs_make_up_the_part():
    there = photographs(40)
    sources = {record.place: f"photograph {i // 4}" for i, record in enumerate(there)}
    places = validation_places(there, sources)
    assert len(places) == 12  # three sources of four: ten are a quarter
    assert len(without_validation(there, there, sources)) == 28  # so that nothing else has to be left out


def test_photographs_of_one_source_are_divided_all_the_same():
    there = photographs(8)
    learnt = without_validation(there, there, dict.fromkeys((record.place for record in there), "photograph"))
    assert len(learnt) == 6


def test_of_two_sources_one_is_left_to_train_on():
    """Even where the first has one photograph of eight, which is less than a quarter."""
    there = photographs(8)
    for names in ("ab", "ba"):
        sources = {record.place: names[i == 0] for i, record in enumerate(there)}
        places = validation_places(there, sources)
        assert len(places) in (1, 7) and len(without_validation(there, there, sources)) == 8 - len(places)


def test_sources_of_pairs_that_are_not_learnt_are_kept_apart_too():
    dents, holes = photographs(8), photographs(8, "hole")
    sources = {record.place: record.image.name for record in dents + holes}
    learnt = without_validation(dents, dents + holes, sources)
    measured = {source_of(r, sources) for r in dents + holes if r.place in validation_places(dents + holes, sources)}
    assert learnt and not measured & {source_of(record, sources) for record in learnt}


def test_sources_are_found_in_another_unicode_form(tmp_path):
    place = "\u00d6l/test/dent/0.png"
    (tmp_path / "manifest.csv").write_text(f"image,split,source\n{unicodedata.normalize('NFD', place)},train,p1\n")
    there = Record("\u00d6l", "dent", tmp_path / place, None, "train")
    assert source_of(there, read_sources(tmp_path)) == "p1"


def test_training_replay_and_comparison_read_the_sources_of_the_data_set(candidate, data_set):
    there = read_layout(data_set)
    rows = [f"{r.place},train,{r.product}{'ab'[r.image.stem == '0']}" for r in there]  # two sources of each product
    (data_set / "manifest.csv").write_text("\n".join(["image,split,source", *rows]) + "\n")
    sources = read_sources(data_set)
    measured = {source_of(r, sources) for r in there if r.place in validation_places(there, sources)}
    trained = training_records(data_set, candidate.config)
    replayed, _ = read_known(candidate, candidate.config, Photographs(data_set))
    plan = ComparisonPlan(size=32, split="validation")
    compared = read_products(data_set, RULES, plan, ("tin",))["tin"].records
    for learnt in (trained, replayed, [record for record in compared if record.split == "train"]):
        assert learnt and not measured & {source_of(record, sources) for record in learnt}


def test_a_candidate_is_not_measured_on_its_training_data(halved):
    """The train split has two photographs in each folder."""
    learnt = {record.place for record in training_records(halved, TrainingConfig(validation=UNSEEN))}
    there = read_layout(halved)
    measured = {record.place for record in as_test_split(there, there, {}) if record.split == "test"}
    everything = {record.place for record in training_records(halved, TrainingConfig())}
    assert learnt | measured == everything and not learnt & measured
    assert len(learnt) == len(measured) == 5


def test_replay_leaves_out_the_validation_split_too(candidate, halved):
    replayed, _ = read_known(candidate, candidate.config, Photographs(halved))
    assert {r.place for r in replayed} == {r.place for r in training_records(halved, candidate.config)}


def test_the_validation_split_replaces_the_test_split_and_the_figures_record_it(
    candidate, halved, tmp_path, monkeypatch
):
    subjects = []
    monkeypatch.setitem(evaluation.MEASURES, "masks", lambda subject, results: subjects.append(subject))
    plan = EvaluationPlan(split="validation")
    results = evaluation.evaluate(candidate, halved, RULES, plan, ["masks"], tmp_path, lambda *shown: None)
    held_out = {r.place for group, records in subjects[0].records.items() if group[2] == "test" for r in records}
    assert held_out == validation_places(read_layout(halved), {})
    assert (results.document["settings"]["split"], results.document["settings"]["validation"]) == ("validation", UNSEEN)
    assert "**On the validation part**" in write_report(results, tmp_path).read_text()


def test_figures_of_both_splits_do_not_mix(tmp_path):
    settings = {"model": "tin@1", "step": 1}
    ResultsStore(tmp_path / "figures.json", settings).put("downstream", "tin/perlin/0", 0.5)
    document = json.loads((tmp_path / "figures.json").read_text())
    del document["settings"]["split"]  # from before there was a choice
    (tmp_path / "figures.json").write_text(json.dumps(document))
    assert ResultsStore(tmp_path / "figures.json", {**settings, "split": "test"}).section("downstream")
    with pytest.raises(ValueError, match="split was 'test', now 'validation'"):
        ResultsStore(tmp_path / "figures.json", {**settings, "split": "validation"})
    other = ResultsStore(tmp_path / "other.json", {**settings, "split": "validation"})
    with pytest.raises(ValueError, match="made with other settings: split"):
        other.adopt(tmp_path / "figures.json", ("downstream",), lambda key: True)


def test_a_model_trained_on_the_validation_split_is_not_measured_on_it(trained, halved, tmp_path):
    arguments = ["evaluate", "--run", trained / "run", "--data", halved, "--out", tmp_path / "out"]
    for split, message in (("validation", "has learnt it: train with --without-validation"), ("train", "split is")):
        result = invoke(*arguments, "--split", split)
        assert result.exit_code == 1 and message in result.output.replace("\n", " ")
    assert not (tmp_path / "out" / "figures.json").exists()


@pytest.mark.parametrize(
    ("bundle", "requested", "known"),
    [
        (UNSEEN, UNSEEN, UNSEEN),
        (LEARNT, UNSEEN, UNSEEN_SINCE),
        (UNSEEN_SINCE, UNSEEN, UNSEEN_SINCE),
        (UNSEEN, LEARNT, LEARNT),
        (LEARNT, LEARNT, LEARNT),
    ],
)
def test_a_run_from_a_bundle_records_how_it_treats_the_validation_split(bundle, requested, known):
    assert continued(bundle, requested) == known


def train(folder: Path, run: Path, *more: str):
    return invoke("train", "--data", folder / "data", "--run", run, "--preset", folder / "tiny.toml",
                  "--steps", 41, "--threads", 1, *more)  # fmt: skip


def test_a_run_keeps_its_validation_setting(trained, exported, tmp_path):
    result = train(trained, trained / "run", "--without-validation")
    assert result.exit_code == 1 and "this run was begun with the validation part" in result.output.replace("\n", " ")
    for name, start, known in (("new", (), UNSEEN), ("since", ("--from-bundle", exported), UNSEEN_SINCE)):
        result = train(trained, tmp_path / name, "--without-validation", *start)
        assert result.exit_code == 0, result.output
        assert Run(tmp_path / name).config().validation == known
