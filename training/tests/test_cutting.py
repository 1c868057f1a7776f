"""Several processes cut the same windows as one process, in the order of their groups."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
import torch

from defectdiffu.config import AutoencoderTraining, DenoiserConfig, TrainingConfig
from defectdiffu.data import parallel_cutting
from defectdiffu.data.image_files import load_image
from defectdiffu.data.layout import GOOD, read_data_set
from defectdiffu.data.parallel_cutting import CHUNK, Group, cut_groups, group_records
from defectdiffu.data.windows import WindowCutter, WindowRule
from defectdiffu.training.crops import Crops

RULES = (WindowRule(window=24, zoom=0.2), {})


def small_config(windows: int) -> TrainingConfig:
    training = AutoencoderTraining(windows=windows, crop=40)
    return TrainingConfig(
        image_size=40, autoencoder_training=training, denoiser=DenoiserConfig(latent_size=5, patch_size=1)
    )


@pytest.fixture
def groups(data_set):
    return group_records(read_data_set(data_set))


def test_several_processes_cut_the_same_windows_as_one(groups, monkeypatch):
    requested = [Group(records, CHUNK + 9) for records in groups.values()]
    alone = list(cut_groups(requested, RULES, 32, (0, 3), 1))
    monkeypatch.setattr(parallel_cutting, "WORTH_PROCESSES", 0)
    together = list(cut_groups(requested, RULES, 32, (0, 3), 2))
    assert [len(part.images) for part in alone] == [CHUNK, 9] * len(groups)
    assert [part.group for part in alone] == [g for g in range(len(groups)) for _ in range(2)]
    for one, other in zip(alone, together, strict=True):
        assert one.group == other.group
        assert np.array_equal(one.images, other.images) and np.array_equal(one.masks, other.masks)


def test_the_photographs_of_a_group_take_turns_across_chunks(groups):
    records = groups[("felt", GOOD)]
    whole = (WindowRule(window=40, flips=False), {})  # a window is the whole photograph
    parts = list(cut_groups([Group(records, CHUNK + 20)], whole, 40, (0,), 1))
    images = np.concatenate([part.images for part in parts])
    for i, image in enumerate(images):
        assert np.array_equal(image, load_image(records[i % len(records)].image))


class Decoded(WindowCutter):
    """Counts the photographs that are decoded, and the most that are at one time."""

    there: weakref.WeakSet[Decoded] = weakref.WeakSet()
    count = most = 0

    def __init__(self, *of):
        super().__init__(*of)
        Decoded.there.add(self)
        Decoded.count += 1
        Decoded.most = max(Decoded.most, len(Decoded.there))


@pytest.fixture
def decoded(monkeypatch) -> type[Decoded]:
    Decoded.count = Decoded.most = 0
    monkeypatch.setattr(parallel_cutting, "WindowCutter", Decoded)
    return Decoded


def cut_from_all(records, rules, size, seed, windows) -> list[np.ndarray]:
    """The windows of group 0 in one chunk, with all its photographs decoded at once."""
    cutters, rng = [WindowCutter(record, rules[0], size) for record in records], np.random.default_rng((*seed, 0, 0))
    return [cutters[i % len(cutters)].cut(rng)[0] for i in range(windows)]


def test_photographs_that_come_once_are_decoded_one_at_a_time(data_set, decoded):
    records = tuple(read_data_set(data_set))
    for rules in (RULES, (WindowRule(window=40, flips=False), {})):  # the second cuts whole photographs, as views
        decoded.count = decoded.most = 0
        (part,) = cut_groups([Group(records, len(records))], rules, 40, (0, 3), 1)
        assert np.array_equal(part.images, cut_from_all(records, rules, 40, (0, 3), len(records)))
        assert decoded.count == len(records) and decoded.most == 1


@pytest.mark.parametrize(("fit", "most", "opened"), [(3, 3, 3), (1, 2, 1 + 91)], ids=["all", "one of three"])
def test_photographs_that_come_again_stay_decoded_as_far_as_they_fit(fit, most, opened, groups, decoded, monkeypatch):
    records, windows = groups["tin", GOOD], CHUNK + 9  # every photograph comes 45 or 46 times
    monkeypatch.setattr(parallel_cutting, "KEPT", fit * 40 * 40 * 4)  # bytes of an image and its mask
    first, _ = cut_groups([Group(records, windows)], RULES, 32, (0,), 1)
    assert np.array_equal(first.images, cut_from_all(records, RULES, 32, (0,), CHUNK))
    assert (decoded.most, decoded.count) == (most, opened)
    assert not decoded.there  # nothing stays for the time after


def test_crops_hold_images_first_and_masks_last(data_set):
    config = small_config(windows=5)
    crops = Crops(read_data_set(data_set), RULES, config, device="cpu")
    assert len(crops.images) == 5 * 5 and len(crops.defective) == 3 * 5  # two normal and three defective groups
    pictures, near_defect = crops.batch(40, 0.25, 16, np.random.default_rng(0))
    assert pictures.shape == (40, 3, 16, 16) and near_defect.shape == (40, 1, 16, 16)
    is_mask = (pictures.abs() == 1).flatten(1).all(1)
    assert is_mask.tolist() == [False] * 30 + [True] * 10
    assert (pictures[30:] == 1).any() and not near_defect[30:].any()


def test_crops_know_where_defects_are(data_set):
    config = small_config(windows=3)
    crops = Crops(read_data_set(data_set), (WindowRule(window=40, flips=False), {}), config, device="cpu")
    pictures, near_defect = crops.batch(60, 0, 40, np.random.default_rng(0))
    # Defects of this data set are of grey 20, parts between 65 and 195.
    dark = ((pictures.mean(1, keepdim=True) + 1) * 127.5 < 30).float()
    assert dark.any() and torch.equal(near_defect, torch.nn.functional.max_pool2d(dark, 5, 1, 2))


def test_crops_come_from_everywhere_in_a_window(data_set):
    config = small_config(windows=1)
    crops = Crops(read_data_set(data_set), (WindowRule(window=40, flips=False), {}), config, device="cpu")
    rows = np.arange(40, dtype=np.uint8)[:, None] + 100 * (np.arange(40, dtype=np.uint8)[None] >= 20)
    crops.images[:] = torch.from_numpy(rows)
    batch = ((crops.batch(400, 0, 8, np.random.default_rng(0)).pictures + 1) * 127.5).round()
    corners = {int(image[0, 0, 0]) % 100 for image in batch}
    assert min(corners) == 0 and max(corners) == 32
    assert all((image[0, 1:, 0] - image[0, :-1, 0] == 1).all() for image in batch)  # rows stay in their order
