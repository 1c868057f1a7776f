"""Restores float32 weights in graphs, and measures how far the outputs of two graphs differ."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from .graph_generator import Feeds, open_graph


def with_float32_weights(path: Path) -> onnx.ModelProto:
    """The graph with all weights in float32. Weights stored as float16 behind a Cast (onnx_files.store_as_float16)
    are converted, and external data is loaded."""
    model = onnx.load(str(path))
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    for node in [n for n in graph.node if n.op_type == "Cast" and n.input[0] in stored]:
        half = stored[node.input[0]]
        if half.data_type != TensorProto.FLOAT16:
            continue
        graph.initializer.remove(half)
        whole = numpy_helper.to_array(half).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(whole, node.output[0]))
        graph.node.remove(node)
    return model


@contextmanager
def on_disk(model: onnx.ModelProto) -> Iterator[Path]:
    """A temporary file of the graph with external weights, because a graph in memory is limited to 2 GB."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.onnx"
        onnx.save_model(copy.deepcopy(model), str(path), save_as_external_data=True, location="graph.data")
        yield path


def answers(model: onnx.ModelProto, feeds: Sequence[Feeds]) -> list[np.ndarray]:
    """The first output for each of the inputs."""
    with on_disk(model) as path:
        session = open_graph(path)
        return [session.run(None, each)[0] for each in feeds]


def relative_error(given: Sequence[np.ndarray], expected: Sequence[np.ndarray]) -> float:
    """Mean over the outputs of RMS(difference) / RMS(expected)."""
    errors = [np.sqrt(np.square(a - b).mean() / np.square(b).mean()) for a, b in zip(given, expected, strict=True)]
    return float(np.mean(errors))
