"""Converts graphs to float16 with onnxruntime's converter; inputs and outputs stay float32."""

from __future__ import annotations

import onnx
from onnxruntime.transformers.float16 import convert_float_to_float16

#: Kept in float32: normalisation and softmax lose too much accuracy, and time features need more than 11 bits.
KEPT = ["LayerNormalization", "Softmax", "Sin", "Cos", "Range"]


def to_float16(model: onnx.ModelProto) -> onnx.ModelProto:
    return convert_float_to_float16(model, keep_io_types=True, op_block_list=KEPT, disable_shape_infer=False)
