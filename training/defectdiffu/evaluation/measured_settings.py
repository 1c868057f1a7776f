"""What an evaluation measured, as settings of its results store: other photographs, windows, or weights need another
folder."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import torch
from torch import nn

from ..checkpoints.trained_model import TrainedModel
from ..data.record import Record
from ..data.windows import Rules
from ..training.data_record import summary_of

SHOWN = 16  # characters of a SHA-256


def measured_settings(model: TrainedModel, records: list[Record], rules: Rules) -> dict[str, Any]:
    """`photographs` and `weights`, as the start of a SHA-256, and the windows rule of each product."""
    summary = summary_of(records, rules)
    photographs = sha256(json.dumps(summary["photographs"], sort_keys=True).encode()).hexdigest()[:SHOWN]
    windows = {f"windows of {product}": rule for product, rule in summary["windows"].items()}
    return {"weights": weights_digest(model), "photographs": photographs} | windows


def weights_digest(model: TrainedModel) -> str:
    """The start of the SHA-256 of every weight that takes part in drawing and in encoding photographs."""
    digest = sha256()
    parts: tuple[nn.Module | None, ...] = (model.module, model.autoencoder, model.adapter, model.mask_decoder)
    for part in parts:
        for name, tensor in part.state_dict().items() if part is not None else ():
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:SHOWN]
