"""Loads published checkpoints into TDIA: the authors' DefectDiffu weights, or DiT's as a starting point.

TDIA's parameters carry the published names, so nothing is renamed: containers are unwrapped, DiT's class table is
dropped, and everything else must fit exactly. The blocks are numbered through the three parts, as published.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..model.tdia import TDIA

CONTAINERS = ("ema", "model", "state_dict")  # the first one that exists is used; training checkpoints hold several
CLASS_TABLE = "y_embedder.embedding_table.weight"  # DiT's class labels: text takes their place
DEFECT_PARTS = ("cross_defect.", "adapt_mask.", "y_embedders.")  # what DefectDiffu adds to DiT
OWN_PARTS = ("adapt_mask.latent_", "adapt_mask.refine.", "stem.", "head.")  # what this package adds to both


class ImportReport(NamedTuple):
    kind: str  # "defectdiffu" | "dit"
    loaded: list[str]  # tensors that now hold the checkpoint's values
    initial: list[str]  # tensors that the checkpoint does not have: they keep their values
    dropped: list[str]  # of the checkpoint, not used


def import_released(denoiser: TDIA, checkpoint: dict[str, Any], assign: bool = False) -> ImportReport:
    """Loads a released state dict, or a container of one, into `denoiser`; nothing changes if it does not fit.

    With `assign` the checkpoint's tensors become the parameters (no copy; the denoiser may be on the meta device).
    Raises ValueError that names every missing, unexpected or wrongly shaped tensor.
    """
    state = _unwrap(checkpoint)
    kind = "defectdiffu" if any(name.startswith(DEFECT_PARTS) for name in state) else "dit"
    dropped = [CLASS_TABLE] if kind == "dit" and CLASS_TABLE in state else []
    state = {name: tensor for name, tensor in state.items() if name not in dropped}

    own = denoiser.state_dict()
    may_stay = OWN_PARTS if kind == "defectdiffu" else OWN_PARTS + DEFECT_PARTS
    initial = [name for name in own if name not in state and (name.startswith(may_stay) or ".local." in name)]
    problems = [f"missing: {name}" for name in own if name not in state and name not in initial]
    problems += [f"unexpected: {name}" for name in state if name not in own]
    problems += [
        f"wrong shape: {name} is {list(tensor.shape)}, must be {list(own[name].shape)}"
        + (_size_hint(tensor, denoiser.config.patch_size) if name == "pos_embed" else "")
        for name, tensor in state.items()
        if name in own and tensor.shape != own[name].shape
    ]
    if problems:
        raise ValueError(f"the checkpoint ({kind}) does not fit this denoiser:\n  " + "\n  ".join(problems))
    denoiser.load_state_dict(state, strict=False, assign=assign)
    return ImportReport(kind, list(state), initial, dropped)


def _size_hint(pos_embed: Tensor, patch_size: int) -> str:
    """One position per patch of the latent, which is an eighth of the image."""
    side = math.isqrt(pos_embed.shape[1]) if pos_embed.ndim == 3 else 0
    return f" (it is for images of {(size := 8 * patch_size * side)} px: --size {size})" if side else ""


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The content of a .pt file, memory-mapped; nothing in it is executed. DiT's own ones carry their arguments."""
    with torch.serialization.safe_globals([argparse.Namespace]):
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)


def _unwrap(checkpoint: dict[str, Any]) -> dict[str, Tensor]:
    for container in CONTAINERS:
        if isinstance(checkpoint.get(container), dict):
            return _unwrap(checkpoint[container])
    if not checkpoint or not all(isinstance(value, Tensor) for value in checkpoint.values()):
        odd = [name for name, value in checkpoint.items() if not isinstance(value, Tensor)]
        raise ValueError(f"not a state dict, nor one in {', '.join(CONTAINERS)}: {odd[:5] or 'it is empty'}")
    if all(name.startswith("module.") for name in checkpoint):  # saved from DistributedDataParallel
        return {name.removeprefix("module."): tensor for name, tensor in checkpoint.items()}
    return checkpoint
