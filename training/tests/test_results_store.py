"""An evaluation adopts figures of another evaluation only where they do not depend on the model."""

from __future__ import annotations

import json

import pytest

from defectdiffu.evaluation.results_store import ResultsStore


@pytest.fixture
def other(tmp_path):
    results = ResultsStore(tmp_path / "other" / "figures.json", {"model": "a@1", "step": 5, "seeds": 3})
    for key in ("tin/real only/0", "tin/DefectDiffu/0", "tin/perlin/0"):
        results.put("downstream", key, {"miou": 0.5})
    results.put("quality", "tin/dent", 1.0)
    return results.path


def baseline(key: str) -> bool:
    return "DefectDiffu" not in key


def test_missing_figures_are_adopted(tmp_path, other):
    results = ResultsStore(tmp_path / "mine" / "figures.json", {"model": "b@2", "step": 9, "seeds": 3})
    results.put("downstream", "tin/perlin/0", {"miou": 0.9})
    assert results.adopt(other, ("downstream",), baseline) == 1
    figures = json.loads(results.path.read_text())["figures"]
    assert figures == {"downstream": {"tin/perlin/0": {"miou": 0.9}, "tin/real only/0": {"miou": 0.5}}}


def test_figures_of_other_weights_are_adopted_but_not_continued(tmp_path):
    settings = {"model": "a@1", "step": 5}
    path = tmp_path / "other.json"
    ResultsStore(path, {**settings, "weights": "one"}).put("downstream", "tin/perlin/0", {"miou": 0.5})
    results = ResultsStore(tmp_path / "mine.json", {**settings, "weights": "two"})
    assert results.adopt(path, ("downstream",), baseline) == 1
    with pytest.raises(ValueError, match="weights was 'one', now 'two'"):
        ResultsStore(path, {**settings, "weights": "two"})


def test_settings_are_kept_before_the_first_figure(tmp_path):
    """Samples may have been drawn before an evaluation is killed."""
    ResultsStore(tmp_path / "figures.json", {"model": "a@1", "step": 5})
    with pytest.raises(ValueError, match="step was 5, now 6"):
        ResultsStore(tmp_path / "figures.json", {"model": "a@1", "step": 6})


def test_an_error_names_differing_settings(tmp_path, other):
    results = ResultsStore(tmp_path / "mine" / "figures.json", {"model": "b@2", "step": 9, "seeds": 5})
    with pytest.raises(ValueError, match="made with other settings: seeds"):
        results.adopt(other, ("downstream",), baseline)
