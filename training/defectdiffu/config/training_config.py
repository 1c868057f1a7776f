"""The configuration of a training run: one TOML file, checked key by key."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from ..data.validation_split import LEARNT
from .bounds import problems

PRESETS = Path(__file__).resolve().parents[2] / "presets"


@dataclass(frozen=True)
class AutoencoderConfig:
    kind: str = "small"  # "small" | "kl"
    latent_channels: int = 4
    width: int = 64
    deep_width: int = 128
    blocks: int = 2
    deep_blocks: int = 3
    fine_width: int = 0  # of the decoder's blocks at half the image's size; without them texture repeats every 4 pixels
    fine_blocks: int = 2
    pretrained: str = ""  # kind "kl": folder of diffusers weights on the user's disk
    scaling_factor: float = 0.18215  # kind "kl"


@dataclass(frozen=True)
class DenoiserConfig:
    """TDIA. `background_blocks`, `defect_blocks`, `fusion_blocks` are the paper's N, M, K."""

    latent_channels: int = 4
    latent_size: int = 16
    patch_size: int = 2
    hidden_size: int = 256
    heads: int = 4
    cross_heads: int = 4
    mlp_ratio: float = 4.0
    background_blocks: int = 3
    defect_blocks: int = 3
    fusion_blocks: int = 3
    text_dim: int = 128
    learn_sigma: bool = False
    prediction: str = "epsilon"  # what the network gives: "epsilon" | "v" (turned into noise inside the exported graph)
    locality: bool = False  # convolutions beside the DiT blocks (see tdia.py); off for checkpoints of the paper's shape
    local_width: int = 64
    local_blocks: int = 3
    mask_reads_picture: bool = False  # with locality: the mask head also sees the local head's features

    @property
    def depth(self) -> int:
        return self.background_blocks + self.defect_blocks + self.fusion_blocks


@dataclass(frozen=True)
class TextConfig:
    kind: str = "word"  # "word": small, trained with the denoiser | "clip": frozen, read from `pretrained`
    pretrained: str = ""
    hidden_size: int = 128
    layers: int = 1
    heads: int = 4
    projection: int = 128
    context_length: int = 12


@dataclass(frozen=True)
class PromptConfig:
    """Manifest wording; {product} and {defect} are replaced by prompt names."""

    background: str = "a photo of {product}"
    defect: str = "a photo of {defect}"
    fusion: str = "a photo of {defect} {product}"
    normal: str = "good"
    null_product: str = "industry"


@dataclass(frozen=True)
class LossConfig:
    mask_weight: float = 0.2  # λ of Eq. 11
    ratio_min: float = 2.0  # Eq. 9
    ratio_max: float = 8.0
    alpha: float = 1e-3  # Eq. 8
    fade_defect: bool = False  # the defect term times ᾱ_t: see loss.py
    balanced_mask: bool = True  # defect and background weigh the same in the mask loss
    drop_product: float = 0.2  # p₁ of Algorithm 1
    drop_defect: float = 0.2  # p₂
    timesteps: str = "uniform"  # "uniform" (the paper) | "log_normal": most where ln σ is near `log_sigma_mean`
    log_sigma_mean: float = 0.2  # σ = √((1-ᾱ)/ᾱ)
    log_sigma_std: float = 1.4
    uniform_share: float = 0.15  # of the log-normal samples that are uniform all the same


@dataclass(frozen=True)
class OptimiserConfig:
    batch_size: int = 32
    learning_rate: float = 8e-4
    weight_decay: float = 0.01
    warmup_steps: int = 200
    total_steps: int = 100_000
    cooldown_steps: int = 4_000  # constant rate after the warm-up, linear fall to zero over the last of them
    ema_decay: float = 0.9995
    clip_norm: float = 1.0
    normal_share: float = 0.35  # of a batch that is normal images
    mixed_precision: str = "no"  # "no" | "bf16" | "fp16" | "auto": bf16 where the device computes in it
    compile: bool = False
    checkpointing: bool = False  # of gradients: less memory, about a quarter more time


