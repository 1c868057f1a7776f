"""Figures are continued with the weights, photographs, and windows that they were measured with only."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from conftest import with_test_half

from defectdiffu.checkpoints.runs import Run
from defectdiffu.checkpoints.trained_model import TrainedModel, load_trained
from defectdiffu.data.windows import Rules, WindowRule
from defectdiffu.evaluation import evaluate as evaluation
from defectdiffu.evaluation.plan import EvaluationPlan
from defectdiffu.evaluation.results_store import ResultsStore

RULES: Rules = (WindowRule(window=32), {})


@pytest.fixture
def model(trained) -> TrainedModel:
    return load_trained(Run(trained / "run"))


@pytest.fixture
def evaluate(monkeypatch, tmp_path):
    """Measures nothing, into one folder."""
    monkeypatch.setitem(evaluation.MEASURES, "masks", lambda context, results: None)

    def measured(model: TrainedModel, data: Path, rules: Rules = RULES) -> ResultsStore:
        return evaluation.evaluate(model, data, rules, EvaluationPlan(), ["masks"], tmp_path / "out", lambda *_: None)

    return measured


def test_the_same_model_loaded_again_goes_on_wherever_the_photographs_lie(evaluate, model, trained, halved, tmp_path):
    before = evaluate(model, halved).document
    again = load_trained(Run(trained / "run"))
    assert evaluate(again, shutil.copytree(halved, tmp_path / "copy")).document == before


@pytest.mark.parametrize("part", ["module", "autoencoder"])
def test_other_weights_of_the_same_name_version_and_steps_need_another_folder(evaluate, model, halved, part):
    evaluate(model, halved)
    with torch.no_grad():
        next(getattr(model, part).parameters()).add_(1)
    with pytest.raises(ValueError, match=r"made with other settings \(weights was '.*', now '.*'\); give another"):
        evaluate(model, halved)


def test_other_photographs_need_another_folder(evaluate, model, trained, halved, tmp_path):
    evaluate(model, halved)
    data = with_test_half(trained / "data", tmp_path / "data")
    (data / "manifest.csv").write_text((data / "manifest.csv").read_text().replace("1.png,train", "1.png,test"))
    with pytest.raises(ValueError, match=r"made with other settings \(photographs was '.*', now '.*'\); give another"):
        evaluate(model, data)


def test_other_windows_need_another_folder_and_another_weight_does_not(evaluate, model, halved):
    evaluate(model, halved)
    evaluate(model, halved, (RULES[0], {"tin": WindowRule(window=32, weight=2.0)}))
    with pytest.raises(ValueError, match=r"made with other settings \(windows of tin was \{'window': 32.*'window': 48"):
        evaluate(model, halved, (RULES[0], {"tin": WindowRule(window=48)}))
