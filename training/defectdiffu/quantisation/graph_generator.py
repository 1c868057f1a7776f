"""Draws samples with a bundle's graphs in onnxruntime instead of PyTorch, to calibrate and measure quantisation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime
import torch
from onnxruntime import InferenceSession
from torch import Tensor, nn

from ..checkpoints.trained_model import TrainedModel
from ..files.bundle_manifest import read_manifest
from ..model.adapter import changes_of
from ..model.autoencoder import ImageAutoencoder
from ..model.tdia import Rows
from ..model.turbo_modulation import STUDENT_COMPONENT
from ..sampling.generator import Generator
from ..sampling.turbo import TurboStep

Feeds = dict[str, np.ndarray]

QUANTISED_COMPONENTS = ("denoiser", "image_decoder")  # the components that variants are made of


def open_graph(path: Path, threads: int = 0) -> InferenceSession:
    """Opens a session on the CPU; `threads` 0 uses all cores."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.log_severity_level = 3
    return InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])


class GraphDecoder(nn.Module):
    """An autoencoder whose decoder is a graph and whose encoder is that of `encoder`."""

    def __init__(self, encoder: nn.Module, graph: InferenceSession, on_feeds: Callable[[Feeds], None]):
        super().__init__()
        self.encode = encoder.encode
        self.graph, self.on_feeds = graph, on_feeds

    def decode(self, latent: Tensor) -> Tensor:
        feeds = {"latent": latent.detach().float().numpy()}
        self.on_feeds(feeds)
        return torch.from_numpy(self.graph.run(None, feeds)[0])


class GraphGenerator(Generator):
    """`student`: the graph of TurboModulation. `on_denoiser_feeds` and `on_decoder_feeds` receive the inputs of these
    graphs at every call."""

    def __init__(
        self,
        model: TrainedModel,
        modulation: InferenceSession,
        denoiser: InferenceSession,
        decoder: InferenceSession,
        student: InferenceSession | None = None,
        on_denoiser_feeds: Callable[[Feeds], None] = lambda feeds: None,
        on_decoder_feeds: Callable[[Feeds], None] = lambda feeds: None,
    ):
        autoencoder = GraphDecoder(model.autoencoder, decoder, on_decoder_feeds)
        super().__init__(
            model.module,
            cast(ImageAutoencoder, autoencoder),
            model.config.prompts,
            torch.device("cpu"),
            model.adapters,
            mask_decoder=model.mask_decoder,
        )
        self.modulation, self.graph, self.on_denoiser_feeds = modulation, denoiser, on_denoiser_feeds
        self.student = student
        self.outputs = [output.name for output in denoiser.get_outputs()]

    def evaluate(
        self, x: Tensor, t: int, rows: Rows, turbo: TurboStep | None = None
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        samples = rows.background_sample, rows.background_sample[rows.row_background]
        parts = ((samples[0], rows.background_text), (samples[1], rows.defect_text), (samples[1], rows.fusion_text))
        modulations = [self._modulation(part, t, text, of, turbo) for part, (of, text) in enumerate(parts)]
        if changes := changes_of(self.adapters, torch.full((len(x),), t), rows):
            modulations = [m + change.detach().numpy() for m, change in zip(modulations, changes, strict=True)]
        feeds = {
            "latent": x.float().numpy(),
            "timestep": np.full(len(x), t, np.int64),
            "background_sample": rows.background_sample.numpy(),
            "background_modulation": modulations[0],
            "row_background": rows.row_background.numpy(),
            "defect_modulation": modulations[1],
            "fusion_modulation": modulations[2],
            "mask_rows": np.arange(len(rows.row_background)),
        }
        self.on_denoiser_feeds(feeds)
        given = dict(zip(self.outputs, map(torch.from_numpy, self.graph.run(None, feeds)), strict=True))
        return given["noise"], given.get("variance"), given["mask_feature"]

    @property
    def has_student(self) -> bool:
        return self.student is not None

    def _modulation(self, part: int, t: int, text: Tensor, samples: Tensor, turbo: TurboStep | None) -> np.ndarray:
        """Of one part for the rows with these texts; `samples` counts the sample that each belongs to."""
        feeds = {"timestep": np.full(len(text), t, np.int64), "text": text.detach().numpy()}
        if turbo is None:
            return self.modulation.run(None, feeds)[part]
        assert self.student is not None  # `require_turbo`
        guidance = np.array(turbo.guidance, np.float32)[samples.numpy()]
        following = np.full(len(text), turbo.next_timestep, np.int64)
        return self.student.run(None, feeds | {"next_timestep": following, "guidance": guidance})[part]


def base_variant(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    """The fp32 graph, from which every other variant is made and against which it is measured."""
    return variant_of(manifest, name, "fp32")


def variant_of(manifest: dict[str, Any], name: str, precision: str) -> dict[str, Any]:
    variants = manifest["components"][name]["variants"]
    for variant in variants:
        if variant["precision"] == precision:
            return variant
    there = ", ".join(variant["precision"] for variant in variants)
    raise ValueError(f"component {name} has no {precision} variant; there is {there}")


def bundle_generator(directory: Path, model: TrainedModel, precision: str, threads: int = 0) -> GraphGenerator:
    """Draws in that precision as the service does: a component without such a graph stays in fp32. Raises ValueError
    that lists the available precisions if the denoiser lacks this one."""
    directory = model.base or directory
    manifest = read_manifest(directory, *(f"components.{name}.variants" for name in QUANTISED_COMPONENTS))
    if "modulation" not in manifest["components"]:
        raise ValueError(f"{directory}: has no component modulation; export the model again")
    denoiser = variant_of(manifest, "denoiser", precision)
    decoders = manifest["components"]["image_decoder"]["variants"]
    has_decoder = any(variant["precision"] == precision for variant in decoders)
    decoder = variant_of(manifest, "image_decoder", precision if has_decoder else "fp32")
    variants = [base_variant(manifest, "modulation"), denoiser, decoder]
    if STUDENT_COMPONENT in manifest["components"]:
        variants.append(base_variant(manifest, STUDENT_COMPONENT))
    return GraphGenerator(model, *(open_graph(directory / variant["file"], threads) for variant in variants))


def generator_of(
    directory: Path, manifest: dict[str, Any], model: TrainedModel, files: dict[str, Path], **observers
) -> GraphGenerator:
    """Draws with the given files, and with the bundle's fp32 graphs for the other components."""
    names = ("modulation", *QUANTISED_COMPONENTS)
    paths = [files.get(name, directory / base_variant(manifest, name)["file"]) for name in names]
    return GraphGenerator(model, *map(open_graph, paths), **observers)
