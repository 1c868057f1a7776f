"""`check --windows` warns about photographs that a model learns little from; it refuses none."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from conftest import invoke, make_data_set, with_test_half, write_image
from PIL import Image
from rarer_photograph_kinds import chunk

from defectdiffu.data.dataset_lint import GroupMeasurements, lint_warnings, measure_groups, window_advice
from defectdiffu.data.image_errors import PNG_SIGNATURE
from defectdiffu.data.image_files import load_image
from defectdiffu.data.layout import read_layout
from defectdiffu.data.record import Record
from defectdiffu.data.window_advice import View, common_sides, measure_views, stroke_width, suitable_sides
from defectdiffu.data.windows import WindowRule
from defectdiffu.sampling.image_grids import OUTLINE

ENOUGH = GroupMeasurements(
    "tin", "crack", photographs=10, small=0, window=64, area=0.25, view=View(64, 0.02, 0.5, 3.0), sides=(40, 80)
)


def stripe(width: int, size: int = 64) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    mask[20 : 20 + width] = True
    return mask


def photograph(folder, name: str, mask: np.ndarray) -> Record:
    image = write_image(folder / f"{name}.png", np.full((*mask.shape, 3), 90, np.uint8))
    return Record("tin", "crack", image, write_image(folder / f"{name}_mask.png", mask.astype(np.uint8) * 255), "train")


def normal(path: Path) -> Record:
    return Record("tin", "good", path, None, "train")


@pytest.mark.parametrize("width", [1, 2, 3, 4, 7])
def test_the_stroke_width_is_measured(width):
    assert stroke_width(stripe(width)) == pytest.approx(width)
    assert stroke_width(stripe(width).T) == pytest.approx(width)


def test_a_window_full_of_defect_is_one_wide_stroke():
    assert stroke_width(np.ones((8, 8), bool)) == 8


def test_share_and_strokes_are_measured_on_the_windows_that_the_model_sees(tmp_path):
    record = photograph(tmp_path, "0", stripe(4, 256))
    (wide,), (narrow,) = (measure_groups([record], (WindowRule(window=side), {}), 128) for side in (256, 64))
    assert wide.view and (wide.view.share, wide.view.stroke) == (pytest.approx(4 / 256), pytest.approx(2))
    assert narrow.view and (narrow.view.share, narrow.view.stroke) == (pytest.approx(4 / 64), pytest.approx(8))
    assert (wide.area, narrow.area) == (1, pytest.approx(1 / 16))


def test_a_photograph_smaller_than_the_window_of_its_product_is_counted(tmp_path):
    records = [photograph(tmp_path, str(size), stripe(8, size)) for size in (40, 64, 100)]
    (of,) = measure_groups(records, (WindowRule(window=10), {"tin": WindowRule(window=64)}), 64)
    assert (of.photographs, of.small, of.window) == (3, 1, 64)


def test_a_photograph_of_more_pixels_than_pillow_opens_is_measured_without_decoding_it(tmp_path):
    header = (b"IHDR", struct.pack(">IIBBBBB", 16_384, 12_000, 8, 2, 0, 0, 0))
    parts = [chunk(*header), chunk(b"IDAT", zlib.compress(b"\0")), chunk(b"IEND", b"")]  # the pixels are missing
    (tmp_path / "0.png").write_bytes(PNG_SIGNATURE + b"".join(parts))
    (of,) = measure_groups([normal(tmp_path / "0.png")], (WindowRule(window=1200), {}), 128)
    assert of.area == pytest.approx(1200**2 / (16_384 * 12_000))


def test_a_photograph_of_a_kind_that_pillow_does_not_know_is_measured(tmp_path):
    deep = np.full((40, 64, 2), 65_535, np.uint16)  # grey and alpha
    tifffile.imwrite(tmp_path / "0.tif", deep, photometric="minisblack", extrasamples=["unassalpha"])
    assert load_image(tmp_path / "0.tif").shape == (40, 64, 3)
    (of,) = measure_groups([normal(tmp_path / "0.tif")], (WindowRule(window=48), {}), 128)
    assert (of.small, of.area) == (1, pytest.approx(40**2 / (40 * 64)))


def seen(**changes: float) -> dict:
    assert ENOUGH.view
    return {"view": ENOUGH.view._replace(**changes)}


@pytest.mark.parametrize(
    ("lacking", "message"),
    [
        ({"photographs": 9}, "9 photograph(s) to learn from, should be at least 10"),
        ({"defect": "good", "view": None, "sides": None, "photographs": 19}, "should be at least 20"),
        ({"small": 2}, "2 photograph(s) are smaller than the window, 64 pixels"),
        (
            seen(share=0.0199),
            "covers 1.99% of a window of 64 pixels, should be at least 2%: make the window small",
        ),
        (seen(stroke=2.9), "strokes are 2.9 pixels wide in what the model sees, should be at least 3: make the window"),
        (seen(share=0.41), "covers 41% of a window of 64 pixels, should be at most 40%: make the window larger, 40 or"),
        (
            seen(shown=0.49) | {"sides": (72, 80)},
            "shows 49% of the defect, should be at least 50%: make the window",
        ),
    ],
)
def test_each_weakness_gives_its_own_warning_and_no_other(lacking, message):
    assert lint_warnings(ENOUGH) == []
    (told,) = lint_warnings(ENOUGH._replace(**lacking))
    assert message in told


def test_a_window_that_cuts_a_long_crack_off_gives_no_warning_if_no_suitable_one_shows_more():
    assert lint_warnings(ENOUGH._replace(**seen(shown=0.2))) == []


def spot(side: int, size: int = 256) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    mask[100 : 100 + side, 100 : 100 + side] = True
    return mask


def test_the_views_tell_how_much_of_a_window_and_of_the_defect_is_seen(tmp_path):
    own, others = measure_views([photograph(tmp_path, "0", spot(40))], WindowRule(window=256), 128, 0, shorter=256)
    assert own == View(256, pytest.approx(40**2 / 256**2), 1.0, own.stroke)
    by_side = {view.side: view for view in others}
    assert min(by_side) == 32 and max(by_side) == 256
    assert by_side[32].share > 0.6 and by_side[32].shown < 0.6  # most of it is the defect, which is cut off
    assert by_side[128].share == pytest.approx(40**2 / 128**2) and by_side[128].shown == 1
    assert by_side[128].stroke == pytest.approx(2 * own.stroke)


def test_the_suitable_sides_are_bounded_by_the_defects_size_on_both_ends(tmp_path):
    _, views = measure_views([photograph(tmp_path, "0", spot(40))], WindowRule(), 128, 0, shorter=256)
    least, most = suitable_sides(views) or (0, 0)
    assert 40 < least <= 80  # at 56, a window shows half of the spot when it lies in its corner
    assert most == 256  # 40² is 2.4 % of 256²
    _, views = measure_views([photograph(tmp_path, "1", spot(8))], WindowRule(), 128, 0, shorter=256)
    assert suitable_sides(views) == (32, 56)  # 8² is 2 % of 56²


def test_a_crack_may_be_cut_off_where_only_such_windows_show_its_width():
    narrow, wide = View(40, 0.05, 0.2, 3.2), View(160, 0.01, 0.9, 0.8)
    assert suitable_sides([narrow, wide]) == (40, 40)
    assert suitable_sides([wide]) is None


@pytest.mark.parametrize(
    ("ranges", "common"),
    [
        ([(32, 80), (64, 200)], (64, 80)),
        ([(32, 56), (64, 200)], None),
        ([(32, 80), None], None),
        ([(32, 80)], (32, 80)),
        ([], None),
    ],
)
def test_a_product_needs_sides_that_suit_all_its_defects(ranges, common):
    assert common_sides(ranges) == common


def test_the_advice_names_the_range_and_suggests_context_where_there_is_room():
    good = ENOUGH._replace(defect="good", view=None, sides=None)
    other = ENOUGH._replace(defect="dent", sides=(56, 200))
    (line,) = window_advice([good, ENOUGH, other])
    assert line.startswith("tin: window is 64 and shows 25% of a photograph; 56 to 80 would suit its defects: if the")
    (line,) = window_advice([ENOUGH._replace(area=0.6)])
    assert line == "tin: window is 64 and shows 60% of a photograph; 40 to 80 would suit its defects"
    (line,) = window_advice([ENOUGH, other._replace(sides=(88, 200))])
    assert line.endswith("no side suits all its defects (crack 40 to 80, dent 88 to 200)")
    assert window_advice([good]) == []


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
    assert "tin: window is 48 and shows 100% of a photograph" in result.output
    assert "warning" not in invoke(*command[:3]).output


def test_check_writes_a_grid_of_windows(tmp_path):
    data, path = make_data_set(tmp_path / "data"), tmp_path / "new" / "windows.png"
    (tmp_path / "windows.toml").write_text("[default]\nwindow = 32\n")
    result = invoke("check", "--data", data, "--windows", tmp_path / "windows.toml", "--grid", path)
    assert result.exit_code == 0, result.output
    with Image.open(path) as image:
        assert image.size == (6 * (128 + 4), 5 * (128 + 4))  # felt: good, hole; tin: dent, good, scratch
        red = (np.asarray(image) == OUTLINE).all(axis=2)
    rows = [bool(red[top : top + 128].any()) for top in range(0, 5 * 132, 132)]
    assert rows == [False, True, True, False, True]
