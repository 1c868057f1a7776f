"""Random crops of windows and masks: what the autoencoder learns from."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .autoencoder import mask_as_image
from .config import TrainingConfig
from .cutting import Group, cut_groups, group_records
from .devices import cutting_processes
from .layout import GOOD, Record
from .windows import Rules


class Crops:
    """Windows cut once, kept on `device`; every (product, defect) group is drawn equally often."""

    def __init__(self, records: list[Record], rules: Rules, config: TrainingConfig, device: torch.device):
        groups = group_records(records)
        per_group = config.autoencoder_training.windows
        wanted = [Group(photographs, per_group) for photographs in groups.values()]
        cut = list(cut_groups(wanted, rules, config.image_size, (config.seed, 6), cutting_processes()))
        self.device = device
        self.images = torch.from_numpy(np.concatenate([part.images for part in cut])).permute(0, 3, 1, 2).to(device)
        defective = [defect != GOOD for _, defect in groups]
        masks = [part.masks for part in cut if defective[part.group]]
        self.masks = torch.from_numpy(np.concatenate(masks)).to(device)

    def batch(self, size: int, mask_share: float, crop: int, rng: np.random.Generator) -> Tensor:
        """float32 [size, 3, crop, crop] in [-1, 1], channels last; the last `mask_share` of it are masks."""
        masks_wanted = round(size * mask_share)
        images = self._cropped(self.images, size - masks_wanted, crop, rng).float() / 127.5 - 1
        masks = mask_as_image(self._cropped(self.masks[:, None], masks_wanted, crop, rng)[:, 0])
        return torch.cat([images, masks]).contiguous(memory_format=torch.channels_last)

    def _cropped(self, windows: Tensor, count: int, crop: int, rng: np.random.Generator) -> Tensor:
        """[count, C, crop, crop] of windows [n, C, size, size]; the groups are of equal size in both stores."""
        chosen = rng.integers(len(windows), size=count)
        corners = rng.integers(0, windows.shape[-1] - crop + 1, (2, count))
        chosen, (top, left) = (torch.from_numpy(t).to(self.device) for t in (chosen, corners))
        along = torch.arange(crop, device=self.device)
        rows, columns = (top[:, None] + along)[:, :, None], (left[:, None] + along)[:, None, :]
        return windows[chosen[:, None, None], :, rows, columns].permute(0, 3, 1, 2)
