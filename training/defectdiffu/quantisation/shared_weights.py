"""A cheaper graph refers to the weights that another graph of the bundle stores, instead of storing a second copy.

The float32 graph stores its weights as float16 behind a Cast (`onnx_files.store_as_float16`). The float16 variant needs
the same bytes, and the int8 variant can compute its own from them: onnxruntime does so once, as it opens the graph.
ONNX external data names a file, an offset and a length; that file may be another ONNX graph.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..files.onnx_files import FLOAT16_SUFFIX

SMALLEST_SHARED = 1024  # bytes; a reference to a smaller tensor saves nothing
QUANTISED_SUFFIX = "_quantized"  # of onnxruntime's quantiser


def share_weights(graph: onnx.ModelProto, donor: Path) -> int:
    """Replaces each initializer whose bytes are in the file `donor` by a reference to them, in place.

    The graph must then be stored in the donor's folder. Returns the number of bytes removed from the graph.
    """
    stored = donor.read_bytes()
    shared = 0
    for tensor in graph.graph.initializer:
        length = len(tensor.raw_data)
        offset = stored.find(tensor.raw_data) if length >= SMALLEST_SHARED else -1
        if offset < 0:
            continue
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", donor.name), ("offset", str(offset)), ("length", str(length))):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, value
        shared += length
    return shared


def quantise_at_opening(model: onnx.ModelProto, donor: Path) -> None:
    """Replaces each int8 weight by the float16 weight of the graph `donor` that it was made of and the operators that
    make it, in place. The result is the same in every bit; a weight that would not be stays as it is."""
    graph = model.graph
    halves = {tensor.name: tensor for tensor in onnx.load(str(donor)).graph.initializer}
    stored = {tensor.name: tensor for tensor in graph.initializer}
    makers: list[onnx.NodeProto] = []
    for tensor in [t for t in graph.initializer if t.data_type == TensorProto.INT8]:
        name = tensor.name.removesuffix(QUANTISED_SUFFIX)
        half = halves.get(name + FLOAT16_SUFFIX)
        reader = next(node for node in graph.node if tensor.name in node.input)
        scale, zero, axis = _scaling(reader, len(tensor.dims))
        scales = stored.get(scale) or stored.get(scale + FLOAT16_SUFFIX)
        if (
            half is None
            or scales is None
            or not np.array_equal(
                _quantised(numpy_helper.to_array(half), numpy_helper.to_array(scales), axis),
                numpy_helper.to_array(tensor),
            )
        ):
            continue
        graph.initializer.remove(tensor)
        if half.name not in stored:
            graph.initializer.append(half)
            stored[half.name] = half
        whole = f"{name}_whole"
        makers += [
            helper.make_node("Cast", [half.name], [whole], f"{whole}_cast", to=TensorProto.FLOAT),
            helper.make_node("QuantizeLinear", [whole, scale, zero], [tensor.name], f"{name}_quantise", axis=axis),
        ]
    # The scales of some are behind Casts of their own, which must come first.
    casts = [node for node in graph.node if node.op_type == "Cast" and node.input[0] in stored]
    others = [node for node in graph.node if not (node.op_type == "Cast" and node.input[0] in stored)]
    del graph.node[:]
    graph.node.extend([*casts, *makers, *others])


def _scaling(reader: onnx.NodeProto, rank: int) -> tuple[str, str, int]:
    """The names of scale and zero point of the weight that the node reads, and the axis of the scales."""
    if reader.op_type == "MatMulIntegerToFloat":
        return reader.input[3], reader.input[5], rank - 1
    axis = next((attribute.i for attribute in reader.attribute if attribute.name == "axis"), 1)
    return reader.input[1], reader.input[2], axis


def _quantised(weight: np.ndarray, scale: np.ndarray, axis: int) -> np.ndarray:
    """As QuantizeLinear does it, with a zero point of 0."""
    shape = [1] * weight.ndim
    if scale.ndim:
        shape[axis] = -1
    values = np.rint(weight.astype(np.float32) / scale.astype(np.float32).reshape(shape))
    return values.clip(-128, 127).astype(np.int8)
