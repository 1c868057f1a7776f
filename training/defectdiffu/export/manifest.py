"""The manifest of a bundle, bundle.json; its contract is models/bundle.schema.json."""

from __future__ import annotations

import datetime
import hashlib
import json
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from .. import __version__
from ..checkpoints.trained_model import TrainedModel
from ..config import config_to_dict
from ..files.toml_files import read_toml
from ..model.noise_schedule import BETA_END, BETA_START, TRAIN_STEPS
from ..sampling.generator import LATE_TIMESTEP, MINIMUM_PEAK

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


def require_valid(manifest: dict[str, Any], schema_file: Path = SCHEMA) -> None:
    """Raises ValueError that names what the schema does not allow: the service refuses such a bundle or adapter."""
    if places := schema_problems(manifest, schema_file):
        kind = schema_file.name.partition(".")[0]  # bundle or adapter
        raise ValueError(f"the {kind} would be refused by the service:\n  " + "\n  ".join(places))


def schema_problems(document: dict[str, Any], schema_file: Path) -> list[str]:
    """The first ten places where the document is not what the schema allows, which may refer to the bundle's."""
    schema = json.loads(schema_file.read_text(encoding="utf-8"))
    bundle_schema = DRAFT7.create_resource(json.loads(SCHEMA.read_text(encoding="utf-8")))
    validator = Draft7Validator(schema, registry=Registry().with_resource(SCHEMA.name, bundle_schema))
    errors = sorted(validator.iter_errors(document), key=lambda error: [str(key) for key in error.absolute_path])
    return [f"/{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors[:10]]


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
    """Schema violations in one section of the manifest."""
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
