"""The configuration of a training run."""

from .training_config import (
    PRESETS,
    AutoencoderConfig,
    AutoencoderTraining,
    BankConfig,
    DenoiserConfig,
    LossConfig,
    OptimiserConfig,
    PromptConfig,
    TextConfig,
    TrainingConfig,
    changes,
    config_from_dict,
    config_to_dict,
    load_config,
)

__all__ = [
    "PRESETS",
    "AutoencoderConfig",
    "AutoencoderTraining",
    "BankConfig",
    "DenoiserConfig",
    "LossConfig",
    "OptimiserConfig",
    "PromptConfig",
    "TextConfig",
    "TrainingConfig",
    "changes",
    "config_from_dict",
    "config_to_dict",
    "load_config",
]
