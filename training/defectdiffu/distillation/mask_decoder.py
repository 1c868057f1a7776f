"""Distils the decoder of masks of a bundle from its image decoder."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..checkpoints.from_bundle import load_bundle
from ..evaluation.segmentation_figures import mask_iou
from ..files.bundle_manifest import read_manifest
from ..model.components import round_to_float16
from ..model.mask_decoder import MASK_DECODER_COMPONENT, MaskDecoder
from ..progress import Progress
from ..sampling.generator import MINIMUM_PEAK
from ..sampling.masks import binary_mask, soft_mask
from .bundle_component import Graph, add_component
from .mask_examples import MaskExamples, mask_examples
from .turbo_component import read_turbo

DRAWING_SHARE = 0.25  # of the minutes
EXAMPLES = 6_000  # at most
HELD_OUT = 10  # one of so many examples is for the measurement
BATCH_SIZE, LEARNING_RATE = 32, 2e-3
WARM_UP = 0.05  # of the time
STEEPNESS = 4.0  # of the sides of a mask's edge


@dataclass(frozen=True)
class DistilledMaskDecoder:
    decoder: MaskDecoder  # with weights that float16 holds
    steps: int
    examples: int
    quality: dict[str, float]


def distil_mask_decoder(
    bundle: Path, minutes: float, progress: Progress, seed: int = 0, clock: Callable[[], float] = time.monotonic
) -> DistilledMaskDecoder:
    """Draws examples for a quarter of the time, and trains on them for the rest."""
    began = clock()
    model = load_bundle(bundle)
    generator = model.generator(turbo=read_turbo(bundle, model.module.denoiser))
    drawn = lambda: clock() - began >= 60 * minutes * DRAWING_SHARE  # noqa: E731
    examples = mask_examples(model, generator, EXAMPLES, seed, progress, drawn)
    held_out = np.arange(len(examples)) % HELD_OUT == 0
    torch.manual_seed(seed)
    decoder = MaskDecoder(model.config.denoiser.latent_channels)
    seconds = max(0.0, 60 * minutes - (clock() - began))
    steps = train_mask_decoder(decoder, examples.at(~held_out), seconds, seed, progress, clock)
    with torch.no_grad():
        round_to_float16(decoder.eval())
    return DistilledMaskDecoder(decoder, steps, len(examples), mask_decoder_quality(decoder, examples.at(held_out)))


def train_mask_decoder(
    decoder: MaskDecoder,
    examples: MaskExamples,
    seconds: float,
    seed: int,
    progress: Progress,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Trains for `seconds`, at least one step. The learning rate falls to 0 along a cosine. Returns the steps."""
    optimiser = torch.optim.AdamW(decoder.parameters(), lr=LEARNING_RATE, weight_decay=0, betas=(0.9, 0.99))
    rng = np.random.default_rng((seed, 64))
    began, step, done = clock(), 0, 0.0
    while step == 0 or done < 1:
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * min(done / WARM_UP + 0.01, (1 + np.cos(np.pi * done)) / 2)
        batch = examples.at(rng.integers(len(examples), size=BATCH_SIZE))
        loss = mask_loss(decoder(batch.feature), batch.grey.float())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimiser.step()
        step += 1
        done = min(1.0, (clock() - began) / max(seconds, 1e-9))
        if step % 20 == 0 or done == 1:
            progress("mask decoder", step, max(step, round(step / max(done, 1e-3))), {"loss": loss.item()})
    return step


def mask_loss(found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Of soft masks [B, 1, H, W]: the squared error, and that of the side on which a pixel lies of the middle, near
    which the mask ends. Beyond black and white there is no error: it is cut off."""
    error = found - wanted
    error = torch.where(wanted <= -1, error.clamp(min=0), error)
    error = torch.where(wanted >= 1, error.clamp(max=0), error)
    sides = torch.tanh(STEEPNESS * found) - torch.tanh(STEEPNESS * wanted)
    return error.square().mean() + sides.square().mean()


@torch.no_grad()
def mask_decoder_quality(decoder: MaskDecoder, examples: MaskExamples) -> dict[str, float]:
    """Masks of the decoder against those of the image decoder: the mean, the 5th percentile, and the least IoU."""
    ious = []
    found = soft_mask(torch.cat([decoder(batch) for batch in examples.feature.split(64)]).numpy())
    for mine, wanted in zip(found, examples.grey.float()[:, 0].numpy(), strict=True):
        ious.append(mask_iou(binary_mask(mine, MINIMUM_PEAK), binary_mask(wanted, MINIMUM_PEAK)))
    low = float(np.quantile(ious, 0.05))
    return {"maskIou": round(float(np.mean(ious)), 4), "fifthPercentile": round(low, 4), "least": round(min(ious), 4)}


def require_quality(quality: dict[str, float], least: float) -> None:
    """Raises ValueError for a decoder whose masks differ too much from those of the image decoder."""
    if quality["maskIou"] < least:
        raise ValueError(
            f"its masks have an IoU of {quality['maskIou']} with those of the image decoder, less than --least-iou, "
            f"{least:g}; the bundle is as it was: raise --minutes"
        )


def add_mask_decoder(directory: Path, distilled: DistilledMaskDecoder) -> Path:
    """Writes the graph into the bundle, and how it was made into its manifest. Returns the file."""
    size = read_manifest(directory, "latent.channels", "latent.height", "latent.width")["latent"]
    latent = torch.randn(2, size["channels"], size["height"], size["width"])
    graph = Graph(MASK_DECODER_COMPONENT, distilled.decoder, {"latent": latent}, {"latent": "B"}, ["soft_mask"])
    entry: dict[str, Any] = {"trainingSteps": distilled.steps, "examples": distilled.examples}
    return add_component(directory, graph, {"maskDecoder": entry | {"quality": distilled.quality}})
