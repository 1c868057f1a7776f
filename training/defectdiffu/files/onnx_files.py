"""Writes a module as an ONNX file with every batch size dynamic, optionally with its weights stored as float16."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

OPSET = 20
MIN_FLOAT16_SIZE = 256  # elements; smaller tensors stay float32
FLOAT16_SUFFIX = "_half"
PARAMETERS_KEY = "defectdiffu.parameters"


def write_onnx(
    module: nn.Module,
    path: Path,
    inputs: dict[str, Tensor],
    axes: dict[str, str],
    outputs: list[str],
    float16_weights: bool,
    external_data: bool = False,
) -> None:
    """`axes` names the dynamic first axis of each input, such as {"latent": "B"}."""
    dimensions = {name: torch.export.Dim(name, min=1, max=4096) for name in set(axes.values())}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=outputs,
            dynamic_shapes=[{0: dimensions[axes[name]]} for name in inputs],
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # it is only where nothing is to be returned
    model = program.model_proto
    strip_traces(model)
    record_parameters(model, module)
    if float16_weights:
        store_as_float16(model)
    if external_data:
        onnx.save_model(model, str(path), save_as_external_data=True, location=path.name + ".data")
        weights = path.with_name(path.name + ".data")
        if weights.exists():  # not where every tensor is small
            weights.chmod(path.stat().st_mode)  # onnx makes it readable for its owner only; the service is another user
    else:
        onnx.checker.check_model(model)
        onnx.save_model(model, str(path))


def strip_traces(model: onnx.ModelProto) -> None:
    """Drops the exporter's stack traces: they name folders of the machine that exported."""
    for node in model.graph.node:
        del node.metadata_props[:]
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
        del value.metadata_props[:]
    for function in model.functions:
        for node in function.node:
            del node.metadata_props[:]


def record_parameters(model: onnx.ModelProto, module: nn.Module) -> None:
    """Notes in the metadata which initializer holds each tensor of the module: {name: [initializer, transposed]}.

    The exporter renames, transposes and reshapes some of them; with the note, training can start again from a bundle.
    """
    by_content = {}
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            values = numpy_helper.to_array(tensor)
            by_content[values.tobytes()] = tensor.name
    places = {}
    for name, tensor in module.state_dict().items():
        if tensor.dtype != torch.float32:
            continue
        values = tensor.detach().cpu().numpy()
        for candidate, transposed in ((values, False), (np.ascontiguousarray(values.T), True)):
            if place := by_content.get(candidate.tobytes()):
                places[name] = [place, transposed]
                break
    entry = model.metadata_props.add()
    entry.key, entry.value = PARAMETERS_KEY, json.dumps(places)


def read_parameters(path: Path) -> dict[str, Tensor]:
    """The tensors that `record_parameters` noted, float32, by the module's names. Axes of length 1 may differ."""
    try:
        model = onnx.load(str(path))
    except DecodeError as error:
        raise ValueError(f"{path}: damaged, cannot be read as an ONNX graph: {error}") from None
    notes = {entry.key: entry.value for entry in model.metadata_props}
    if PARAMETERS_KEY not in notes:
        raise ValueError(
            f"{path}: does not say which initializer holds which parameter; it was not exported by this package"
        )
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    tensors = {}
    for name, (place, transposed) in json.loads(notes[PARAMETERS_KEY]).items():
        values = numpy_helper.to_array(stored.get(place) or stored[place + FLOAT16_SUFFIX]).astype(np.float32)
        tensors[name] = torch.from_numpy(np.ascontiguousarray(values.T if transposed else values))
    return tensors


def store_as_float16(model: onnx.ModelProto) -> None:
    """Replaces float32 initializers by float16 ones and a Cast; the arithmetic stays float32."""
    graph = model.graph
    casts = []
    for tensor in list(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < MIN_FLOAT16_SIZE:
            continue
        values = numpy_helper.to_array(tensor)
        halved = values.astype(np.float16)
        if not np.array_equal(halved.astype(np.float32), values):
            continue  # not exactly representable, such as position tables: keep it whole
        name = tensor.name
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(halved, name + FLOAT16_SUFFIX))
        casts.append(
            helper.make_node("Cast", [name + FLOAT16_SUFFIX], [name], to=TensorProto.FLOAT, name=name + "_cast")
        )
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + nodes)
