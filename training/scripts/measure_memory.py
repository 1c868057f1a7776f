"""How much memory and arithmetic a training step of a preset takes, and how long it takes here.

    python training/scripts/measure_memory.py paper --size 256 --batch 1

Weights, gradients, AdamW's two moments and the averaged weights are float32; what the forward pass keeps for the
gradient is counted as it is kept (in bf16 where autocast puts it), without and with gradient checkpointing. Prints one
line of JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace

import torch
from torch.utils.flop_counter import FlopCounterMode

from defectdiffu.config import load_config
from defectdiffu.model import layers
from defectdiffu.model.tdia import TDIA, Rows

STATES = 5  # weights, gradients, two moments, averages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset")
    parser.add_argument("--size", type=int, help="image size; the preset's unless given")
    parser.add_argument("--batch", type=int, default=1)
    options = parser.parse_args()
    config = load_config(options.preset)
    size = options.size or config.image_size
    denoiser = TDIA(replace(config.denoiser, latent_size=size // 8))
    layers.SHORT = 0  # the fused attention, as on a GPU: it keeps no attention matrix
    parameters = sum(p.numel() for p in denoiser.parameters())
    result = {
        "preset": config.name,
        "size": size,
        "batch": options.batch,
        "parameters": parameters,
        "stateGiB": round(STATES * 4 * parameters / 2**30, 2),
    }
    for checkpointing in (False, True):
        denoiser.checkpointing = checkpointing
        name = "checkpointed" if checkpointing else "plain"
        result[f"{name}KeptGiB"] = round(kept_bytes(denoiser, size // 8, options.batch) / 2**30, 3)
        started = time.monotonic()
        with FlopCounterMode(display=False) as counter:
            loss(denoiser, size // 8, options.batch).backward()
        result[f"{name}Seconds"] = round(time.monotonic() - started, 1)
        result[f"{name}TFLOP"] = round(counter.get_total_flops() / 1e12, 2)
        denoiser.zero_grad(set_to_none=True)
    print(json.dumps(result))


def loss(denoiser: TDIA, side: int, batch: int) -> torch.Tensor:
    text = torch.randn(batch, denoiser.config.text_dim)
    each = torch.arange(batch)
    latent = torch.randn(batch, denoiser.config.latent_channels, side, side)
    with torch.autocast("cpu", torch.bfloat16):
        prediction = denoiser(latent, torch.full((batch,), 500), Rows(each, text, each, text, text))
    return prediction.output.float().square().mean() + prediction.mask_feature.float().square().mean()


def kept_bytes(denoiser: TDIA, side: int, batch: int) -> int:
    """Bytes of the storages that autograd keeps, each counted once, without the weights and their casts."""
    weights = {p.untyped_storage().data_ptr() for p in denoiser.parameters()}
    shapes = {p.shape for p in denoiser.parameters() if p.ndim == 2}
    kept: dict[int, int] = {}
    held = []  # so that no storage is freed and its address used again

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        is_cast = tensor.ndim == 2 and (tensor.shape in shapes or tensor.T.shape in shapes)
        if storage.data_ptr() not in weights and not is_cast:
            kept[storage.data_ptr()] = storage.nbytes()
            held.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss(denoiser, side, batch)
    return sum(kept.values())


if __name__ == "__main__":
    main()
