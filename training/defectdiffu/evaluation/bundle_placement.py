"""Measures `placement` in a bundle's manifest: the figures of real defects that drawing on photographs needs.

These are the side of the training windows, the shapes of real masks, and how visible real defects are, which sets the
bound for drawn ones. All are measured on the train split, because the test split must stay unseen.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..checkpoints.from_adapter import MANIFEST as ADAPTER_MANIFEST
from ..checkpoints.from_adapter import load_model
from ..checkpoints.trained_model import TrainedModel
from ..data.layout import read_data_set
from ..data.record import Record
from ..data.windows import Rules, WindowRule, rule_of
from ..export.adapter import adapter_text
from ..export.manifest import require_valid
from ..export.manifest_text import manifest_text
from ..files.atomic import write_text
from ..files.bundle_manifest import MANIFEST, read_manifest
from ..files.json_files import read_json
from ..progress import Progress
from ..sampling.composition import dilated
from ..sampling.placement import shape_of
from .mask_figures import predicted_masks
from .real_windows import Windows, cut_windows, shuffled
from .segmentation_figures import mask_iou

WINDOWS = 64  # per pair
SHAPES = 32  # per pair
PERCENTILES = (5, 25, 50)
RING = (2, 8)  # pixels from the mask: nearer ones are the defect's own blurred edge
DECIMALS = 3


DataSets = Sequence[tuple[Path, Rules]]  # folders in the MVTec AD layout, and how windows are cut from each


def write_placement(directory: Path, data: DataSets, seed: int, report: Progress) -> dict[str, Any]:
    """Measures the section and writes it into bundle.json, or an adapter's adapter.json, where it replaces an older
    one; the rest of the file stays.

    Raises ValueError when no photograph of the train split shows a trained pair, or when two data sets have different
    rules for one product.
    """
    is_adapter = (directory / ADAPTER_MANIFEST).exists()
    path = directory / (ADAPTER_MANIFEST if is_adapter else MANIFEST)
    manifest = read_json(path, "provenance") if is_adapter else read_manifest(directory, "provenance")
    placement = measured_placement(load_model(directory), data, seed, report)
    provenance = manifest.pop("provenance")
    manifest |= {"placement": placement, "provenance": provenance}
    if not is_adapter:
        require_valid(manifest)
    write_text(path, adapter_text(manifest) if is_adapter else manifest_text(manifest))
    return placement


def measured_placement(model: TrainedModel, data: DataSets, seed: int, report: Progress) -> dict[str, Any]:
    """`windows`, `shapes` and `scores` as models/bundle.schema.json describes them. Only trained pairs have them,
    because a held-out pair stands for defects without photographs."""
    pairs, products = set(model.vocabulary.trained_pairs), model.vocabulary.products
    include = lambda r: r.split == "train" and (r.product, r.defect) in pairs  # noqa: E731
    parts = [(read_data_set(root, include=include), rules) for root, rules in data]
    seen = [record for records, _ in parts for record in records]
    if not seen:
        folders = ", ".join(str(root) for root, _ in data)
        raise ValueError(f"{folders}: no photograph of the train split shows a defect that the bundle was trained on")
    rules = _joined_rules(parts)
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in shuffled(seen, seed):
        groups.setdefault((record.product, record.defect), []).append(record)
    sides = {product: rule_of(rules, product).window for product in products}
    generator, shapes, scores = model.generator(), {}, {}
    for done, (product, defect) in enumerate(sorted(groups)):
        report("placement", done, len(groups), {})
        windows = cut_windows(groups[product, defect], rules, model.config.image_size, WINDOWS, seed)
        shapes[f"{product}/{defect}"] = [list(shape_of(mask)) for mask in windows.mask[:SHAPES]]
        found = predicted_masks(generator, windows, product, defect, knowing_product=True)
        agreements = [mask_iou(a, b) for a, b in zip(found, windows.mask, strict=True)]
        if seen_against := contrasts(windows):
            scores[f"{product}/{defect}"] = {
                "contrast": percentiles(seen_against),
                "maskAgreement": percentiles(agreements),
            }
    report("placement", len(groups), len(groups), {})
    return {"windows": sides, "shapes": shapes, "scores": scores}


def _joined_rules(parts: list[tuple[list[Record], Rules]]) -> Rules:
    """The rule of every product that is seen, from the data set that shows it; for others the first data set's."""
    joined: dict[str, WindowRule] = {}
    for records, rules in parts:
        for product in sorted({record.product for record in records}):
            rule = rule_of(rules, product)
            if joined.setdefault(product, rule) != rule:
                raise ValueError(f"{product} is in two data sets, whose windows files have different rules for it")
    default, own = parts[0][1]
    return default, own | joined


def contrasts(windows: Windows) -> list[float]:
    """The contrast of each defect with its surroundings, 0 … 255: mean |grey inside - mean grey of the ring|. Defects
    that leave no ring are left out."""
    values = []
    for image, mask in zip(windows.image, windows.mask, strict=True):
        grey, ring = image.astype(np.float64).mean(2), dilated(mask, RING[1]) & ~dilated(mask, RING[0])
        if ring.any():
            values.append(float(np.abs(grey[mask] - grey[ring].mean()).mean()))
    return values


def percentiles(values: list[float]) -> list[float]:
    return [round(float(value), DECIMALS) for value in np.percentile(values, PERCENTILES)]
