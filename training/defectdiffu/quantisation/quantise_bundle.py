"""Adds int8 and float16 graphs of the denoiser and the image decoder to a bundle, with their measured cost."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

import onnx

from ..checkpoints.from_bundle import load_bundle
from ..export.manifest import require_valid, sha256
from ..export.manifest_text import manifest_text
from ..files.atomic import write_text
from ..files.bundle_manifest import read_manifest
from ..files.onnx_files import store_as_float16
from ..progress import Progress
from .calibration import collected_feeds
from .float16 import to_float16
from .graph_generator import QUANTISED_COMPONENTS, Feeds, base_variant, generator_of
from .graphs import answers, relative_error, with_float32_weights
from .int8 import SENSITIVITY_FEEDS, Report, quantised
from .plan import QuantisationPlan
from .quality import decoded_quality, drawn_quality, measurable_records, real_quality
from .shared_weights import quantise_at_opening, share_weights

LARGEST = 900 * 2**20  # bytes: converted from float16 they double, and an ONNX file is limited to 2 GB


def quantise_bundle(
    directory: Path, plan: QuantisationPlan, progress: Progress, real: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Writes the graphs into the bundle and lists them in bundle.json, where they replace older ones of that precision.
    Returns the cost of each. `real` (data, rules, plan of an evaluation) also measures on photographs.

    Raises ValueError for a bundle whose denoiser takes texts, which is an export from before the separate modulation
    graph, and for a bundle whose graphs are too large for a single file; DataError for bad photographs, and ValueError
    for those that show no trained pair in both splits.
    """
    path = directory / "bundle.json"
    manifest = read_manifest(directory, *(f"components.{name}.variants" for name in QUANTISED_COMPONENTS))
    if "modulation" not in manifest["components"]:
        raise ValueError(f"{directory}: has no component modulation; export the model again, then make variants of it")
    for name in QUANTISED_COMPONENTS:
        stored = sum(file.stat().st_size for file in directory.glob(f"{name}.onnx*"))
        if stored > LARGEST:
            raise ValueError(f"{directory}: {name} has {stored} bytes, must have {LARGEST} at most to be converted")
    model = load_bundle(directory)
    if real is not None:  # refused before anything is computed
        real = {"records": measurable_records(model, real["data"]), "rules": real["rules"], "plan": real["plan"]}
    whole = {
        name: with_float32_weights(directory / base_variant(manifest, name)["file"]) for name in QUANTISED_COMPONENTS
    }
    base = generator_of(directory, manifest, model, {})
    feeds = collected_feeds(directory, manifest, model, plan, progress)
    costs: dict[str, Any] = {}
    finished: dict[Path, Path] = {}
    for precision in plan.precisions:
        files: dict[str, Path] = {}
        donors: dict[str, list[dict[str, Any]]] = {}
        notes: dict[str, dict[str, Any]] = {}
        for name, graph in whole.items():
            cheap, notes[name] = quantised_graph(
                graph, precision, feeds[name], plan.smallest_weight, partial(_report, progress, name)
            )
            files[name] = directory / f".{name}.{precision}.onnx.partial"
            donors[name] = donor_of(cheap, precision, directory, base_variant(manifest, name))
            files[name].write_bytes(cheap.SerializeToString())
        quantised = generator_of(directory, manifest, model, files)
        notes["denoiser"] |= drawn_quality(model, base, quantised, plan, progress)
        notes["image_decoder"] |= decoded_quality(base, quantised, feeds["image_decoder"][-SENSITIVITY_FEEDS:])
        if real is not None:
            notes["denoiser"] |= real_quality(model, base, quantised, precision, progress, **real)
        costs[precision] = notes
        for name, file in files.items():
            finished[file] = directory / f"{name}.{precision}.onnx"
            entry: dict[str, Any] = {"precision": precision, "weights": precision, "file": finished[file].name}
            entry |= {"sha256": sha256(file), "bytes": file.stat().st_size}
            entry |= {"externalData": donors[name]} if donors[name] else {}
            entry["quality"] = {"against": "fp32", **notes[name]}
            variants = manifest["components"][name]["variants"]
            variants[:] = [other for other in variants if other["precision"] != precision] + [entry]
    require_valid(manifest)
    text = manifest_text(manifest)
    # Written last, so that the bundle is unchanged until everything is measured.
    for file, place in finished.items():
        os.replace(file, place)
    write_text(path, text)
    return costs


def donor_of(graph: onnx.ModelProto, precision: str, directory: Path, base: dict[str, Any]) -> list[dict[str, Any]]:
    """Lets the graph take its weights from the float32 graph's file. Returns the manifest's `externalData` of it."""
    donor = directory / base["file"]
    if base.get("externalData") or base["weights"] != "fp16":
        return []
    if precision == "int8":
        quantise_at_opening(graph, donor)
    if not share_weights(graph, donor):
        return []
    return [{key: base[key] for key in ("file", "sha256", "bytes")}]


def _report(progress: Progress, phase: str, done: int, total: int) -> None:
    progress(phase, done, total, {})


def quantised_graph(
    graph: onnx.ModelProto, precision: str, feeds: list[Feeds], smallest: int, report: Report
) -> tuple[onnx.ModelProto, dict[str, Any]]:
    """The graph in that precision, and the relative error of one evaluation."""
    kept: list[str] = []
    if precision == "int8":
        cheap, kept = quantised(graph, feeds, smallest, report)
        store_as_float16(cheap)
    else:
        cheap = to_float16(graph)
    judging = feeds[-SENSITIVITY_FEEDS:]
    error = relative_error(answers(cheap, judging), answers(graph, judging))
    note: dict[str, Any] = {"relativeError": round(error, 5)}
    return cheap, note | ({"productsKeptInFp32": len(kept)} if precision == "int8" else {})
