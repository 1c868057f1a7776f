"""Whatever people have in a data set is read as they meant it, or named in an error or a warning: one cause a file."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from conftest import invoke
from misread_cases import PROBLEMS, TAKEN, WARNINGS, beside, labels
from small_part import mask, masks_of, part, photograph, tagged, write

from defectdiffu.config import TrainingConfig
from defectdiffu.data.data_warnings import DataWarning
from defectdiffu.data.image_files import load_image, load_mask
from defectdiffu.data.layout import DataError, read_data_set
from defectdiffu.data.record import Record
from defectdiffu.training.train import training_records


def read(root: Path) -> tuple[list[Record], list[str], list[str]]:
    """(records, problems, warnings)."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        try:
            records, problems = read_data_set(root), []
        except DataError as error:
            records, problems = [], error.problems
    return records, problems, [str(warning.message) for warning in caught]


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_would_be_misread_is_refused_with_one_cause_and_the_remedy(name, tmp_path):
    spoil, message, count = PROBLEMS[name]
    spoil(part(tmp_path / "data"))
    _, problems, warned = read(tmp_path / "data")
    assert len(problems) == count and warned == []
    for problem in problems:
        assert _found(message, problem), problem


@pytest.mark.parametrize("name", WARNINGS)
def test_what_may_not_be_meant_is_warned_of(name, tmp_path):
    spoil, message = WARNINGS[name]
    spoil(part(tmp_path / "data"))
    records, problems, warned = read(tmp_path / "data")
    assert problems == [] and len(records) == 4
    assert warned and all(_found(message, warning) for warning in warned), warned


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_clear_is_taken_and_marks_the_dark_square(name, tmp_path):
    TAKEN[name](part(tmp_path / "data"))
    records, problems, warned = read(tmp_path / "data")
    assert (problems, warned) == ([], [])
    defective = [record for record in records if record.mask]
    assert len(defective) == (3 if "looks like" in name else 2)
    for record in defective:
        assert np.array_equal(load_mask(record.mask, record.marks), mask() > 0)


def _found(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


@pytest.mark.parametrize("turn", [3, 6])
def test_a_photograph_and_its_mask_with_one_orientation_are_turned_together(turn, tmp_path):
    product = part(tmp_path / "data")
    for i in range(2):
        write(product / f"test/scratch/{i}.png", photograph(True), exif=tagged(turn))
        write(product / f"ground_truth/scratch/{i}_mask.png", mask(), exif=tagged(turn))
    records, problems, warned = read(tmp_path / "data")
    assert (problems, warned) == ([], [])
    for record in (record for record in records if record.mask):
        assert load_image(record.image)[load_mask(record.mask)].mean() < 60


def test_mask_values_are_named_once_for_all_commands(tmp_path):
    data = tmp_path / "data"
    masks_of(part(data), labels(1, 2))
    refused = invoke("check", "--data", data, "--mask-values", "red")
    assert refused.exit_code == 1 and "'red' is neither a whole number" in refused.output
    assert "no problem found" in invoke("check", "--data", data, "--mask-values", "1").output
    record = next(record for record in training_records(data, TrainingConfig()) if record.mask)
    assert np.array_equal(load_mask(record.mask, record.marks), mask() > 0)
    missing = invoke("check", "--data", data, "--mask-values", "7")
    assert missing.exit_code == 1 and "has none of the values 7, only values 0, 1, 2" in missing.output
    (data / "mask_values.json").write_text('{"scratch": 1}')
    assert "mask_values.json: must be a list of values" in invoke("check", "--data", data).output


@pytest.mark.parametrize("command", ["check", "train"])
def test_commands_refuse_and_warn_alike(command, tmp_path):
    product = part(tmp_path / "data")
    beside("ground_truth/scratch/7_mask.png", mask())(product)
    beside("test/scratch/0.jpg")(product)
    run = ("--run", tmp_path / "run") if command == "train" else ()
    result = invoke(command, "--data", tmp_path / "data", *run)
    assert result.exit_code == 1 and "would share a mask" in result.output
    assert result.output.count("without a photograph in test/scratch") == 1


def test_a_check_with_warnings_counts_them(tmp_path):
    beside("ground_truth/dent/7_mask.png", mask())(part(tmp_path / "data"))
    result = invoke("check", "--data", tmp_path / "data")
    assert result.exit_code == 0 and "4 images, no problem found, 1 warning(s)" in result.output


@pytest.mark.parametrize(("inner", "said"), [("", "is a product itself: set --data to"), ("a/b", "there is b/part")])
def test_the_folder_that_was_meant_is_named(inner, said, tmp_path):
    part(tmp_path / "a/b") if inner else part(tmp_path)
    root = tmp_path / "part" if not inner else tmp_path / "a"
    _, problems, _ = read(root)
    assert len(problems) == 1 and said in problems[0]
