"""A small product in the MVTec AD layout, and ways to spoil it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 40, 48
TOP, LEFT, SIDE = 6, 10, 9  # of the dark square on a defective photograph


def part(root: Path, height: int = HEIGHT, width: int = WIDTH) -> Path:
    """`root`/part with two good and two scratched photographs, and masks of 0 and 255."""
    for i in range(2):
        write(root / f"part/train/good/{i}.png", photograph(False, height, width))
        write(root / f"part/test/scratch/{i}.png", photograph(True, height, width))
        write(root / f"part/ground_truth/scratch/{i}_mask.png", mask(height, width))
    return root / "part"


def photograph(defective: bool, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    pixels = 120 + np.random.default_rng(0).integers(0, 16, (height, width, 3))
    if defective:
        pixels[mask(height, width) > 0] = 20
    return pixels.astype(np.uint8)


def mask(height: int = HEIGHT, width: int = WIDTH, top: int = TOP, left: int = LEFT) -> np.ndarray:
    values = np.zeros((height, width), np.uint8)
    values[top : top + SIDE, left : left + SIDE] = 255
    return values


def write(path: Path, pixels: np.ndarray | Image.Image, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(path, **options)
    return path


def masks_of(product: Path, values) -> None:
    """Writes every mask anew, from the values of `mask`."""
    for path in sorted((product / "ground_truth/scratch").glob("*_mask.png")):
        made = values(mask())
        write(path, made)


def palette_mask(colours: list[tuple[int, int, int]]) -> Image.Image:
    """Index 1 on the defect; 2 beside it, where there are three colours."""
    indices = np.minimum(mask(), 1)
    if len(colours) > 2:
        indices[-3:, -3:] = 2
    image = Image.fromarray(indices).convert("L")
    image = Image.frombytes("P", (WIDTH, HEIGHT), image.tobytes())
    image.putpalette([channel for colour in colours for channel in colour])
    return image


def tagged(turn: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = turn
    return exif


def move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)
