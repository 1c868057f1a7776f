"""Windows: cut at native resolution, the defect always in view, augmented as the product allows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import write_image

from defectdiffu.config import PRESETS
from defectdiffu.data.record import Record
from defectdiffu.data.windows import WindowCutter, WindowRule, read_rules, thicken_hairlines

CUTS = 60


def photograph(folder: Path, image: np.ndarray, mask: np.ndarray | None = None) -> Record:
    where = write_image(folder / "x.png", image)
    masked = write_image(folder / "x_mask.png", mask.astype(np.uint8) * 255) if mask is not None else None
    return Record("tin", "dent" if mask is not None else "good", where, masked, "train")


def spot(height: int, width: int, top: int, left: int, side: int) -> np.ndarray:
    mask = np.zeros((height, width), bool)
    mask[top : top + side, left : left + side] = True
    return mask


@pytest.mark.parametrize(
    ("top", "left"), [(0, 0), (96, 146), (50, 70), (0, 146)], ids=["corner", "far corner", "middle", "edge"]
)
@pytest.mark.parametrize("window", [32, 64, 500])
def test_the_defect_is_always_in_view(top, left, window, tmp_path):
    mask = spot(100, 150, top, left, 4)
    image = np.where(mask[..., None], 255, 60).astype(np.uint8).repeat(3, 2)
    cutter = WindowCutter(photograph(tmp_path, image, mask), WindowRule(window=window), 32)
    rng = np.random.default_rng(0)
    for _ in range(CUTS):
        cut, seen = cutter.cut(rng)
        assert cut.shape == (32, 32, 3) and cut.dtype == np.uint8 and seen.shape == (32, 32)
        assert seen.any()
        assert cut[seen].mean() > cut[~seen].mean()  # image and mask were cut, turned and resized alike


def test_at_native_resolution_pixels_are_not_resampled(tmp_path):
    image = np.random.default_rng(0).integers(0, 255, (50, 60, 3), dtype=np.uint8)
    cutter = WindowCutter(photograph(tmp_path, image), WindowRule(window=32, flips=False), 32)
    rng = np.random.default_rng(1)
    corners = {(y, x): image[y : y + 32, x : x + 32] for y in range(19) for x in range(29)}
    found = {
        at for _ in range(20) for cut in [cutter.cut(rng)[0]] for at, w in corners.items() if np.array_equal(w, cut)
    }
    assert len(found) > 10  # each is a window of the photograph, from many places


def test_zoom_varies_the_side_of_the_cut(tmp_path):
    columns = np.repeat(np.linspace(0, 200, 100)[None], 100, 0)[..., None].repeat(3, 2).astype(np.uint8)
    cutter = WindowCutter(photograph(tmp_path, columns), WindowRule(window=50, flips=False, zoom=0.4), 50)
    rng = np.random.default_rng(0)
    spans = [np.ptp(cutter.cut(rng)[0][25].astype(int)) for _ in range(CUTS)]  # a ramp: as wide as it is steep
    assert 55 < min(spans) < 70 and 130 < max(spans) < 145  # 30 and 70 of 100 columns, of 200 grey levels


@pytest.mark.parametrize("size", [16, 64])
def test_one_defective_pixel_survives_every_resizing(size, tmp_path):
    mask = spot(1000, 1000, 431, 77, 1)
    cutter = WindowCutter(
        photograph(tmp_path, np.zeros((1000, 1000, 3), np.uint8), mask), WindowRule(window=1000), size
    )
    rng = np.random.default_rng(0)
    assert all(cutter.cut(rng)[1].any() for _ in range(10))


def test_a_photograph_smaller_than_the_window_is_taken_whole(tmp_path):
    cutter = WindowCutter(photograph(tmp_path, np.full((20, 30, 3), 7, np.uint8)), WindowRule(window=128), 64)
    assert cutter.cut(np.random.default_rng(0))[0].shape == (64, 64, 3)


def test_a_normal_photograph_gives_empty_masks(tmp_path):
    cutter = WindowCutter(photograph(tmp_path, np.zeros((50, 50, 3), np.uint8)), WindowRule(window=32), 32)
    assert not cutter.cut(np.random.default_rng(0))[1].any()


def test_hairlines_are_thickened_to_three_pixels():
    crack = np.zeros((20, 20), bool)
    crack[10, 2:18] = True
    thick = thicken_hairlines(crack)
    assert thick[9:12, 3:17].all() and not thick[:9].any() and not thick[12:].any()


def test_broad_and_empty_masks_are_unchanged():
    broad = spot(20, 20, 5, 5, 6)
    assert np.array_equal(thicken_hairlines(broad), broad)
    assert not thicken_hairlines(np.zeros((20, 20), bool)).any()


def orientations(rule: WindowRule, folder: Path) -> set[str]:
    """Which of the eight orientations of a marked square appear."""
    marked = np.zeros((16, 16, 3), np.uint8)
    marked[:4, :4], marked[:4, -4:] = 255, 120
    cutter = WindowCutter(photograph(folder, marked), rule, 16)
    rng = np.random.default_rng(0)
    names = {}
    for mirrored in (False, True):
        for turns in range(4):
            turned = np.rot90(marked[:, ::-1] if mirrored else marked, turns)
            names[turned.tobytes()] = f"{'mirror' if mirrored else 'turn'} {90 * turns}"
    return {names[cutter.cut(rng)[0].tobytes()] for _ in range(CUTS)}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (WindowRule(flips=False), {"turn 0"}),
        (WindowRule(), {"turn 0", "turn 180", "mirror 0", "mirror 180"}),
        (WindowRule(flips="left-right"), {"turn 0", "mirror 0"}),
        (WindowRule(flips="up-down"), {"turn 0", "mirror 180"}),
        (WindowRule(half_turn_only=True, quarter_turns=True), {"turn 0", "turn 180"}),
        (WindowRule(flips=False, quarter_turns=True), {"turn 0", "turn 90", "turn 180", "turn 270"}),
        (WindowRule(quarter_turns=True), {f"{k} {a}" for k in ("turn", "mirror") for a in (0, 90, 180, 270)}),
    ],
    ids=[
        "none",
        "flips",
        "left-right alone",
        "up-down alone",
        "half turn only never mirrors",
        "quarter turns never mirror",
        "all",
    ],
)
def test_a_rule_allows_its_own_orientations_and_no_others(rule, expected, tmp_path):
    assert orientations(rule, tmp_path) == expected


def test_rules_are_read_per_product_over_the_default(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text("[default]\nwindow = 96\nweight = 2\n[products.metal_nut]\nhalf_turn_only = true\n")
    default, rules = read_rules(path)
    assert default == WindowRule(window=96, weight=2)
    assert rules == {"metal nut": WindowRule(window=96, weight=2, half_turn_only=True)}
    assert read_rules(None) == (WindowRule(), {})


def test_the_shipped_rules_are_well_formed():
    assert read_rules(PRESETS / "surfaces.toml")[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[default]\nwindows = 96", r"default: unknown key\(s\) \['windows'\]"),
        ("[products.tin]\nmirror = true", r"products\.tin: unknown key\(s\) \['mirror'\]"),
        ("[product.tin]\nflips = true", r"unknown table\(s\) \['product'\]"),
        ("[products.tin]\nwindow = '96'", r"products\.tin: window is '96', must be of type int"),
        ("[default]\nflips = 1", "default: flips is 1, must be true, false, left-right or up-down"),
        ("products = 3", "products is 3, must be a table of tables"),
    ],
)
def test_an_error_names_unknown_keys_and_wrong_types_of_rules(text, message, tmp_path):
    (tmp_path / "rules.toml").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_rules(tmp_path / "rules.toml")


def test_a_table_of_a_product_that_the_data_lacks_is_refused_and_the_known_ones_are_named(data_set, tmp_path):
    path = tmp_path / "windows.toml"
    path.write_text("[products.Tin]\nwindow = 32\n[products.tine]\nwindow = 16\n[products.wool]\n")
    message = r"windows\.toml: products\.tine, products\.wool: no such product in the data; there are: felt, tin "
    message += r"\(without a table: felt\)$"
    with pytest.raises(ValueError, match=message):
        read_rules(path, data_set)
    write_image(tmp_path / "more" / "wool" / "train" / "good" / "0.png", np.zeros((40, 40, 3), np.uint8))
    with pytest.raises(ValueError, match=r"toml: products\.tine: no such"):
        read_rules(path, data_set, tmp_path / "more")


@pytest.mark.parametrize(
    ("rule", "message"),
    [("window = 0", "window is 0, must be at least 8"), ("weight = 0", "weight is 0, must be above 0")],
)
def test_a_window_or_weight_of_zero_is_refused(tmp_path, rule, message):
    (tmp_path / "windows.toml").write_text(f"[products.tin]\n{rule}\n")
    with pytest.raises(ValueError, match=rf"windows\.toml: products\.tin: {message}"):
        read_rules(tmp_path / "windows.toml")


def test_a_file_with_a_table_for_each_product_of_the_data_can_hold_more(data_set, tmp_path):
    path = tmp_path / "windows.toml"
    path.write_text("[products.felt]\n[products.tin]\nwindow = 64\n[products.wool]\n")
    assert read_rules(path, data_set)[1]["tin"].window == 64


def test_a_windows_file_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"^nowhere\.toml: there is no such windows file$"):
        read_rules(Path("nowhere.toml"))
