"""A trained model → a bundle: ONNX components, tokenizer and manifest (contract: models/bundle.schema.json)."""

from __future__ import annotations

import copy
import datetime
import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import torch
from jsonschema import Draft7Validator

from .. import __version__
from ..checkpoints.origin import Origin, with_origin
from ..checkpoints.trained_model import TrainedModel
from ..config import VERSION_PATTERN, config_to_dict
from ..files.onnx_files import write_onnx
from ..files.toml_files import read_toml
from ..model.components import (
    DecoderComponent,
    DenoiserComponent,
    EncoderComponent,
    ModulationComponent,
    TextComponent,
    round_to_float16,
)
from ..model.noise_schedule import BETA_END, BETA_START, TRAIN_STEPS
from ..sampling.generator import LATE_TIMESTEP, MINIMUM_PEAK
from .manifest_text import manifest_text

FORMAT_VERSION = 1
SCHEMA = Path(__file__).resolve().parents[3] / "models" / "bundle.schema.json"
PROVENANCE_KEYS = ("description", "license", "terms", "dataset", "sources")
DEFAULTS = {
    "sampler": "DPM_SOLVER_PP",
    "steps": 20,
    "strength": 1,
    "productScale": 1,
    "guidance": "DOUBLE_FREE",
}
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
    config, source = model.config, with_origin(read_provenance(provenance), origin)
    if not re.fullmatch(VERSION_PATTERN, config.version):
        raise ValueError(f"version is {config.version!r}, must be three numbers such as 1.0.0")
    for part, other in (("background", "{defect}"), ("defect", "{product}")):
        if other in getattr(config.prompts, part):  # the wording of an ablation
            raise ValueError(f"prompts.{part} is {getattr(config.prompts, part)!r}, must not name the {other}")
    target = models_directory / config.name / config.version
    if target.exists():
        raise FileExistsError(f"{target}: this version exists; raise `version` or remove the folder")
    temporary = target.with_name(f".{target.name}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        if float16_weights:
            round_to_float16(model.module)
            round_to_float16(model.autoencoder)
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
    for name, (component, inputs, axes, outputs) in components.items():
        write_onnx(component, directory / f"{name}.onnx", inputs, axes, outputs, float16_weights, external_data)
    module.text.tokenizer.save(str(directory / "tokenizer.json"))
    return {name: (list(inputs), outputs) for name, (_, inputs, _, outputs) in components.items()}


def build_manifest(
    model: TrainedModel,
    directory: Path,
    graphs: dict[str, tuple[list[str], list[str]]],
    provenance: dict[str, Any],
    figures: dict[str, Any],
    float16_weights: bool,
) -> dict[str, Any]:
    config, vocabulary = model.config, model.vocabulary
    prompts = config.prompts
    size = {"width": config.image_size, "height": config.image_size}
    return {
        "formatVersion": FORMAT_VERSION,
        "name": config.name,
        "version": config.version,
        "description": provenance["description"],
        "license": license_of(provenance),
        "image": {**size, "channels": 3},
        "latent": {
            "channels": config.denoiser.latent_channels,
            "height": config.denoiser.latent_size,
            "width": config.denoiser.latent_size,
            "scale": model.autoencoder.scale(),
        },
        "schedule": {
            "numTrainTimesteps": TRAIN_STEPS,
            "betaStart": BETA_START,
            "betaEnd": BETA_END,
            "betaSchedule": "linear",
            "predictionType": "epsilon",
            "varianceType": "learned_range" if config.denoiser.learn_sigma else "fixed_small",
            "timestepSpacing": "linspace",
        },
        "prompts": {
            "background": prompts.background,
            "defect": prompts.defect,
            "fusion": prompts.fusion,
            "normal": prompts.normal,
            "nullProduct": prompts.null_product,
        },
        "vocabulary": {
            "products": vocabulary.products,
            "defects": vocabulary.defects,
            "trainedPairs": [list(pair) for pair in vocabulary.trained_pairs],
            "aliases": provenance.get("aliases", {}),
        },
        "defaults": DEFAULTS | provenance.get("defaults", {}),
        "ranges": {
            "strength": {"min": 0, "max": 5},
            "productScale": {"min": 0, "max": 5},
            "steps": {"min": 2, "max": TRAIN_STEPS - 1},
        },
        "mask": {"lateTimestep": LATE_TIMESTEP, "minimumPeak": MINIMUM_PEAK},
        "tokenizer": {
            "file": "tokenizer.json",
            "sha256": sha256(directory / "tokenizer.json"),
            "contextLength": model.module.text.context_length,
            "padTokenId": model.module.text.pad,
        },
        "components": {
            name: {"variants": [_variant(directory, name, float16_weights)], "inputs": inputs, "outputs": outputs}
            for name, (inputs, outputs) in graphs.items()
        },
        "provenance": {
            "dataset": provenance["dataset"],
            "codeVersion": __version__,
            "trainingSteps": model.step,
            "samplesSeen": model.samples_seen,
            "createdAt": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "heldOutPairs": list(config.held_out_pairs),
            "architecture": {"training": config_to_dict(config)},
            "figures": figures,
        },
    }


def require_valid(manifest: dict[str, Any]) -> None:
    """Raises ValueError that names what models/bundle.schema.json does not allow: the service refuses such a bundle."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    errors = sorted(Draft7Validator(schema).iter_errors(manifest), key=lambda error: list(error.absolute_path))
    if errors:
        places = [f"/{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors[:10]]
        raise ValueError("the bundle would be refused by the service:\n  " + "\n  ".join(places))


def read_provenance(path: Path) -> dict[str, Any]:
    """Raises ValueError that names what is missing or not TOML."""
    document = read_toml(path)
    if missing := [key for key in PROVENANCE_KEYS if key not in document]:
        raise ValueError(f"{path}: missing {', '.join(missing)}")
    aliases, defaults = document.get("aliases", {}), document.get("defaults", {})
    for key, value in {"aliases": aliases, "defaults": defaults}.items():
        if not isinstance(value, dict):
            raise ValueError(f"{path}: {key} is {value!r}, must be a table")
    if wrong := _wrong("license", license_of(document)) + _wrong("defaults", DEFAULTS | defaults):
        raise ValueError(f"{path}: {'; '.join(wrong)}")
    return document


def license_of(provenance: dict[str, Any]) -> dict[str, Any]:
    return {"id": provenance["license"], "terms": provenance["terms"], "sources": provenance["sources"]}


def _wrong(section: str, value: Any) -> list[str]:
    """What the manifest's schema does not allow of one of its sections."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"][section]
    errors = Draft7Validator(schema).iter_errors(value)
    return [f"{'.'.join(map(str, [section, *error.absolute_path]))}: {error.message}" for error in errors]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _variant(directory: Path, name: str, float16_weights: bool) -> dict[str, Any]:
    path = directory / f"{name}.onnx"
    variant: dict[str, Any] = {"precision": "fp32", "weights": "fp16" if float16_weights else "fp32", "file": path.name}
    variant |= {"sha256": sha256(path), "bytes": path.stat().st_size}
    data = directory / f"{path.name}.data"
    if data.exists():
        variant["externalData"] = [{"file": data.name, "sha256": sha256(data), "bytes": data.stat().st_size}]
    return variant
