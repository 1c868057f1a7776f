"""Adds a student to its bundle: one graph, the modulations, and what it can do."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import torch

from ..export.bundle import MODULATIONS
from ..files.bundle_manifest import read_manifest
from ..files.onnx_files import read_parameters
from ..model.components import round_to_float16
from ..model.tdia import TDIA
from ..model.turbo_modulation import STUDENT_COMPONENT, TurboModulation
from ..model.turbo_steps import STUDENT_STEPS
from .bundle_component import Graph, add_component
from .conditions import PRODUCT_SCALES, STRENGTHS

INPUTS = {"timestep": "P", "next_timestep": "P", "text": "P", "guidance": "P"}


def add_turbo(directory: Path, turbo: TurboModulation, text_dim: int, provenance: dict[str, Any]) -> Path:
    """Writes the graph into the bundle and lists it in bundle.json, where it replaces an older student. `provenance`:
    how it was trained and its measured quality. The weights are rounded to float16."""
    rounded = copy.deepcopy(turbo).eval()
    round_to_float16(rounded)
    inputs = {
        "timestep": torch.tensor([999, 250]),
        "next_timestep": torch.tensor([500, 0]),
        "text": torch.randn(2, text_dim),
        "guidance": torch.tensor([[1.0, 1.0, 0.0], [2.0, 1.0, 1.0]]),
    }
    graph = Graph(STUDENT_COMPONENT, rounded, inputs, INPUTS, MODULATIONS)
    return add_component(
        directory,
        graph,
        {
            "turbo": {
                "steps": sorted(STUDENT_STEPS),
                "strength": dict(zip(("min", "max"), STRENGTHS, strict=True)),
                "productScale": dict(zip(("min", "max"), PRODUCT_SCALES, strict=True)),
                **provenance,
            }
        },
    )


def read_turbo(directory: Path, denoiser: TDIA) -> TurboModulation | None:
    """The student of a bundle, if it has one. Raises ValueError when its graph does not hold all weights."""
    file = directory / f"{STUDENT_COMPONENT}.onnx"
    if STUDENT_COMPONENT not in read_manifest(directory, "components")["components"]:
        return None
    turbo = TurboModulation(denoiser)
    shapes = {name: tensor.shape for name, tensor in turbo.state_dict().items()}
    stored = {name: tensor.reshape(shapes[name]) for name, tensor in read_parameters(file).items()}
    if missing := turbo.load_state_dict(stored, strict=False).missing_keys:
        raise ValueError(f"{file}: does not hold {', '.join(missing[:5])}")
    return turbo.eval()
