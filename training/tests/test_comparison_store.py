"""The folder of a comparison: one process measures into it, and its file is JSON, whatever was measured."""

from __future__ import annotations

import json
import math

import pytest
from advice_workshop import Workshop
from conftest import invoke

from defectdiffu.comparison.folder_lock import only_process_in
from defectdiffu.comparison.plan import ALL
from defectdiffu.comparison.store import ComparisonStore, Key
from defectdiffu.data.layout import read_layout

KEY = Key("tin", "small UNet", ALL, "real + augmentation", 0)


def only_json(text: str) -> dict:
    """As a strict reader sees it, such as the one of a browser."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_a_figure_that_cannot_be_told_is_null(tmp_path):
    path = tmp_path / "comparison.json"
    ComparisonStore(path, {}).put(KEY, {"figures": {"ap": math.nan, "f1": 0.5}, "validation_losses": [math.inf, 1.0]})
    kept = only_json(path.read_text())["trainings"][str(KEY)]
    assert kept["figures"] == {"ap": None, "f1": 0.5} and kept["validation_losses"] == [None, 1.0]


def test_a_file_from_before_is_written_as_json(tmp_path):
    path = tmp_path / "comparison.json"
    ComparisonStore(path, {}).put(KEY, {"figures": {"ap": 0.5}})
    path.write_text(path.read_text().replace("0.5", "NaN"))
    ComparisonStore(path, {}).put(KEY._replace(seed=1), {"figures": {"ap": 0.5}})
    trainings = only_json(path.read_text())["trainings"]
    assert [entry["figures"]["ap"] for entry in trainings.values()] == [None, 0.5]


def test_while_one_process_measures_another_is_refused(data_set, tmp_path, monkeypatch):
    out = tmp_path / "out"
    arguments = ("compare", "--data", data_set, "--split", "validation", "--size", 32, "--minutes", 0, "--out", out)
    with only_process_in(out):
        refused = invoke(*arguments)
        assert refused.exit_code == 1 and f"{out}: another process measures into it" in refused.output
        with pytest.raises(ValueError, match="another process measures into it"):
            Workshop(data_set, out, monkeypatch).advise(minutes=5)
    assert invoke(*arguments).exit_code == 0


def test_a_classifier_needs_normal_photographs_to_measure_on(data_set, tmp_path):
    """Without them, a product has no figure, and the mean over all products would have none either."""
    held_out = lambda r: r.image.stem == "2" and (r.product, r.defect) != ("tin", "good")  # noqa: E731
    rows = [f"{record.place},{'test' if held_out(record) else 'train'}" for record in read_layout(data_set)]
    (data_set / "manifest.csv").write_text("\n".join(["image,split", *rows]) + "\n")
    arguments = ("compare", "--data", data_set, "--size", 32, "--minutes", 0, "--out", tmp_path / "out")
    refused = invoke(*arguments, "--detectors", "small UNet,small ResNet")
    assert refused.exit_code == 1 and "tin has no normal photograph in the test split" in refused.output
    assert "'small ResNet'" in refused.output
    assert invoke(*arguments, "--detectors", "small UNet").exit_code == 0
    assert invoke(*arguments, "--detectors", "small ResNet", "--products", "felt").exit_code == 0
