"""Imports a published checkpoint as a run, to export it as a bundle or to continue training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from transformers import CLIPTextConfig

from ..config import TrainingConfig, config_from_dict, config_to_dict
from ..data.layout_names import GOOD, is_word
from ..data.vocabulary import Vocabulary
from ..files.pretrained_folders import AUTOENCODER_WEIGHTS, TEXT_WEIGHTS, read_config, read_tokenizer, require_readable
from ..files.toml_files import read_toml
from ..model.training_module import build_training_module
from .origin import Origin, save_origin
from .released_weights import ImportReport, import_released, read_checkpoint
from .runs import Run, save

WORD_KEYS = {"products", "pairs"}
NON_COMMERCIAL = "Non-commercial use only, with attribution"
ORIGINS = {
    "dit": Origin(
        "DiT's published weights",
        {"id": "CC-BY-NC-4.0", "terms": f"{NON_COMMERCIAL}, as DiT's weights.", "sources": []},
    ),
    "defectdiffu": Origin(
        "a checkpoint of the authors' code",
        {
            "id": "CC-BY-NC-4.0",
            "terms": f"{NON_COMMERCIAL}: the authors' code starts from DiT's weights.",
            "sources": [],
        },
        # Their training never drops the product of a defective sample: Eq. 4's row (defect, ∅) would be a guess.
        defaults={"guidance": "PRODUCT_RELATIVE"},
    ),
}


def with_weights(config: TrainingConfig, autoencoder: Path | None, text: Path | None) -> TrainingConfig:
    """The preset with the folders of the user's own weights. Raises ValueError by name when they cannot be its own."""
    if autoencoder:
        config = replace(config, autoencoder=replace(config.autoencoder, pretrained=str(autoencoder)))
    if text:
        config = replace(config, text=replace(config.text, pretrained=str(text)))
    for part in ("autoencoder", "text"):
        if getattr(config, part).kind in ("kl", "clip") and not getattr(config, part).pretrained:
            raise ValueError(f"{part}.pretrained is empty, must be a folder of weights in the Hugging Face layout")
    require_fitting(config)
    return config


def with_size(config: TrainingConfig, size: int) -> TrainingConfig:
    """The preset's model for images of `size` pixels. Raises ValueError when its patches do not divide that."""
    step = 8 * config.denoiser.patch_size
    if size < step or size % step:
        raise ValueError(
            f"size is {size}, must be a multiple of {step}: patches of {config.denoiser.patch_size} latents"
        )
    sized = replace(config, image_size=size, denoiser=replace(config.denoiser, latent_size=size // 8))
    return config_from_dict(config_to_dict(sized))  # this checks it


def require_fitting(config: TrainingConfig) -> None:
    """Raises ValueError that names a file that is missing or damaged, or the value that does not fit the denoiser."""
    denoiser = config.denoiser
    if config.autoencoder.kind == "kl":
        folder = Path(config.autoencoder.pretrained)
        require_readable(folder, AUTOENCODER_WEIGHTS)
        channels = read_config(folder).get("latent_channels", 4)  # diffusers' own default
        _require_equal(folder, "latent_channels", channels, "denoiser.latent_channels", denoiser.latent_channels)
    if config.text.kind == "clip":
        folder = Path(config.text.pretrained)
        require_readable(folder, TEXT_WEIGHTS)
        read_tokenizer(folder)
        width = CLIPTextConfig.from_pretrained(folder, local_files_only=True).projection_dim
        _require_equal(folder, "projection_dim", width, "denoiser.text_dim", denoiser.text_dim)


def _require_equal(folder: Path, name: str, value: int | None, ours: str, expected: int) -> None:
    if value != expected:
        raise ValueError(f"{folder / 'config.json'}: {name} is {value}, must be {ours}, {expected}")


def read_words(path: Path) -> Vocabulary:
    """Reads the words that the checkpoint was trained on, which no checkpoint stores, from a TOML file with

        products = ["bottle", "cable"]             # all of them, also those without a defect
        pairs = [["bottle", "broken"]]             # (product, defect) seen together

    Raises ValueError that names what is wrong.
    """
    document = read_toml(path)
    if set(document) != WORD_KEYS:
        raise ValueError(f"{path}: must have {sorted(WORD_KEYS)} and nothing else, has {sorted(document)}")
    products, pairs = document["products"], document["pairs"]
    named = lambda names: all(isinstance(name, str) and is_word(name) for name in names)  # noqa: E731
    if not isinstance(products, list) or not products or not named(products):
        raise ValueError(f"{path}: products is {products!r}, must be a list of names, without '/'")
    if not isinstance(pairs, list) or not pairs:
        raise ValueError(f"{path}: pairs is {pairs!r}, must be a list of [product, defect]")
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2 and named(pair)):
            raise ValueError(f"{path}: pairs holds {pair!r}, must hold [product, defect], without '/'")
        if pair[1] == GOOD:
            raise ValueError(f"{path}: pairs holds {pair!r}, but {GOOD!r} is the normal state, which all products have")
        if pair[0] not in products:
            raise ValueError(f"{path}: pairs names the product {pair[0]!r}, which is not in products")
    return Vocabulary(sorted({(product, GOOD) for product in products} | {tuple(pair) for pair in pairs}))


def import_checkpoint(run: Run, config: TrainingConfig, checkpoint: Path, words: Vocabulary) -> ImportReport:
    """Makes a new run of the authors' checkpoint, or of a plain DiT's to start from, and records the weights' terms.

    Raises FileExistsError when the run has a checkpoint; ValueError that names every tensor that does not fit.
    """
    run.require_untrained()  # before the checkpoint is read, which can take long
    state = _read(checkpoint)
    torch.manual_seed(config.seed)
    module = build_training_module(config, words)
    imported = import_released(module.denoiser, state, assign=True)
    run.begin(config)
    save_origin(run, ORIGINS[imported.kind])
    place = {"step": 0, "samples_seen": 0, "first_step": 0, "pairs": [list(pair) for pair in words.pairs]}
    save(run.denoiser, {**place, "model": module.state_dict(), "tokenizer": module.text.tokenizer.to_str()})
    return imported


def _read(checkpoint: Path) -> dict:
    if not checkpoint.is_file():
        raise FileNotFoundError(f"{checkpoint}: no such file")
    try:
        content = read_checkpoint(checkpoint)
    except Exception as error:  # any error of torch for a file of another format
        reason = next(iter(str(error).splitlines()), "it ends too early")  # advice for programmers follows
        raise ValueError(f"{checkpoint}: cannot be read as a checkpoint: {reason}") from None
    if not isinstance(content, dict):
        raise ValueError(f"{checkpoint}: holds a {type(content).__name__}, must hold a state dict")
    return content
