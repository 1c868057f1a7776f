"""`check --windows` warns about photographs that a model learns little from; it refuses none."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import invoke, make_data_set, with_test_half, write_image

from defectdiffu.data.dataset_lint import GroupMeasurements, lint_warnings, measure_groups, stroke_width
from defectdiffu.data.layout import Record, read_layout
from defectdiffu.data.windows import WindowRule

ENOUGH = GroupMeasurements("tin", "crack", photographs=10, small=0, window=64, share=0.02, stroke=3.0)


def stripe(width: int, size: int = 64) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    mask[20 : 20 + width] = True
    return mask


def photograph(folder, name: str, mask: np.ndarray) -> Record:
    image = write_image(folder / f"{name}.png", np.full((*mask.shape, 3), 90, np.uint8))
    return Record("tin", "crack", image, write_image(folder / f"{name}_mask.png", mask.astype(np.uint8) * 255), "train")


@pytest.mark.parametrize("width", [1, 2, 3, 4, 7])
def test_the_stroke_width_is_measured(width):
    assert stroke_width(stripe(width)) == pytest.approx(width)
    assert stroke_width(stripe(width).T) == pytest.approx(width)


def test_a_window_full_of_defect_is_one_wide_stroke():
    assert stroke_width(np.ones((8, 8), bool)) == 8


def test_share_and_strokes_are_measured_on_the_windows_that_the_model_sees(tmp_path):
    record = photograph(tmp_path, "0", stripe(4, 256))
    (wide,), (narrow,) = (measure_groups([record], (WindowRule(window=side), {}), 128) for side in (256, 64))
    assert (wide.share, wide.stroke) == (pytest.approx(4 / 256), pytest.approx(2))
    assert (narrow.share, narrow.stroke) == (pytest.approx(4 / 64), pytest.approx(8))


def test_a_photograph_smaller_than_the_window_of_its_product_is_counted(tmp_path):
    records = [photograph(tmp_path, str(size), stripe(8, size)) for size in (40, 64, 100)]
    (of,) = measure_groups(records, (WindowRule(window=10), {"tin": WindowRule(window=64)}), 64)
    assert (of.photographs, of.small, of.window) == (3, 1, 64)


@pytest.mark.parametrize(
    ("lacking", "message"),
    [
        ({"photographs": 9}, "9 photograph(s) to learn from, should be at least 10"),
        ({"defect": "good", "share": None, "stroke": None, "photographs": 19}, "should be at least 20"),
        ({"small": 2}, "2 photograph(s) are smaller than the window, 64 pixels"),
        ({"share": 0.0199}, "covers 1.99% of a window of 64 pixels, should be at least 2%"),
        ({"stroke": 2.9}, "strokes are 2.9 pixels wide in what the model sees, should be at least 3"),
    ],
)
def test_each_weakness_gives_its_own_warning_and_no_other(lacking, message):
    assert lint_warnings(ENOUGH) == []
    (told,) = lint_warnings(ENOUGH._replace(**lacking))
    assert message in told


def test_held_out_photographs_give_no_warning(data_set, tmp_path):
    records = read_layout(with_test_half(data_set, tmp_path / "halves"))
    assert {of.photographs for of in measure_groups(records, (WindowRule(window=32), {}), 32)} == {2}


def test_check_prints_warnings_and_finds_no_problem(tmp_path):
    data = make_data_set(tmp_path / "data")
    (tmp_path / "windows.toml").write_text("[products.tin]\nwindow = 48\n[products.felt]\nwindow = 32\n")
    command = ["check", "--data", data, "--windows", tmp_path / "windows.toml"]
    result = invoke(*command)
    assert result.exit_code == 0 and "15 images, no problem found" in result.output
    assert "warning: tin/scratch: 3 photograph(s) are smaller than the window, 48 pixels" in result.output
    assert "felt/hole: 3 photograph(s) are smaller" not in result.output
    assert "warning: felt/hole: 3 photograph(s) to learn from, should be at least 10" in result.output
    assert "warning" not in invoke(*command[:3]).output
