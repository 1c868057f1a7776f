"""Exports a trained model as a bundle: ONNX components, tokenizer and manifest."""

from __future__ import annotations

import copy
import os
import re
import shutil
from pathlib import Path
from typing import Any

import torch

from ..checkpoints.origin import Origin, with_origin
from ..checkpoints.trained_model import TrainedModel
from ..config import VERSION_PATTERN, TrainingConfig
from ..files.onnx_files import write_onnx
from ..model.components import (
    DecoderComponent,
    DenoiserComponent,
    EncoderComponent,
    ModulationComponent,
    TextComponent,
    round_to_float16,
)
from ..model.mask_decoder import MASK_DECODER_COMPONENT
from .manifest import build_manifest, read_provenance, require_valid
from .manifest_text import manifest_text

DENOISER_AXES = {
    "latent": "B",
    "timestep": "B",
    "background_sample": "U",
    "background_modulation": "U",
    "row_background": "R",
    "defect_modulation": "R",
    "fusion_modulation": "R",
    "mask_rows": "K",
}
MODULATION_AXES = {"timestep": "P", "text": "P"}
MODULATIONS = ["background_modulation", "defect_modulation", "fusion_modulation"]


def export_bundle(
    model: TrainedModel,
    models_directory: Path,
    provenance: Path,
    figures: dict[str, Any] | None = None,
    float16_weights: bool = True,
    external_data: bool = False,
    origin: Origin | None = None,
) -> Path:
    """Writes models/<name>/<version>/ and returns it. Raises FileExistsError when that version is there already.

    `provenance` is a TOML file with the licence, the sources and the name of the data set. `origin` is what the weights
    were started from; it adds its own licence and sources. With `float16_weights` the weights are rounded to float16,
    also in `model`, so that PyTorch and the bundle agree.
    """
    source = with_origin(read_provenance(provenance), origin)
    target = require_version(models_directory, model.config)
    return write_bundle(model, target, source, figures, float16_weights, external_data, origin)


def write_bundle(
    model: TrainedModel,
    target: Path,
    source: dict[str, Any],
    figures: dict[str, Any] | None = None,
    float16_weights: bool = True,
    external_data: bool = False,
    origin: Origin | None = None,
) -> Path:
    """Writes the folder `target`, which must not exist, as a whole, and returns it.

    `source`: the provenance, together with that of `origin`. Raises ValueError for a model that the service would
    refuse.
    """
    for part, other in (("background", "{defect}"), ("defect", "{product}")):
        if other in (text := getattr(model.config.prompts, part)):  # the wording of an ablation
            raise ValueError(f"prompts.{part} is {text!r}, must not name the {other}")
    temporary = target.with_name(f".{target.name}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        if float16_weights:
            round_to_float16(model.module)
            round_to_float16(model.autoencoder)
            if model.mask_decoder is not None:
                round_to_float16(model.mask_decoder)
        outputs = write_components(model, temporary, float16_weights, external_data)
        manifest = build_manifest(model, temporary, outputs, source, figures or {}, float16_weights)
        if origin:
            manifest["provenance"]["startedFrom"] = origin.started_from
        require_valid(manifest)
        (temporary / "bundle.json").write_text(manifest_text(manifest), encoding="utf-8")
        os.replace(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)  # of a refusal, or a full disk
    return target


def require_version(models_directory: Path, config: TrainingConfig) -> Path:
    """The folder of a new version. Raises ValueError for a malformed one, FileExistsError for one that exists."""
    if not re.fullmatch(VERSION_PATTERN, config.version):
        raise ValueError(f"version is {config.version!r}, must be three numbers such as 1.0.0")
    target = models_directory / config.name / config.version
    if target.exists():
        raise FileExistsError(f"{target}: this version exists; raise `version` or remove the folder")
    return target


def write_components(
    model: TrainedModel, directory: Path, float16_weights: bool, external_data: bool = False
) -> dict[str, tuple[list[str], list[str]]]:
    """Writes the ONNX files and tokenizer.json; returns the inputs and outputs of each component."""
    module, autoencoder, config = model.module, copy.deepcopy(model.autoencoder), model.config
    size, channels, dim = config.denoiser.latent_size, config.denoiser.latent_channels, config.denoiser.text_dim
    latent = torch.randn(2, channels, size, size)
    denoiser_outputs = ["noise", "mask_feature"] + (["variance"] if config.denoiser.learn_sigma else [])
    widths = [sum(of_layers) for of_layers in module.denoiser.modulation_widths()]
    rows = {
        "latent": latent,
        "timestep": torch.tensor([10, 500]),
        "background_sample": torch.tensor([0, 0, 1]),
        "background_modulation": torch.randn(3, widths[0]),
        "row_background": torch.tensor([0, 1, 0, 2, 2]),
        "defect_modulation": torch.randn(5, widths[1]),
        "fusion_modulation": torch.randn(5, widths[2]),
        "mask_rows": torch.tensor([1, 3]),
    }
    conditions = {"timestep": torch.tensor([10, 500]), "text": torch.randn(2, dim)}
    ids = module.text.ids([model.config.prompts.normal] * 3)
    image = torch.randn(2, 3, config.image_size, config.image_size)
    components = {
        "text_encoder": (TextComponent(module.text), {"input_ids": ids}, {"input_ids": "P"}, ["text_embedding"]),
        "modulation": (ModulationComponent(module.denoiser), conditions, MODULATION_AXES, MODULATIONS),
        "denoiser": (DenoiserComponent(module.denoiser), rows, DENOISER_AXES, denoiser_outputs),
        "image_decoder": (DecoderComponent(autoencoder), {"latent": latent}, {"latent": "B"}, ["image"]),
        "image_encoder": (EncoderComponent(autoencoder), {"image": image}, {"image": "B"}, ["latent"]),
    }
    if model.mask_decoder is not None:
        components[MASK_DECODER_COMPONENT] = (model.mask_decoder, {"latent": latent}, {"latent": "B"}, ["soft_mask"])
    for name, (component, inputs, axes, outputs) in components.items():
        write_onnx(component, directory / f"{name}.onnx", inputs, axes, outputs, float16_weights, external_data)
    module.text.tokenizer.save(str(directory / "tokenizer.json"))
    return {name: (list(inputs), outputs) for name, (_, inputs, _, outputs) in components.items()}
