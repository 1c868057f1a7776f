"""The evaluation page names the model of its figures and shows no empty column."""

from __future__ import annotations

import json

import pytest

from defectdiffu.evaluation.downstream import ON_TWINS, OURS, REAL_ONLY, WITH_AUGMENTATION
from defectdiffu.evaluation.report import write_report
from defectdiffu.evaluation.results_store import ResultsStore

SETTINGS = {"model": "tin@1.1.0", "step": 9, "graphs": "int8"}
QUALITY = dict.fromkeys(
    ("frechet", "frechetOfReal", "kernel", "kernelOfReal", "diversity", "diversityOfReal", "nearest", "nearestOfReal"),
    1.0,
) | {"copies": 0}
TWIN = {"shown": 1.0, "shownAtOnce": 0.5}


@pytest.fixture
def results(tmp_path) -> ResultsStore:
    results = ResultsStore(tmp_path / "figures.json", SETTINGS)
    for method in (REAL_ONLY, OURS):
        results.put("classification", f"tin/{method}/0", 0.5)
    results.put("twins", "tin/dent", TWIN)
    return results


def page_of(results: ResultsStore) -> str:
    return write_report(results, results.path.parent).read_text()


def test_a_method_without_any_figure_has_no_column(results):
    page = page_of(results)
    assert f"| product | {REAL_ONLY} | {OURS} |" in page
    assert WITH_AUGMENTATION not in page and ON_TWINS not in page


def test_one_model_is_named_once(results):
    page = page_of(results)
    assert page.startswith("# Evaluation of tin@1.1.0 after 9 steps, int8 graphs\n")
    assert "Measured on" not in page


def test_a_section_of_another_model_names_that_model(results):
    """As in figures that somebody joined by hand."""
    other = ResultsStore(results.path.parent / "other.json", {"model": "tin@1.0.0", "step": 5})
    other.put("twins", "tin/dent", TWIN)
    for part in ("figures", "measured"):
        results.document[part]["twins"] = other.document[part]["twins"]
    page = page_of(results)
    assert "## Defects on normal twins\n\nMeasured on tin@1.0.0 after 5 steps, PyTorch.\n\n" in page
    assert page.count("Measured on") == 1


def test_older_figures_without_a_model_belong_to_the_model_of_the_settings(results):
    document = json.loads(results.path.read_text())
    del document["measured"]
    results.path.write_text(json.dumps(document))
    assert "Measured on" not in page_of(ResultsStore(results.path, SETTINGS))


@pytest.mark.parametrize(
    ("names", "head"),
    [
        ({"frechet": "Fréchet distance", "kernel": "kernel distance"}, "kernel distance"),
        ({"frechet": "FID", "kernel": "KID"}, "KID"),
        ({"frechet": "Fréchet distance"}, "kernel distance"),  # figures from before the name was kept
        ({"frechet": "FID"}, "KID"),
    ],
)
def test_only_published_features_give_kid(results, names, head):
    results.put("names", "quality", {**names, "perceptual": "diversity"})
    results.put("quality", "tin/dent", QUALITY)
    assert f"| pair | {names['frechet']} | … of real | {head} | … of real  | diversity |" in page_of(results)


def test_figures_of_another_model_are_not_continued(results):
    with pytest.raises(ValueError, match=r"model was 'tin@1.1.0', now 'tin@1.2.0'"):
        ResultsStore(results.path, {**SETTINGS, "model": "tin@1.2.0"})
