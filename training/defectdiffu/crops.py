"""Random crops of windows and masks: what the autoencoder learns from."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .autoencoder import mask_as_image
from .config import TrainingConfig
from .layout import Record
from .windows import Rules, WindowCutter


class Crops:
    """Every (product, defect) group is drawn equally often."""

    def __init__(self, records: list[Record], rules: Rules, config: TrainingConfig):
        default, own = rules
        self.cutters = [WindowCutter(r, own.get(r.product, default), config.image_size) for r in records]
        groups = [(r.product, r.defect) for r in records]
        counts = {g: groups.count(g) for g in set(groups)}
        weights = np.array([1 / counts[g] for g in groups])
        self.weights = weights / weights.sum()

    def batch(self, size: int, mask_share: float, crop: int, rng: np.random.Generator) -> Tensor:
        """float32 [size, 3, crop, crop] in [-1, 1], channels last; the last `mask_share` of it are masks."""
        masks_wanted = round(size * mask_share)
        images, masks = [], []
        while len(images) < size - masks_wanted or len(masks) < masks_wanted:
            image, mask = self.cutters[rng.choice(len(self.cutters), p=self.weights)].cut(rng)
            top, left = rng.integers(0, image.shape[0] - crop + 1, 2)
            if len(images) < size - masks_wanted:
                images.append(torch.from_numpy(image[top : top + crop, left : left + crop].copy()))
            if mask.any() and len(masks) < masks_wanted:
                masks.append(torch.from_numpy(mask[top : top + crop, left : left + crop].copy()))
        batch = torch.stack(images).permute(0, 3, 1, 2).float() / 127.5 - 1
        if masks:
            batch = torch.cat([batch, mask_as_image(torch.stack(masks))])
        return batch.contiguous(memory_format=torch.channels_last)
