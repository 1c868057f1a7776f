"""Random crops of windows and masks, on which the autoencoder is trained."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..config import TrainingConfig
from ..data.layout import GOOD
from ..data.parallel_cutting import Group, cut_groups, group_records
from ..data.record import Record
from ..data.windows import Rules
from ..model.autoencoder import mask_as_image
from .devices import cutting_processes

ABOUT = 2  # pixels about a defect that count as its own: its edge


class CropBatch(NamedTuple):
    pictures: Tensor  # float32 [size, 3, crop, crop] in [-1, 1], channels last
    near_defect: Tensor  # float32 [size, 1, crop, crop]: 1 on defects and about them; 0 everywhere in masks


class Crops:
    """Windows cut once, kept on `device`; every (product, defect) group is drawn equally often."""

    def __init__(self, records: list[Record], rules: Rules, config: TrainingConfig, device: torch.device):
        groups = group_records(records)
        per_group = config.autoencoder_training.windows
        requested = [Group(photographs, per_group) for photographs in groups.values()]
        cut = list(cut_groups(requested, rules, config.image_size, (config.seed, 6), cutting_processes()))
        self.device = device
        self.images = torch.from_numpy(np.concatenate([part.images for part in cut])).permute(0, 3, 1, 2).to(device)
        self.masks = torch.from_numpy(np.concatenate([part.masks for part in cut]))[:, None].to(device)
        defective = np.array([defect != GOOD for _, defect in groups])
        group = np.repeat([part.group for part in cut], [len(part.images) for part in cut])
        self.defective = torch.from_numpy(np.flatnonzero(defective[group])).to(device)

    def batch(self, size: int, mask_share: float, crop: int, rng: np.random.Generator) -> CropBatch:
        """The last `mask_share` of it are masks."""
        masks_requested = round(size * mask_share)
        place = self._place(len(self.images), size - masks_requested, crop, rng)
        images = _cropped(self.images, crop, *place).float() / 127.5 - 1
        near = F.max_pool2d(_cropped(self.masks, crop, *place).float(), 2 * ABOUT + 1, 1, ABOUT)
        chosen, top, left = self._place(len(self.defective), masks_requested, crop, rng)
        masks = mask_as_image(_cropped(self.masks, crop, self.defective[chosen], top, left)[:, 0])
        pictures = torch.cat([images, masks]).contiguous(memory_format=torch.channels_last)
        return CropBatch(pictures, torch.cat([near, near.new_zeros(masks_requested, 1, crop, crop)]))

    def _place(self, windows: int, count: int, crop: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Which of so many windows (every group has as many), and the crop's top and left in it."""
        chosen = rng.integers(windows, size=count)
        top, left = rng.integers(0, self.images.shape[-1] - crop + 1, (2, count))
        windows_, tops, lefts = (torch.from_numpy(t).to(self.device) for t in (chosen, top, left))
        return windows_, tops, lefts


def _cropped(windows: Tensor, crop: int, chosen: Tensor, top: Tensor, left: Tensor) -> Tensor:
    """[count, C, crop, crop] of windows [n, C, size, size]."""
    along = torch.arange(crop, device=windows.device)
    rows, columns = (top[:, None] + along)[:, :, None], (left[:, None] + along)[:, None, :]
    return windows[chosen[:, None, None], :, rows, columns].permute(0, 3, 1, 2)
