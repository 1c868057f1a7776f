"""Words that several products share are announced, and `--keep-apart` gives one a name of its own."""

from __future__ import annotations

import json

import pytest
from conftest import invoke, make_data_set

from defectdiffu.data.layout import DataError, read_layout
from defectdiffu.data.shared_words import keep_apart, shared_words

KNOWN = {("asphalt", "good"), ("asphalt", "crack"), ("masonry", "crack"), ("steel strip", "scratch")}


def pairs_of(root) -> set[tuple[str, str]]:
    return {(record.product, record.defect) for record in read_layout(root)}


def test_a_new_products_defect_that_others_have_is_announced(tmp_path):
    (sentence,) = shared_words(tmp_path, {("vase", "crack"), ("vase", "chip"), ("vase", "good")}, KNOWN)
    assert sentence.startswith("'crack': the model reads this defect of vase as that of asphalt and masonry, and")
    assert sentence.endswith(f'defectdiffu-train check --data {tmp_path} --keep-apart "vase/crack"')


def test_a_pair_that_the_model_knows_is_no_news(tmp_path):
    assert shared_words(tmp_path, {("asphalt", "crack")}, KNOWN) == []


def test_products_of_one_data_set_share_words_too(tmp_path):
    (sentence,) = shared_words(tmp_path, {("cup", "chip"), ("vase", "chip"), ("vase", "good"), ("cup", "good")})
    assert sentence.startswith("'chip': the model reads this defect of cup and vase as one, and carries over")


def test_a_word_of_a_new_products_name_that_others_have_is_announced(tmp_path):
    (sentence,) = shared_words(tmp_path, {("steel pipe", "good"), ("steel pipe", "leak")}, KNOWN)
    assert sentence.startswith("'steel' in the name of steel pipe: the model knows this word from steel strip.")


def test_a_defect_that_is_kept_apart_is_one_word_of_its_own(data_set):
    (data_set / "unified_names.json").write_text('{"tin": {"dent": "hole"}}')
    assert ("tin", "hole") in pairs_of(data_set)
    assert keep_apart(data_set, ["tin/hole", "tin/scratch"]) == {"tin/hole": "tin-hole", "tin/scratch": "tin-scratch"}
    assert pairs_of(data_set) >= {("tin", "tin-hole"), ("tin", "tin-scratch"), ("felt", "hole")}
    assert ("tin", "hole") not in pairs_of(data_set)
    assert json.loads((data_set / "unified_names.json").read_text()) == {
        "tin": {"dent": "tin-hole", "scratch": "tin-scratch"}
    }
    assert shared_words(data_set, pairs_of(data_set)) == []


def test_an_unknown_pair_is_refused_and_nothing_is_written(data_set):
    with pytest.raises(DataError, match="no 'tin/rust'; there are: felt/hole, tin/dent, tin/scratch"):
        keep_apart(data_set, ["tin/dent", "tin/rust"])
    assert not (data_set / "unified_names.json").exists()


def test_check_compares_the_words_with_those_of_a_bundle(tmp_path, exported):
    data = make_data_set(tmp_path / "data")
    (data / "felt").rename(data / "wool")
    output = invoke("check", "--data", data, "--bundle", exported).output
    assert "note: 'hole': the model reads this defect of wool as that of felt" in output
    assert "note" not in invoke("check", "--data", data).output
    output = invoke("check", "--data", data, "--bundle", exported, "--keep-apart", "wool/hole").output
    assert "wool/hole is called 'wool-hole' now" in output and "note" not in output
