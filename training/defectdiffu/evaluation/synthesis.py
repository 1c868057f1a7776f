"""Baselines without a generator: synthetic defects with exact masks that need no training.

Each takes real windows of the train split and gives `count` windows with masks, all chance from one generator:

    augmentation   real defective windows again, with their colours and geometry jittered
    copy_paste     a real defect, cut out along its mask, turned and scaled, put on a normal window
    cut_paste      a patch of a normal window put elsewhere with softened borders (CutPaste, Li et al. 2021; NSA,
                   Schlüter et al. 2022, blends with Poisson's equation where this one feathers)
    perlin         another texture through a thresholded Perlin noise mask (DRAEM, Zavrtanik et al. 2021)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import map_coordinates

from ..transplant.cut_paste import blended, jittered, patch_pasted
from .real_windows import Windows

PERLIN_THRESHOLD = 0.5


def augmentation(defective: Windows, normal: Windows, count: int, rng: np.random.Generator) -> Windows:
    def one(i: int) -> tuple[np.ndarray, np.ndarray]:
        image, mask = warped(defective.image[i], defective.mask[i], rng, turn=15, scale=(0.9, 1.2))
        return (jittered(image, rng), mask) if mask.any() else (jittered(defective.image[i], rng), defective.mask[i])

    return _each(rng.integers(len(defective), size=count), one)


def copy_paste(defective: Windows, normal: Windows, count: int, rng: np.random.Generator) -> Windows:
    def one(i: int) -> tuple[np.ndarray, np.ndarray]:
        image, mask = warped(defective.image[i], defective.mask[i], rng, turn=180, scale=(0.7, 1.3))
        ground = normal.image[rng.integers(len(normal))]
        shift = _shift_inside(mask, rng)
        image, mask = (np.roll(part, shift, (0, 1)) for part in (image, mask))
        return blended(ground, image, mask), mask

    return _each(rng.integers(len(defective), size=count), one)


def cut_paste(defective: Windows, normal: Windows, count: int, rng: np.random.Generator) -> Windows:
    def one(i: int) -> tuple[np.ndarray, np.ndarray]:
        donor = normal.image[rng.integers(len(normal))]
        return patch_pasted(normal.image[i], donor, rng)

    return _each(rng.integers(len(normal), size=count), one)


def perlin(defective: Windows, normal: Windows, count: int, rng: np.random.Generator) -> Windows:
    size = normal.image.shape[1]

    def one(i: int) -> tuple[np.ndarray, np.ndarray]:
        mask = np.zeros((size, size), bool)
        while not mask.any():
            scales = 2 ** rng.integers(2, 6, size=2)
            mask = np.rot90(perlin_noise(size, (int(scales[0]), int(scales[1])), rng) > PERLIN_THRESHOLD)
        texture = jittered(np.rot90(normal.image[rng.integers(len(normal))], int(rng.integers(4))), rng, 0.5)
        opacity = rng.uniform(0.2, 1.0)
        mixed = opacity * texture.astype(np.float64) + (1 - opacity) * normal.image[i]
        return blended(normal.image[i], mixed, mask), mask

    return _each(rng.integers(len(normal), size=count), one)


AUGMENTATION = "augmentation"
BASELINES: dict[str, Callable[[Windows, Windows, int, np.random.Generator], Windows]] = {
    AUGMENTATION: augmentation,
    "copy-paste": copy_paste,
    "cut-paste": cut_paste,
    "perlin": perlin,
}


def perlin_noise(size: int, cells: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Gradient noise float [size, size], about -1…1 (Perlin 1985), over a grid of `cells`."""
    angles = rng.uniform(0, 2 * np.pi, (cells[0] + 1, cells[1] + 1))
    gradients = np.stack([np.cos(angles), np.sin(angles)], -1)
    y, x = (np.arange(size) / size * n for n in cells)
    row, column = y.astype(int), x.astype(int)
    fy, fx = (y - row)[:, None], (x - column)[None]
    fade = lambda t: t**3 * (t * (6 * t - 15) + 10)  # noqa: E731

    def corner(dy: int, dx: int) -> np.ndarray:
        g = gradients[(row + dy)[:, None], (column + dx)[None]]
        return g[..., 0] * (fy - dy) + g[..., 1] * (fx - dx)

    left = corner(0, 0) + fade(fy) * (corner(1, 0) - corner(0, 0))
    right = corner(0, 1) + fade(fy) * (corner(1, 1) - corner(0, 1))
    return np.sqrt(2) * (left + fade(fx) * (right - left))


def warped(
    image: np.ndarray, mask: np.ndarray, rng: np.random.Generator, turn: float, scale: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Rotates by up to ±`turn` degrees, scales and maybe mirrors about the window's centre; borders are reflected."""
    size = image.shape[0]
    angle, factor = np.radians(rng.uniform(-turn, turn)), rng.uniform(*scale)
    middle = (size - 1) / 2
    y, x = np.mgrid[:size, :size] - middle
    x = x * rng.choice([-1, 1])
    at = np.stack([np.cos(angle) * y - np.sin(angle) * x, np.sin(angle) * y + np.cos(angle) * x]) / factor + middle
    colours = [map_coordinates(image[..., c].astype(np.float64), at, order=1, mode="reflect") for c in range(3)]
    turned = map_coordinates(mask.astype(np.float64), at, order=1, mode="constant") > 0.5
    return np.stack(colours, -1).round().clip(0, 255).astype(np.uint8), turned


def _shift_inside(mask: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
    """A shift that keeps the mask inside the window."""
    if not mask.any():
        return 0, 0
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    size = mask.shape[0]
    return (
        int(rng.integers(-rows[0], size - rows[-1])),
        int(rng.integers(-columns[0], size - columns[-1])),
    )


def _each(chosen: np.ndarray, one: Callable[[int], tuple[np.ndarray, np.ndarray]]) -> Windows:
    made = [one(int(i)) for i in chosen]
    return Windows(np.stack([image for image, _ in made]), np.stack([mask for _, mask in made]), chosen)
