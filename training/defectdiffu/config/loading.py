"""Reads a configuration from TOML and JSON, and writes it; keys under their former names are read as well."""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

from ..files.toml_files import read_toml
from .settings import SettingsError, read_settings
from .training import TrainingConfig

PRESETS = Path(__file__).resolve().parents[2] / "presets"
SHIPPED = ("paper", "small", "small-gpu")

# Former name → name, per table; "" is the top level. Configurations of older runs, bundles and presets hold the former
# names. They are read, and never written.
RENAMED = {
    "": {"bank": "latent_cache"},
    "autoencoder_training": {
        "sharpen_steps": "adversarial_steps",
        "sharpen_batch": "adversarial_batch_size",
        "sharpen_learning_rate": "adversarial_learning_rate",
    },
}


def config_from_dict(document: dict[str, Any], source: str = "configuration") -> TrainingConfig:
    """Raises ValueError that names the source, and each key, type or value that does not fit."""
    return read_settings(TrainingConfig, with_current_names(document, source), source)


def config_to_dict(config: TrainingConfig) -> dict[str, Any]:
    return asdict(config)


def with_current_names(document: Any, source: str) -> Any:
    """The document with its former keys renamed. Raises ValueError where it has a key under both names."""
    if not isinstance(document, dict):
        return document
    current = dict(document)
    for table, names in RENAMED.items():
        owner = current.get(table) if table else current
        if not isinstance(owner, dict):
            continue
        for former in names.keys() & owner.keys():
            if names[former] in owner:
                where = f"{table}." if table else ""
                raise SettingsError(
                    [f"{source}: {where}{former} is the former name of {where}{names[former]}; give one"]
                )
        renamed = {names.get(key, key): value for key, value in owner.items()}
        current = current | {table: renamed} if table else renamed
    return current


def changes(before: Any, after: Any, where: str = "") -> list[str]:
    """What differs between two configurations of one kind, by name: "optimiser.batch_size was 32, is 64"."""
    found = []
    for each in fields(before):
        old, new, name = getattr(before, each.name), getattr(after, each.name), f"{where}{each.name}"
        if is_dataclass(old):
            found += changes(old, new, f"{name}.")
        elif old != new:
            found.append(f"{name} was {old!r}, is {new!r}")
    return found


def load_config(preset: str) -> TrainingConfig:
    """From a TOML file, or a preset by name ("small", "small-gpu", "paper").

    Raises FileNotFoundError that lists the presets; ValueError that names the file and what does not fit in it.
    """
    path = Path(preset) if preset.endswith(".toml") else PRESETS / f"{preset}.toml"
    if not path.is_file():
        raise FileNotFoundError(f"no preset {preset!r}: give a .toml file or one of {', '.join(SHIPPED)}")
    return config_from_dict(read_toml(path), str(path))
