"""The online augmentation of every method that is named with it: real and synthetic windows go through the same."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from .extra import require_extra

Augment = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def unchanged(image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    return image, mask


def online_augmentation() -> Augment:
    """Geometry, tone, blur and noise of image float [n, 3, S, S] in [-1, 1] and mask [n, 1, S, S] in {0, 1}.

    The random numbers are those of PyTorch's default generator. Flips and turns by 90° belong to the windows' rules.
    """
    library = require_extra("kornia.augmentation")
    steps = library.AugmentationSequential(
        library.RandomAffine(
            degrees=10, translate=(0.05, 0.05), scale=(0.8, 1.25), shear=5, padding_mode="reflection", p=0.8
        ),
        library.RandomBrightness((0.8, 1.2), p=0.7),
        library.RandomContrast((0.75, 1.3), p=0.7),
        library.RandomGamma((0.75, 1.3), p=0.5),
        library.RandomGaussianBlur((5, 5), (0.2, 1.5), p=0.3),
        library.RandomGaussianNoise(std=0.03, p=0.5),
        data_keys=["input", "mask"],
    )

    def augment(image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        changed, moved = steps((image + 1) / 2, mask)
        return changed.clamp(0, 1) * 2 - 1, moved

    return augment
