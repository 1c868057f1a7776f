"""Folders of pretrained weights in the Hugging Face layout; error messages name the file that cannot be read.

The libraries that load them raise what no caller expects for a damaged file, and do not say which one it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer

from .json_files import read_json

AUTOENCODER_WEIGHTS = ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin")
TEXT_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


def require_readable(folder: Path, weights: tuple[str, str]) -> None:
    """Raises ValueError that names config.json, or the file of the weights, where it is missing or damaged."""
    read_config(folder)
    current, older = (folder / name for name in weights)
    if not current.is_file() and not older.is_file():
        raise ValueError(f"{current}: no such file")
    if current.is_file():
        try:
            with safe_open(current, framework="pt"):
                pass  # the header, and that the file is as long as it says
        except SafetensorError as error:
            raise ValueError(f"{current}: damaged: {error}") from None


def read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.is_file():
        raise ValueError(f"{folder}: no weights in the Hugging Face layout here (config.json)")
    return read_json(path)


def read_tokenizer(folder: Path) -> Tokenizer:
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ValueError(f"{path}: no such file")
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing narrower
        raise ValueError(f"{path}: cannot be read as a tokenizer: {error}") from None