@dataclass(frozen=True)
class BankConfig:
    """Windows cut and encoded once, before the denoiser trains (see latent_cache.py)."""

    defect_windows: int = 1200  # per (product, defect)
    normal_windows: int = 1200  # per product


@dataclass(frozen=True)
class AutoencoderTraining:
    steps: int = 2400
    batch_size: int = 32
    crop: int = 64
    mask_share: float = 0.25
    defect_weight: float = 0.0  # by how much more the pixels of defects, and two about them, count
    learning_rate: float = 1.2e-3
    kl_weight: float = 1e-4
    ema_decay: float = 0.998
    windows: int = 200  # per (product, defect), cut once
    sharpen_steps: int = 0  # of the decoder against a discriminator, after all (see adversarial_finetuning.py)
    sharpen_batch: int = 32
    sharpen_learning_rate: float = 2e-4
    adversarial_weight: float = 0.4  # of the discriminator's gradient, relative to that of the reconstruction


@dataclass(frozen=True)
class TrainingConfig:
    name: str = "small"
    version: str = "0.1.0"
    image_size: int = 128
    held_out_pairs: tuple[str, ...] = ()  # "product/defect": kept out of training, so that zero-shot is real
    validation: str = (
        LEARNT  # or UNSEEN: trained without the photographs that candidates are compared on (validation_split.py)
    )
    seed: int = 0
    autoencoder: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    autoencoder_training: AutoencoderTraining = field(default_factory=AutoencoderTraining)
    denoiser: DenoiserConfig = field(default_factory=DenoiserConfig)
    text: TextConfig = field(default_factory=TextConfig)
    prompts: PromptConfig = field(default_factory=PromptConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    bank: BankConfig = field(default_factory=BankConfig)


def config_from_dict(document: dict[str, Any]) -> TrainingConfig:
    """Raises ValueError for a key, a type or a value that does not fit, by its name."""
    config = _build(TrainingConfig, document, "")
    if found := list(problems(config)):
        raise ValueError("configuration: " + "; ".join(found))
    return config


def config_to_dict(config: TrainingConfig) -> dict[str, Any]:
    return asdict(config)


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

    Raises FileNotFoundError that lists the presets, ValueError for a key or a type that does not fit.
    """
    path = Path(preset) if preset.endswith(".toml") else PRESETS / f"{preset}.toml"
    if not path.is_file():
        there = ("paper", "small", "small-gpu")
        raise FileNotFoundError(f"no preset {preset!r}: give a .toml file or one of {', '.join(there)}")
    try:
        return config_from_dict(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:  # TOMLDecodeError is one
        raise ValueError(f"{path}: {error}") from None


def _build(kind: type, document: dict[str, Any], where: str) -> Any:
    if not isinstance(document, dict):
        raise ValueError(f"configuration: {where.rstrip('.')} is {document!r}, must be a table")
    hints = get_type_hints(kind)
    known = {f.name for f in fields(kind)}
    if unknown := set(document) - known:
        raise ValueError(f"configuration: unknown key(s) {sorted(where + k for k in unknown)}; known: {sorted(known)}")
    values = {}
    for key, value in document.items():
        expected = hints[key]
        if is_dataclass(expected):
            values[key] = _build(expected, value, f"{where}{key}.")
        elif expected is float and isinstance(value, int) and not isinstance(value, bool):
            values[key] = float(value)
        elif expected in (int, float, str, bool):
            if type(value) is not expected:
                raise ValueError(f"configuration: {where}{key} is {value!r}, must be of type {expected.__name__}")
            values[key] = value
        else:
            if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
                raise ValueError(f"configuration: {where}{key} is {value!r}, must be a list of strings")
            values[key] = tuple(value)
    return kind(**values)
