"""Cuts square training windows out of photographs: native resolution, defect in view, augmented as allowed."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import binary_dilation, distance_transform_edt

from .layout import (Pair, Record, load_image, load_mask, prompt_name)
from ..files.toml_files import read_toml

HAIRLINE = 1.5  # a stroke whose widest half-width is at most this many pixels does not survive the 8× autoencoder


@dataclass(frozen=True)
class WindowRule:
    window: int = 128
    flips: bool = True
    quarter_turns: bool = False
    half_turn_only: bool = False
    zoom: float = 0.0  # the window's side varies by this share, up and down: more variety from few photographs
    weight: float = 1.0


Rules = tuple[WindowRule, dict[str, WindowRule]]  # the default, and a rule per prompt name of a product


def pair_weights(rules: Rules, pairs: list[Pair]) -> dict[Pair, float]:
    """How often the windows of each (product, defect) are drawn: that of the product's rule."""
    default, own = rules
    return {pair: own.get(pair[0], default).weight for pair in pairs}


def read_rules(path: Path | None) -> Rules:
    """(default rule, rule per prompt name of a product) from a TOML file like presets/surfaces.toml."""
    if path is None:
        return WindowRule(), {}
    document = read_toml(path)
    if unknown := set(document) - {"default", "products"}:
        raise ValueError(f"{path}: unknown table(s) {sorted(unknown)}; known: default, products.<product>")
    default = _read_rule(document.get("default", {}), WindowRule(), f"{path}: default")
    tables = document.get("products", {})
    if not isinstance(tables, dict):
        raise ValueError(f"{path}: products is {tables!r}, must be a table of tables")
    rules = {prompt_name(n): _read_rule(table, default, f"{path}: products.{n}") for n, table in tables.items()}
    return default, rules


def _read_rule(table: dict[str, Any], default: WindowRule, where: str) -> WindowRule:
    known = {f.name: type(f.default) for f in fields(WindowRule)}
    if not isinstance(table, dict):
        raise ValueError(f"{where} is {table!r}, must be a table")
    if unknown := set(table) - set(known):
        raise ValueError(f"{where}: unknown key(s) {sorted(unknown)}; known: {sorted(known)}")
    for key, value in table.items():
        allowed = (int, float) if known[key] is float else (known[key],)
        if type(value) not in allowed:
            raise ValueError(f"{where}: {key} is {value!r}, must be of type {known[key].__name__}")
    rule = WindowRule(**{**vars(default), **table})
    if rule.window < 8:
        raise ValueError(f"{where}: window is {rule.window}, must be at least 8 pixels")
    if not 0 <= rule.zoom < 1:
        raise ValueError(f"{where}: zoom is {rule.zoom}, must be at least 0 and below 1")
    if not 0 < rule.weight < math.inf:
        raise ValueError(f"{where}: weight is {rule.weight}, must be above 0")
    return rule


class WindowCutter:
    """Draws windows from one photograph; the photograph is decoded once and kept."""

    def __init__(self, record: Record, rule: WindowRule, size: int):
        self.record, self.rule, self.size = record, rule, size
        self.image = load_image(record.image)
        height, width = self.image.shape[:2]
        self.mask = load_mask(record.mask) if record.mask else np.zeros((height, width), bool)
        self.defect_pixels = np.argwhere(self.mask)

    def cut(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """(image uint8 [size, size, 3], mask bool [size, size]); for a defective photograph the mask is never empty."""
        top, left, side = self.place(rng)
        image = self.image[top : top + side, left : left + side]
        mask = self.mask[top : top + side, left : left + side]
        image, mask = self._augment(image, mask, rng)
        if side != self.size:
            image = np.asarray(Image.fromarray(image).resize((self.size, self.size), Image.Resampling.BICUBIC))
            grey = Image.fromarray(mask.astype(np.uint8) * 255).resize(
                (self.size, self.size), Image.Resampling.BILINEAR
            )
            resized = np.asarray(grey) > 127
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
        # A random defect pixel, placed in the middle half of the window as far as the photograph's border allows.
        y, x = self.defect_pixels[rng.integers(len(self.defect_pixels))]
        offset_y, offset_x = rng.uniform(0.25, 0.75, 2) * side
        return int(np.clip(y - offset_y, 0, height - side)), int(np.clip(x - offset_x, 0, width - side))

    def _augment(self, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        rule = self.rule
        if rule.half_turn_only:
            turns = 2 * int(rng.integers(2))
            return np.rot90(image, turns), np.rot90(mask, turns)
        if rule.flips and rng.random() < 0.5:
            image, mask = image[:, ::-1], mask[:, ::-1]
        if rule.flips and rng.random() < 0.5:
            image, mask = image[::-1], mask[::-1]
        if rule.quarter_turns:
            turns = int(rng.integers(4))
            image, mask = np.rot90(image, turns), np.rot90(mask, turns)
        return image, mask


def thicken_hairlines(mask: np.ndarray) -> np.ndarray:
    """Dilates a mask whose strokes are 1–2 px wide to about 3 px; others are returned as they are."""
    if not mask.any() or distance_transform_edt(mask).max() > HAIRLINE:
        return mask
    return binary_dilation(mask, np.ones((3, 3), bool))
