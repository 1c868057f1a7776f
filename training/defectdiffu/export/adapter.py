"""Exports an adapter: adapter.json and one small graph, beside the bundle that it belongs to."""

from __future__ import annotations

import copy
import datetime
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from .. import __version__
from ..checkpoints.base_bundle import base_of
from ..checkpoints.from_adapter import GRAPH, MANIFEST
from ..checkpoints.origin import Origin, with_origin
from ..checkpoints.trained_model import TrainedModel
from ..config import config_to_dict
from ..files.onnx_files import write_onnx
from ..model.components import round_to_float16
from .bundle import MODULATION_AXES, require_version
from .manifest import license_of, read_provenance, require_valid, sha256
from .manifest_text import indented, numbers_on_one_line

FORMAT_VERSION = 1
SCHEMA = Path(__file__).resolve().parents[3] / "models" / "adapter.schema.json"
CHANGES = ["background_change", "defect_change", "fusion_change"]


def export_adapter(
    model: TrainedModel,
    models_directory: Path,
    provenance: Path,
    figures: dict[str, Any] | None = None,
    float16_weights: bool = True,
    origin: Origin | None = None,
) -> Path:
    """Writes models/<name>/<version>/ and returns it; its bundle must lie at models/<base's name>/<base's version>/.

    Raises FileExistsError when that version is there already, FileNotFoundError when the bundle is not.
    """
    assert model.base is not None
    target = require_version(models_directory, model.config)
    base = base_of(model.base)
    if not (models_directory / base.name / base.version / "bundle.json").exists():
        raise FileNotFoundError(
            f"{models_directory}: has no {base.name} {base.version}, to which the adapter belongs; copy it there"
        )
    source = with_origin(read_provenance(provenance), origin)
    return write_adapter(model, target, source, figures, float16_weights)


def write_adapter(
    model: TrainedModel,
    target: Path,
    source: dict[str, Any],
    figures: dict[str, Any] | None = None,
    float16_weights: bool = True,
) -> Path:
    """Writes the folder `target`, which must not exist, as a whole, and returns it.

    `source`: the provenance, together with that of the bundle. Raises ValueError for a manifest that the service would
    refuse.
    """
    assert model.adapter is not None and model.base is not None
    temporary = target.with_name(f".{target.name}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        adapter = copy.deepcopy(model.adapter)
        if float16_weights:
            round_to_float16(adapter)
        inputs = {"timestep": torch.tensor([10, 500]), "text": torch.randn(2, model.config.denoiser.text_dim)}
        write_onnx(adapter, temporary / GRAPH, inputs, MODULATION_AXES, CHANGES, float16_weights)
        manifest = _manifest(model, temporary, source, figures or {})
        manifest["base"] = asdict(base_of(model.base))
        embeddings = [[float(f"{value:.9g}") for value in text] for text in adapter.embeddings.tolist()]
        manifest["phrases"] = dict(zip(adapter.phrases, embeddings, strict=True))
        manifest["provenance"]["settings"] = asdict(adapter.config)
        (temporary / MANIFEST).write_text(adapter_text(manifest), encoding="utf-8")
        os.replace(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)  # of a refusal, or a full disk
    return target


def adapter_text(manifest: dict[str, Any]) -> str:
    """adapter.json. Raises ValueError that names what models/adapter.schema.json does not allow, or for a number
    that is not finite."""
    require_valid(manifest, SCHEMA)
    return numbers_on_one_line(indented(manifest)) + "\n"


def _manifest(model: TrainedModel, directory: Path, source: dict[str, Any], figures: dict[str, Any]) -> dict[str, Any]:
    config, words, graph = model.config, model.vocabulary, directory / GRAPH
    aliases: dict[str, str] = source.get("aliases", {})
    return {
        "formatVersion": FORMAT_VERSION,
        "name": config.name,
        "version": config.version,
        "description": source["description"],
        "license": license_of(source),
        "vocabulary": {
            "products": words.products,
            "defects": words.defects,
            "trainedPairs": [list(pair) for pair in words.trained_pairs],
            "aliases": {alias: defect for alias, defect in aliases.items() if defect in words.defects},
        },
        "modulation": {"file": graph.name, "sha256": sha256(graph), "bytes": graph.stat().st_size},
        "provenance": {
            "dataset": source["dataset"],
            "codeVersion": __version__,
            "trainingSteps": model.step,
            "samplesSeen": model.samples_seen,
            "createdAt": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "architecture": {"training": config_to_dict(config)},
            "figures": figures,
        },
    }
