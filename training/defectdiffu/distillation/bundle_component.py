"""Adds a graph to a bundle, or replaces it: the file, and its entry in bundle.json."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor, nn

from ..export.manifest import require_valid, sha256
from ..export.manifest_text import manifest_text
from ..files.atomic import write_text
from ..files.bundle_manifest import read_manifest
from ..files.onnx_files import write_onnx


class Graph(NamedTuple):
    component: str
    module: nn.Module  # with weights that float16 holds
    inputs: dict[str, Tensor]  # an example of each
    axes: dict[str, str]  # the dynamic first axis of each input
    outputs: list[str]


def add_component(directory: Path, graph: Graph, entries: dict[str, Any]) -> Path:
    """Writes the graph with float16 weights, and `entries` into bundle.json. Returns the file. Raises ValueError for a
    manifest that the service would refuse; nothing is changed then."""
    manifest = read_manifest(directory, "components")
    file = directory / f"{graph.component}.onnx"
    temporary = directory / f".{file.name}.partial"
    try:
        write_onnx(graph.module, temporary, graph.inputs, graph.axes, graph.outputs, float16_weights=True)
        variant = {"precision": "fp32", "weights": "fp16", "file": file.name}
        variant |= {"sha256": sha256(temporary), "bytes": temporary.stat().st_size}  # type: ignore[dict-item]
        manifest["components"][graph.component] = {
            "variants": [variant],
            "inputs": list(graph.inputs),
            "outputs": graph.outputs,
        }
        manifest |= entries
        require_valid(manifest)
        text = manifest_text(manifest)
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
    write_text(directory / "bundle.json", text)
    return file
