"""`split` keeps photographs of every product and defect out of training."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from conftest import invoke, make_data_set, texture, write_image

from defectdiffu.data.layout import read_layout
from defectdiffu.data.splitting import split


def splits(data) -> dict[str, str]:
    return {record.image.relative_to(data).as_posix(): record.split for record in read_layout(data)}


@pytest.mark.parametrize(("share", "held_out"), [(0.01, 1), (0.3, 1), (0.6, 2), (0.99, 2)])
def test_every_group_is_in_both_splits_in_about_the_requested_share(data_set, share, held_out):
    counts = split(data_set, share)
    assert set(counts.values()) == {(3 - held_out, held_out)} and len(counts) == 5
    for folder in ("tin/test/dent", "tin/test/scratch", "tin/train/good", "felt/test/hole", "felt/train/good"):
        of = [split for image, split in splits(data_set).items() if image.startswith(folder)]
        assert sorted(of) == ["test"] * held_out + ["train"] * (3 - held_out)


def test_a_single_photograph_goes_to_the_train_split(data_set):
    for number in (1, 2):
        (data_set / f"tin/test/dent/{number}.png").unlink()
    assert split(data_set, 0.9)["tin", "dent"] == (1, 0)


def test_the_seed_decides_the_splits_and_another_product_does_not_change_them(data_set, tmp_path):
    more = make_data_set(tmp_path / "more")
    for i in range(4):
        write_image(more / "brass/train/good" / f"{i}.png", texture(np.random.default_rng(0), 120, 40))
    other = shutil.copytree(data_set, tmp_path / "other")
    split(data_set, seed=1), split(more, seed=1), split(other, seed=2)
    assert splits(data_set).items() <= splits(more).items()
    assert splits(data_set) != splits(other)


def test_an_existing_manifest_is_not_overwritten(data_set):
    command = ["split", "--data", data_set, "--seed", 3]
    first = invoke(*command)
    assert first.exit_code == 0 and "2 train     1 test" in first.output, first.output
    before = (data_set / "manifest.csv").read_bytes()
    result = invoke(*command[:3], "--seed", 4)
    assert result.exit_code == 1 and "exists already" in result.output
    assert (data_set / "manifest.csv").read_bytes() == before


@pytest.mark.parametrize("share", [0, 1, -0.5])
def test_a_share_that_leaves_a_split_empty_is_refused(data_set, share):
    with pytest.raises(ValueError, match=f"share is {share}, must be above 0 and below 1"):
        split(data_set, share)
    assert not (data_set / "manifest.csv").exists()
