"""Draws surfaces with defects by formula, in the MVTec AD layout: training data that is free of anybody's rights.

python scripts/make_procedural_surfaces.py OUT [--photographs 120] [--seed 0]

Three products of 256×256 pixels: brushed metal, cast metal, painted panel. Each defect is drawn into a height or a
tone of the surface, and its mask marks the pixels that it changes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

SIDE = 256
VISIBLE = 0.25  # of a defect's greatest effect: what the mask marks
LIGHT = np.array([-0.5, -0.65, 0.6])  # direction of the light: x, y, and out of the picture

Field = np.ndarray  # [SIDE, SIDE] float
Defect = Callable[[np.random.Generator, Field], tuple[Field, Field]]  # tone → tone with the defect, mask


def noise(rng: np.random.Generator, sigma: float | tuple[float, float]) -> Field:
    """Smooth noise of mean 0 and deviation 1; `sigma` in pixels, of rows and columns."""
    field = gaussian_filter(rng.standard_normal((SIDE, SIDE)), sigma, mode="wrap")
    return (field - field.mean()) / field.std()


def shaded(height: Field) -> Field:
    """How much light a relief of `height` pixels reflects, above or below a flat one."""
    rows, columns = np.gradient(height)
    normal = np.stack([-columns, -rows, np.ones_like(height)])
    normal /= np.linalg.norm(normal, axis=0)
    return np.tensordot(LIGHT / np.linalg.norm(LIGHT), normal, 1) - LIGHT[2] / np.linalg.norm(LIGHT)


def brushed_metal(rng: np.random.Generator) -> Field:
    grain = 0.035 * noise(rng, (0.5, rng.uniform(25, 60))) + 0.012 * noise(rng, (1.5, 90)) + 0.01 * noise(rng, 0.4)
    return rng.uniform(0.5, 0.62) + grain + 0.03 * noise(rng, 70)


def cast_metal(rng: np.random.Generator) -> Field:
    relief = 0.55 * noise(rng, 1.2) + 0.9 * noise(rng, 2.6) + 1.6 * noise(rng, 6)
    return rng.uniform(0.32, 0.45) + 0.22 * shaded(relief) + 0.015 * noise(rng, 0.5) + 0.03 * noise(rng, 50)


def painted_panel(rng: np.random.Generator) -> Field:
    orange_peel = 0.5 * noise(rng, 3.5) + 0.25 * noise(rng, 1.8)
    return rng.uniform(0.45, 0.65) + 0.12 * shaded(orange_peel) + 0.006 * noise(rng, 0.5) + 0.05 * noise(rng, 80)


def curve(rng: np.random.Generator, length: float, jitter: float, bend: float) -> np.ndarray:
    """Points (row, column) a third of a pixel apart, on a line that turns by chance; not far outside the picture."""
    count = max(2, int(3 * length))
    turns = rng.uniform(0, 2 * np.pi) + np.cumsum(bend * rng.standard_normal(count) / 30)
    kinks = gaussian_filter(rng.standard_normal(count), 9) * jitter * 9
    steps = np.stack([np.sin(turns + kinks), np.cos(turns + kinks)], 1) / 3
    path = np.cumsum(steps, 0)
    return path - path.mean(0) + rng.uniform(0.25 * SIDE, 0.75 * SIDE, 2)


def stroke(rng: np.random.Generator, path: np.ndarray, width: float) -> Field:
    """A line along `path` of about `width` pixels that tapers at its ends, 0…1."""
    line = np.zeros((SIDE, SIDE))
    share = np.linspace(0, 1, len(path))
    strength = np.minimum(1, 6 * np.minimum(share, 1 - share)) * (0.75 + 0.25 * np.sin(rng.uniform(5, 15) * share))
    rows, columns = np.round(path).astype(int).T
    inside = (rows >= 0) & (rows < SIDE) & (columns >= 0) & (columns < SIDE)
    np.maximum.at(line, (rows[inside], columns[inside]), strength[inside])
    line = gaussian_filter(line, 0.5 * width)
    return line / max(line.max(), 1e-6)


def blob(rng: np.random.Generator, radius: float, roughness: float) -> Field:
    """1 in the middle of an irregular round area, falling to 0 outside it; `radius` in pixels."""
    centre = rng.uniform(0.2 * SIDE, 0.8 * SIDE, 2)[:, None, None]
    rows, columns = np.mgrid[:SIDE, :SIDE] - centre
    turn, stretch = rng.uniform(0, np.pi), rng.uniform(1, 1.8)
    along, across = rows * np.cos(turn) + columns * np.sin(turn), columns * np.cos(turn) - rows * np.sin(turn)
    distance = np.hypot(along / stretch, across) / radius + roughness * noise(rng, radius / 2)
    return np.clip(1.5 - distance, 0, 1)


def marked(effect: Field) -> Field:
    return np.abs(effect) > VISIBLE * np.abs(effect).max()


def scratch(rng: np.random.Generator, tone: Field) -> tuple[Field, Field]:
    path = curve(rng, rng.uniform(60, 220), 0.0, rng.uniform(0, 0.25))
    core = stroke(rng, path, rng.uniform(1.2, 2.6))
    edge = np.roll(core, 1 + int(rng.uniform(0, 2)), (0, 1))
    brightness = rng.uniform(0.25, 0.4) * rng.choice([1, 1, -0.7])
    return tone + brightness * core - 0.3 * brightness * edge, marked(core)


def crack(rng: np.random.Generator, tone: Field) -> tuple[Field, Field]:
    width = rng.uniform(1.2, 2.4)
    path = curve(rng, rng.uniform(90, 260), 0.45, 0.3)
    line = stroke(rng, path, width)
    for _ in range(rng.integers(0, 3)):
        branch = curve(rng, rng.uniform(25, 70), 0.45, 0.3)
        branch += path[rng.integers(len(path) // 4, len(path))] - branch[0]
        line = np.maximum(line, 0.8 * stroke(rng, branch, 0.8 * width))
    return tone - rng.uniform(0.25, 0.4) * line + 0.05 * np.roll(line, 2, 0), marked(line)


def stain(rng: np.random.Generator, tone: Field) -> tuple[Field, Field]:
    area = blob(rng, rng.uniform(14, 38), 0.25)
    soft = gaussian_filter(np.minimum(1, 3 * area), 1.5)
    rim = np.clip(4 * soft * (1 - soft), 0, 1)
    return tone * (1 - rng.uniform(0.2, 0.45) * soft - 0.1 * rim), soft > 0.5


def dent(rng: np.random.Generator, tone: Field) -> tuple[Field, Field]:
    depth = gaussian_filter(blob(rng, rng.uniform(10, 26), 0.05), 4)
    return tone + rng.uniform(0.35, 0.6) * shaded(-14 * depth / depth.max()), depth > VISIBLE * depth.max()


def pitting(rng: np.random.Generator, tone: Field) -> tuple[Field, Field]:
    area = gaussian_filter(blob(rng, rng.uniform(16, 34), 0.3), 2)
    relief = np.minimum(0, noise(rng, rng.uniform(1.4, 2.4)) - 0.2) * np.minimum(1, 2 * area)
    pits = np.clip(-relief, 0, 1)
    return tone + 0.35 * shaded(3 * relief) - 0.22 * pits, gaussian_filter(pits, 1.5) > 0.12


def hole(rng: np.random.Generator, tone: Field) -> tuple[Field, Field]:
    result, mask = tone, np.zeros((SIDE, SIDE), bool)
    for _ in range(rng.integers(1, 4)):
        depth = gaussian_filter(np.minimum(1, 3 * blob(rng, rng.uniform(3, 8), 0.08)), 0.8)
        result = result * (1 - 0.8 * depth) + 0.12 * np.clip(np.roll(depth, 2, (0, 1)) - depth, 0, 1)
        mask = mask | (depth > 0.4)
    return result, mask


PRODUCTS: dict[str, tuple[Callable[[np.random.Generator], Field], tuple[float, float, float], dict[str, Defect]]] = {
    "brushed_metal": (brushed_metal, (1.0, 1.0, 1.01), {"scratch": scratch, "dent": dent, "stain": stain}),
    "cast_metal": (cast_metal, (1.02, 1.0, 0.96), {"crack": crack, "hole": hole, "pitting": pitting}),
    "painted_panel": (painted_panel, (0.62, 0.86, 1.12), {"scratch": scratch, "crack": crack, "dent": dent}),
}


def pixels(tone: Field, tint: tuple[float, float, float]) -> np.ndarray:
    """[SIDE, SIDE, 3] uint8."""
    return np.clip(255 * tone[..., None] * np.array(tint), 0, 255).round().astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photographs", type=int, default=120, help="of good surfaces, and of each defect")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for number, (product, (surface, tint, defects)) in enumerate(PRODUCTS.items()):
        kinds: list[tuple[str, Defect | None]] = [("good", None), *defects.items()]
        for kind, (name, defect) in enumerate(kinds):
            pictures = arguments.out / product / ("test" if defect else "train") / name
            masks = arguments.out / product / "ground_truth" / name
            pictures.mkdir(parents=True)
            if defect:
                masks.mkdir(parents=True)
            for index in range(arguments.photographs):
                rng = np.random.default_rng([arguments.seed, number, kind, index])
                tone = surface(rng)
                if defect:
                    tone, mask = defect(rng, tone)
                    Image.fromarray(mask.astype(np.uint8) * 255).save(masks / f"{index:03d}_mask.png")
                Image.fromarray(pixels(tone, tint)).save(pictures / f"{index:03d}.png")


if __name__ == "__main__":
    main()
