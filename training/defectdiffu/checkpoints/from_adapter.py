"""Reads an exported adapter together with the bundle that it belongs to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..config import AdapterConfig, config_from_dict
from ..config.settings import read_settings
from ..data.layout import GOOD
from ..data.vocabulary import Vocabulary
from ..files.json_files import read_json
from ..files.onnx_files import read_parameters
from ..model.adapter import Adapter
from .adapter_runs import adapter_of
from .base_bundle import BaseBundle, require_base
from .from_bundle import load_bundle
from .trained_model import TrainedModel

MANIFEST = "adapter.json"
GRAPH = "modulation_change.onnx"
NEEDED = (
    "base.name", "base.version", "base.graphs", "vocabulary.products", "vocabulary.trainedPairs", "phrases",
    "modulation.file", "provenance.trainingSteps", "provenance.samplesSeen", "provenance.settings",
    "provenance.architecture.training",
)  # fmt: skip


def load_model(directory: Path) -> TrainedModel:
    """The model of a bundle, or of an adapter and its bundle. Raises ValueError as `load_bundle` does."""
    return load_adapter(directory) if (directory / MANIFEST).exists() else load_bundle(directory)


def load_adapter(directory: Path) -> TrainedModel:
    """The model of models/<name>/<version>/ and of its bundle, models/<base's name>/<base's version>/.

    Raises ValueError for a damaged adapter, or when the bundle is another; FileNotFoundError when there is none.
    """
    manifest = read_json(directory / MANIFEST, *NEEDED)
    base = BaseBundle(**manifest["base"])
    bundle = directory.resolve().parents[1] / base.name / base.version
    if not bundle.exists():
        raise FileNotFoundError(f"{directory}: belongs to {base.name} {base.version}, which is not at {bundle}")
    require_base(bundle, base, directory)
    words, provenance = manifest["vocabulary"], manifest["provenance"]
    config = config_from_dict(provenance["architecture"]["training"], str(directory / MANIFEST))
    pairs = sorted([(p, GOOD) for p in words["products"]] + [tuple(pair) for pair in words["trainedPairs"]])
    return replace(
        load_bundle(bundle), config=config, vocabulary=Vocabulary(pairs), adapter=_read_adapter(directory, manifest),
        base=bundle, step=provenance["trainingSteps"], samples_seen=provenance["samplesSeen"],
    )  # fmt: skip


def _read_adapter(directory: Path, manifest: dict[str, Any]) -> Adapter:
    settings = read_settings(AdapterConfig, manifest["provenance"]["settings"], f"{directory / MANIFEST}: settings")
    phrases: dict[str, list[float]] = manifest["phrases"]
    state: dict[str, Tensor] = read_parameters(directory / manifest["modulation"]["file"])
    return adapter_of(state | {"embedding": torch.tensor(list(phrases.values()))}, settings, list(phrases)).eval()
