"""The windows with transplanted defects that detectors train on."""

from __future__ import annotations

import numpy as np
import pytest

from defectdiffu.comparison.crops import Crops
from defectdiffu.comparison.photographs import TooFew
from defectdiffu.comparison.sources import SOURCES, SourceContext
from defectdiffu.comparison.transplanted import TransplantedCrops
from defectdiffu.data.layout import read_data_set
from defectdiffu.data.windows import WindowRule

SIZE = 32
RULES = WindowRule(window=SIZE), {}


def crops(data_set, product: str, *defects: str) -> Crops:
    records = [record for record in read_data_set(data_set) if record.product == product and record.defect in defects]
    return Crops(records, RULES, SIZE)


@pytest.mark.parametrize("settings", [{}, {"anywhere": True}, {"anywhere": True, "of_others": True}])
def test_the_defect_is_dark_under_its_mask(data_set, settings):
    """Holes of level 20, on felt of level 90 or on tin of level 170."""
    ground = "tin" if settings.get("of_others") else "felt"
    made = TransplantedCrops(crops(data_set, "felt", "hole"), crops(data_set, ground, "good"), **settings)
    windows = made.draw(np.random.default_rng(0), 6)
    assert windows.image.shape == (6, SIZE, SIZE, 3)
    for image, mask in zip(windows.image, windows.mask, strict=True):
        assert mask.any() and image[mask].mean() < image[~mask].mean() - 20


def test_the_pairs_of_other_products_come_as_often_as_each_other(data_set):
    donors = crops(data_set, "tin", "scratch", "dent")
    donors.records.pop(), donors.cutters.pop()  # one of three of the last kind: 3 and 2 photographs
    made = TransplantedCrops(donors, crops(data_set, "felt", "good"), anywhere=True, of_others=True)
    shown = [donors.records[i].defect for i in made.draw(np.random.default_rng(1), 200).source]
    assert 80 <= shown.count("dent") <= 120


def test_the_control_of_transferred_defects_shows_the_photographs_of_others_as_they_are(data_set):
    donors = crops(data_set, "tin", "scratch", "dent")
    donors.records.pop(), donors.cutters.pop()
    context = SourceContext(None, crops(data_set, "felt", "good"), [("felt", "hole")], None, donors, "", 0)
    windows = SOURCES["photographs of others"].make(context)(np.random.default_rng(1), 200)
    assert 80 <= [donors.records[i].defect for i in windows.source].count("dent") <= 120
    assert windows.mask.any((1, 2)).all()
    grounds = np.array([image[~mask].mean() for image, mask in zip(windows.image, windows.mask, strict=True)])
    assert (abs(grounds - 170) < 20).all()  # tin, not felt of level 90


def test_a_defect_that_would_not_show_on_another_product_is_left_out(data_set):
    donors = crops(data_set, "felt", "hole")
    for cutter in donors.cutters:
        cutter.image = np.full_like(cutter.image, 90)  # nothing to see under the mask
    flat = crops(data_set, "tin", "good")
    for cutter in flat.cutters:
        cutter.image = np.full_like(cutter.image, 170)
    with pytest.raises(TooFew, match="shows"):
        TransplantedCrops(donors, flat, anywhere=True, of_others=True).draw(np.random.default_rng(0), 1)


def test_no_window_can_be_asked_for(data_set):
    made = TransplantedCrops(crops(data_set, "felt", "hole"), crops(data_set, "felt", "good"))
    assert len(made.draw(np.random.default_rng(0), 0)) == 0
