"""The configuration of a training run."""

from .adapter import AdapterConfig
from .loading import PRESETS, changes, config_from_dict, config_to_dict, load_config
from .networks import AutoencoderConfig, DenoiserConfig, PromptConfig, TextConfig
from .optimisation import AutoencoderTraining, LatentCacheConfig, LossConfig, OptimiserConfig
from .training import LEARNT, UNSEEN, UNSEEN_SINCE, VERSION_PATTERN, TrainingConfig, ValidationState

__all__ = [
    "LEARNT",
    "PRESETS",
    "UNSEEN",
    "UNSEEN_SINCE",
    "VERSION_PATTERN",
    "AdapterConfig",
    "AutoencoderConfig",
    "AutoencoderTraining",
    "DenoiserConfig",
    "LatentCacheConfig",
    "LossConfig",
    "OptimiserConfig",
    "PromptConfig",
    "TextConfig",
    "TrainingConfig",
    "ValidationState",
    "changes",
    "config_from_dict",
    "config_to_dict",
    "load_config",
]
