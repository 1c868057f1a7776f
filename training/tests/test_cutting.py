"""Several processes cut the same windows as one process, in the order of their groups."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import defectdiffu.data.parallel_cutting
from defectdiffu.config import AutoencoderTraining, DenoiserConfig, TrainingConfig
from defectdiffu.data.image_files import load_image
from defectdiffu.data.layout import GOOD, read_data_set
from defectdiffu.data.parallel_cutting import CHUNK, Group, cut_groups, group_records
from defectdiffu.data.windows import WindowRule
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
    monkeypatch.setattr(defectdiffu.data.parallel_cutting, "WORTH_PROCESSES", 0)
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
