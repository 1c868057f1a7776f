"""A float16 graph whose weights another graph of the bundle already stores refers to them, instead of a second copy.

The float32 graph stores its weights as float16 behind a Cast (`onnx_files.store_as_float16`), so the float16 variant
needs the same bytes. ONNX external data names a file, an offset and a length; that file may be another ONNX graph.
"""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto

SMALLEST_SHARED = 1024  # bytes; a reference to a smaller tensor saves nothing


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
