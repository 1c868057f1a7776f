"""Quantises to int8 with onnxruntime's quantiser: weights per channel, activations by ranges calibrated once.

The ranges are fixed, so that a sample does not depend on the other samples of its batch, as it would with dynamic
ranges. Weights use seven of the eight bits: processors without VNNI add pairs of products in 16 bits, which eight bits
would overflow (onnxruntime's `reduce_range`).

Measurement decides which products are quantised. A product stays in float32 if its quantisation alone changes the
graph's output by more than `WORST_PRODUCT`, or if it is too small to be worth it.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import onnx
from onnx import helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantType, create_calibrator
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

from .graph_generator import Feeds
from .graphs import answers, on_disk, relative_error

QUANTISED = ["MatMul", "Conv"]
WORST_PRODUCT = 0.003  # relative error of the graph's first output
SENSITIVITY_FEEDS = 16
EXTRA = {
    "MatMulConstBOnly": True,  # attention multiplies computed tensors
    "OpTypesToExcludeOutputQuantization": ["MatMul"],  # its products are added to floats
}

Report = Callable[[int, int], None]


class _Feeds(CalibrationDataReader):
    def __init__(self, feeds: Sequence[Feeds]):
        self.feeds: Iterator[Feeds] = iter(feeds)

    def get_next(self) -> Feeds | None:
        return next(self.feeds, None)


def quantised(
    model: onnx.ModelProto, feeds: Sequence[Feeds], smallest: int, report: Report = lambda done, total: None
) -> tuple[onnx.ModelProto, list[str]]:
    """Returns the int8 graph, and the names of the products that stay in float32 because their error is too large.

    `feeds` are real inputs of the graph: the last ones measure the error, the others calibrate the ranges.
    """
    calibrating, judging = feeds[:-SENSITIVITY_FEEDS], feeds[-SENSITIVITY_FEEDS:]
    if not calibrating:
        raise ValueError(f"there are {len(feeds)} feeds, calibration needs more than {SENSITIVITY_FEEDS}")
    logging.getLogger().setLevel(logging.ERROR)  # the quantiser warns about preprocessing that the exporter has done
    ranges = calibrated(model, calibrating)
    expected = answers(model, judging)
    names = large_products(model, smallest)
    kept = []
    for done, name in enumerate(names):
        report(done, len(names))
        error = relative_error(answers(with_quantised(model, ranges, [name]), judging), expected)
        if error > WORST_PRODUCT:
            kept.append(name)
    report(len(names), len(names))
    chosen = [name for name in names if name not in kept]
    return with_fused_biases(with_quantised(model, ranges, chosen)), kept


def large_products(model: onnx.ModelProto, smallest: int) -> list[str]:
    """MatMul and Conv nodes with a constant weight of at least that many elements."""
    sizes = {tensor.name: int(np.prod(tensor.dims)) for tensor in model.graph.initializer}
    nodes = [node for node in model.graph.node if node.op_type in QUANTISED]
    return [node.name for node in nodes if sizes.get(node.input[1], 0) >= smallest]


def calibrated(model: onnx.ModelProto, feeds: Sequence[Feeds]):
    """The smallest and largest value of every input and output tensor of the products."""
    with on_disk(model) as path:
        augmented = str(path.with_name("augmented.onnx"))
        calibrator = create_calibrator(str(path), QUANTISED, augmented, CalibrationMethod.MinMax, True)
        calibrator.collect_data(_Feeds(feeds))
        return calibrator.compute_data()


def with_quantised(model: onnx.ModelProto, ranges, nodes: list[str]) -> onnx.ModelProto:
    if not nodes:  # for the quantiser, an empty list means all
        return copy.deepcopy(model)
    quantiser = QDQQuantizer(
        copy.deepcopy(model), True, True, QuantType.QInt8, QuantType.QUInt8, ranges, nodes, [], QUANTISED, EXTRA
    )
    quantiser.quantize_model()
    return quantiser.model.model


def with_fused_biases(model: onnx.ModelProto) -> onnx.ModelProto:
    """Fuses a MatMul of two dequantised tensors and its bias into the single operator that onnxruntime has for them.
    Without this, onnxruntime fuses only the product."""
    graph = model.graph
    makers = {output: node for node in graph.node for output in node.output}
    constants = {tensor.name for tensor in graph.initializer}
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    for node in [n for n in graph.node if n.op_type == "MatMul"]:
        parts = [makers.get(name) for name in node.input]
        after = readers.get(node.output[0], [])
        if any(part is None or part.op_type != "DequantizeLinear" for part in parts) or len(after) != 1:
            continue
        a, b = (part for part in parts if part is not None)
        bias = [name for name in after[0].input if name in constants] if after[0].op_type == "Add" else []
        if not bias:
            continue
        add = after[0]
        inputs = [a.input[0], b.input[0], a.input[1], b.input[1], a.input[2], b.input[2], bias[0]]
        joined = helper.make_node(
            "MatMulIntegerToFloat", inputs, list(add.output), f"{node.name}_with_bias", domain="com.microsoft"
        )
        place = list(graph.node).index(node)
        graph.node.remove(add)
        graph.node.remove(node)
        graph.node.insert(place, joined)
    _drop_unread(model)
    if not any(entry.domain == "com.microsoft" for entry in model.opset_import):
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return model


def _drop_unread(model: onnx.ModelProto) -> None:
    graph = model.graph
    read = {name for node in graph.node for name in node.input} | {output.name for output in graph.output}
    for node in [n for n in graph.node if n.op_type == "DequantizeLinear" and n.output[0] not in read]:
        graph.node.remove(node)
    read = {name for node in graph.node for name in node.input}
    for tensor in [t for t in graph.initializer if t.name not in read]:
        graph.initializer.remove(tensor)
