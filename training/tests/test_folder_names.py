"""Names that look alike are one name, however Unicode writes them."""

from __future__ import annotations

import json
import shutil
import unicodedata

import pytest

from defectdiffu.data.layout import DataError, read_layout
from defectdiffu.data.shared_words import keep_apart
from defectdiffu.files.json_files import read_json

NFC, NFD = "Öse", unicodedata.normalize("NFD", "Öse")


@pytest.fixture
def decomposed(data_set):
    """The data set with a product and a defect whose names macOS stored."""
    (data_set / "tin").rename(data_set / NFD)
    (data_set / NFD / "test/dent").rename(data_set / NFD / "test" / unicodedata.normalize("NFD", "Ölfleck"))
    (data_set / NFD / "ground_truth/dent").rename(data_set / NFD / "ground_truth/Ölfleck")
    return data_set


def test_a_decomposed_name_is_the_composed_word_and_its_masks_are_found(decomposed):
    words = {(r.product, r.defect) for r in read_layout(decomposed)}
    assert ("öse", "ölfleck") in words and {product for product, _ in words} == {"felt", "öse"}
    assert {r.product for r in read_layout(decomposed, [NFC])} == {"öse"}


def test_unified_names_and_the_manifest_may_be_composed_and_begin_with_a_byte_order_mark(decomposed):
    names = json.dumps({NFC: {"Ölfleck": "oil"}}, ensure_ascii=False)
    (decomposed / "unified_names.json").write_text(names, encoding="utf-8-sig")
    (decomposed / "manifest.csv").write_text(f"image,split\n{NFC}/test/Ölfleck/0.png,test\n", encoding="utf-8-sig")
    records = [r for r in read_layout(decomposed) if r.product == "öse"]
    assert {r.defect for r in records} == {"good", "oil", "scratch"}
    assert [(r.defect, r.image.name) for r in records if r.split == "test"] == [("oil", "0.png")]
    assert read_json(decomposed / "unified_names.json") == {NFC: {"Ölfleck": "oil"}}
    assert keep_apart(decomposed, ["öse/oil"]) == {"öse/oil": "öse-oil"}
    assert {r.defect for r in read_layout(decomposed) if r.product == "öse"} == {"good", "öse-oil", "scratch"}


def test_two_folders_that_look_alike_are_refused_with_their_characters_spelt_out(data_set):
    for name in (NFC, NFD):
        shutil.copytree(data_set / "tin", data_set / name)
    with pytest.raises(DataError, match=r"'O\\u0308se', '\\xd6se' are one product to the model, 'öse'"):
        read_layout(data_set)


def test_a_product_named_twice_is_refused(decomposed):
    names = {NFC: {"Ölfleck": "oil"}, NFD: {"scratch": "line"}}
    (decomposed / "unified_names.json").write_text(json.dumps(names))
    with pytest.raises(DataError, match="is named twice"):
        read_layout(decomposed)


@pytest.mark.parametrize("folder", ["ti\u200bn", "tin/test/de\u00adnt"])
def test_a_character_that_nobody_sees_is_refused(data_set, folder):
    visible = folder.replace("\u200b", "").replace("\u00ad", "")
    (data_set / visible).rename(data_set / folder)
    with pytest.raises(DataError, match=r"a character that nobody sees, U\+(200B ZERO WIDTH SPACE|00AD SOFT HYPHEN)"):
        read_layout(data_set)
