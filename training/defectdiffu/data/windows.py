"""Cuts square training windows from photographs: at native resolution, with the defect in view, augmented by rule."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Lt
from PIL import Image
from scipy.ndimage import binary_dilation, distance_transform_edt

from ..config.settings import Flag, Number, Positive, Whole, read_settings, settings
from ..files.toml_files import read_toml
from .image_files import load_image, load_mask
from .layout import Pair
from .layout_folders import product_folders
from .layout_names import prompt_name
from .record import Record

Side = Annotated[Whole, Ge(8)]
Zoom = Annotated[Number, Ge(0), Lt(1)]
Flips = Flag | Literal["left-right", "up-down"]  # true: both
HAIRLINE = 1.5  # a stroke whose widest half-width is at most this many pixels does not survive the 8× autoencoder


@settings
class WindowRule:
    window: Side = 128  # pixels along the side of the square that is cut from the photograph
    flips: Flips = True
    quarter_turns: Flag = False
    half_turn_only: Flag = False
    zoom: Zoom = 0.0  # the side varies by this share, up and down: more variety from few photographs
    weight: Positive = 1.0  # how often the product's windows are drawn, relative to the others'


Rules = tuple[WindowRule, dict[str, WindowRule]]  # the default, and a rule per prompt name of a product


def rule_of(rules: Rules, product: str) -> WindowRule:
    """`product`: its prompt name."""
    default, own = rules
    return own.get(product, default)


def pair_weights(rules: Rules, pairs: list[Pair]) -> dict[Pair, float]:
    """How often the windows of each (product, defect) are drawn: the weight of the product's rule."""
    return {pair: rule_of(rules, pair[0]).weight for pair in pairs}


def read_rules(path: Path | None, *data: Path) -> Rules:
    """(default rule, rule per prompt name of a product) from a TOML file like presets/surfaces.toml.

    Raises ValueError that names the file, the table and what does not fit in it. `data`: the data sets that the file is
    for; a table of a product that none of them has is refused while a product of theirs has no table: that one may be
    meant, and would have the default rule. A file that has a table for each of theirs can hold more.
    """
    if path is None:
        return WindowRule(), {}
    if not path.is_file():
        raise ValueError(f"{path}: there is no such windows file")
    document = read_toml(path)
    if unknown := set(document) - {"default", "products"}:
        raise ValueError(f"{path}: unknown table(s) {sorted(unknown)}; known: default, products.<product>")
    default = read_settings(WindowRule, document.get("default", {}), f"{path}: default")
    tables = document.get("products", {})
    if not isinstance(tables, dict):
        raise ValueError(f"{path}: products is {tables!r}, must be a table of tables")
    rules = {}
    for name, table in tables.items():
        own = asdict(default) | table if isinstance(table, dict) else table
        rules[prompt_name(name)] = read_settings(WindowRule, own, f"{path}: products.{name}")
    _require_products(path, list(tables), data)
    return default, rules


def _require_products(path: Path, tables: list[str], data: tuple[Path, ...]) -> None:
    there = [folder for root in data for folder in product_folders(root)]
    known = {prompt_name(folder) for folder in there}
    unknown = [name for name in tables if prompt_name(name) not in known]
    named = {prompt_name(name) for name in tables}
    without = [folder for folder in there if prompt_name(folder) not in named]
    if without and unknown:  # where there is no product at all, reading the photographs reports it
        tables_named = ", ".join(f"products.{name}" for name in unknown)
        raise ValueError(
            f"{path}: {tables_named}: no such product in the data; there are: {', '.join(there)} "
            f"(without a table: {', '.join(without)})"
        )


class WindowCutter:
    """Draws windows from one photograph; the photograph is decoded once and kept."""

    def __init__(self, record: Record, rule: WindowRule, size: int):
        self.record, self.rule, self.size = record, rule, size
        self.image = load_image(record.image)
        height, width = self.image.shape[:2]
        self.mask = load_mask(record.mask, record.marks) if record.mask else np.zeros((height, width), bool)
        self.defect_pixels = np.argwhere(self.mask)

    def cut(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(image uint8 [size, size, 3], mask bool [size, size]); for a defective photograph the mask is never empty."""
        return self.finish(*self.cut_plain(rng), rng)

    def cut_plain(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A square of the photograph's own pixels, before it is augmented and resized."""
        top, left, side = self.place(rng)
        return self.image[top : top + side, left : left + side], self.mask[top : top + side, left : left + side]

    def finish(self, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Augments a square window of the photograph's own pixels by the rule, and resizes it."""
        image, mask = self._augment(image, mask, rng)
        side = len(mask)
        if side != self.size:
            image, resized = resized_pair(image, mask, (self.size, self.size))
            if mask.any() and not resized.any():  # smaller than a pixel here: mark every pixel that it touches
                touched = np.argwhere(mask) * self.size // side
                resized[touched[:, 0], touched[:, 1]] = True
            mask = resized
        return np.ascontiguousarray(image), thicken_hairlines(mask)

    def place(self, rng: np.random.Generator) -> tuple[int, int, int]:
        """Top, left and side of a window in the photograph's own pixels."""
        height, width = self.mask.shape
        side = min(self._side(rng), height, width)
        return *self._corner(rng, height, width, side), side

    def _side(self, rng: np.random.Generator) -> int:
        rule = self.rule
        return round(rule.window * rng.uniform(1 - rule.zoom, 1 + rule.zoom)) if rule.zoom else rule.window

    def _corner(self, rng: np.random.Generator, height: int, width: int, side: int) -> tuple[int, int]:
        if len(self.defect_pixels) == 0:
            return int(rng.integers(0, height - side + 1)), int(rng.integers(0, width - side + 1))
        return corner_around(self.defect_pixels, (height, width), side, rng)

    def _augment(self, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        rule = self.rule
        if rule.half_turn_only:
            turns = 2 * int(rng.integers(2))
            return np.rot90(image, turns), np.rot90(mask, turns)
        if rule.flips in (True, "left-right") and rng.random() < 0.5:
            image, mask = image[:, ::-1], mask[:, ::-1]
        if rule.flips in (True, "up-down") and rng.random() < 0.5:
            image, mask = image[::-1], mask[::-1]
        if rule.quarter_turns:
            turns = int(rng.integers(4))
            image, mask = np.rot90(image, turns), np.rot90(mask, turns)
        return image, mask


def corner_around(pixels: np.ndarray, shape: tuple[int, int], side: int, rng: np.random.Generator) -> tuple[int, int]:
    """Top and left of a square that has a random one of the pixels [n, 2] in its middle half, as far as the border of
    a photograph of this height and width allows."""
    height, width = shape
    y, x = pixels[rng.integers(len(pixels))]
    offset_y, offset_x = rng.uniform(0.25, 0.75, 2) * side
    return int(np.clip(y - offset_y, 0, height - side)), int(np.clip(x - offset_x, 0, width - side))


def resized_pair(image: np.ndarray, mask: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """image uint8 [h, w, 3] and mask bool [h, w] in a width and height. A tiny mask may come out empty."""
    grey = Image.fromarray(mask.astype(np.uint8) * 255).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)), np.asarray(grey) > 127


def thicken_hairlines(mask: np.ndarray) -> np.ndarray:
    """Dilates a mask whose strokes are 1–2 px wide to about 3 px; others are returned as they are."""
    if not mask.any() or distance_transform_edt(mask).max() > HAIRLINE:
        return mask
    return binary_dilation(mask, np.ones((3, 3), bool))
