"""The evaluation page names the model of its figures and shows no empty column."""

from __future__ import annotations

import json

import pytest

from defectdiffu.evaluation.downstream import ON_TWINS, OURS, REAL_ONLY, WITH_AUGMENTATION
from defectdiffu.evaluation.report import write_report
from defectdiffu.evaluation.results_store import Ledger

SETTINGS = {"model": "tin@1.1.0", "step": 9, "graphs": "int8"}
QUALITY = dict.fromkeys(
    ("frechet", "frechetOfReal", "kernel", "kernelOfReal", "diversity", "diversityOfReal", "nearest", "nearestOfReal"),
    1.0,
) | {"copies": 0}
TWIN = {"shown": 1.0, "shownAtOnce": 0.5}


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    ledger = Ledger(tmp_path / "figures.json", SETTINGS)
    for method in (REAL_ONLY, OURS):
        ledger.put("classification", f"tin/{method}/0", 0.5)
    ledger.put("twins", "tin/dent", TWIN)
    return ledger


def page_of(ledger: Ledger) -> str:
    return write_report(ledger, ledger.path.parent).read_text()


def test_a_method_without_any_figure_has_no_column(ledger):
    page = page_of(ledger)
    assert f"| product | {REAL_ONLY} | {OURS} |" in page
    assert WITH_AUGMENTATION not in page and ON_TWINS not in page


def test_one_model_is_named_once(ledger):
    page = page_of(ledger)
    assert page.startswith("# Evaluation of tin@1.1.0 after 9 steps, int8 graphs\n")
    assert "Measured on" not in page


def test_a_section_of_another_model_names_that_model(ledger):
    """As in figures that somebody joined by hand."""
    other = Ledger(ledger.path.parent / "other.json", {"model": "tin@1.0.0", "step": 5})
    other.put("twins", "tin/dent", TWIN)
    for part in ("figures", "measured"):
        ledger.document[part]["twins"] = other.document[part]["twins"]
    page = page_of(ledger)
    assert "## Defects on normal twins\n\nMeasured on tin@1.0.0 after 5 steps, PyTorch.\n\n" in page
    assert page.count("Measured on") == 1


def test_older_figures_without_a_model_belong_to_the_model_of_the_settings(ledger):
    document = json.loads(ledger.path.read_text())
    del document["measured"]
    ledger.path.write_text(json.dumps(document))
    assert "Measured on" not in page_of(Ledger(ledger.path, SETTINGS))


@pytest.mark.parametrize(
    ("names", "head"),
    [
        ({"frechet": "Fréchet distance", "kernel": "kernel distance"}, "kernel distance"),
        ({"frechet": "FID", "kernel": "KID"}, "KID"),
        ({"frechet": "Fréchet distance"}, "kernel distance"),  # figures from before the name was kept
        ({"frechet": "FID"}, "KID"),
    ],
)
def test_only_published_features_give_kid(ledger, names, head):
    ledger.put("names", "quality", {**names, "perceptual": "diversity"})
    ledger.put("quality", "tin/dent", QUALITY)
    assert f"| pair | {names['frechet']} | … of real | {head} | … of real  | diversity |" in page_of(ledger)


def test_figures_of_another_model_are_not_continued(ledger):
    with pytest.raises(ValueError, match=r"model was 'tin@1.1.0', now 'tin@1.2.0'"):
        Ledger(ledger.path, {**SETTINGS, "model": "tin@1.2.0"})
