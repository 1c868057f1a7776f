"""Trains a model from nothing within minutes: the architecture of a bundle, and none of its weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..checkpoints.runs import Run
from ..checkpoints.trained_model import TrainedModel
from ..config import LEARNT, OptimiserConfig, TrainingConfig
from ..data.windows import pair_weights, read_rules
from ..progress import Progress, Tell
from .data_record import require_same_data, summary_of
from .devices import build_accelerator
from .latent_cache import build_latent_cache
from .onboarding import fewer_windows, onboarding_config, tell_warnings
from .onboarding_plan import OnboardingPlan, Photographs
from .pace import Pace
from .train import train_denoiser, training_records
from .train_autoencoder import train_autoencoder


def train_from_scratch(
    run: Run,
    like: TrainedModel,
    new: Photographs,
    plan: OnboardingPlan,
    progress: Progress,
    tell: Tell,
    pace: Pace,
    autoencoder_time: Callable[[], float],
) -> TrainingConfig:
    """Makes the run, or continues it. `autoencoder_time`: the share of the autoencoder's time that is over.

    The decoder is not fine-tuned against a discriminator, which takes longer than everything else together. Raises
    DataError for bad photographs; ValueError for an architecture with pretrained parts, and when a run that is
    continued was begun with other photographs or windows.
    """
    config = run.open(scratch_config(like, plan))
    rules = read_rules(new.windows, new.data)
    records = training_records(new.data, config, new.products)
    require_same_data(run, {"data": summary_of(records, rules)}, tell)
    if not run.latent_cache.exists():
        tell_warnings(records, rules, config.image_size, tell)
    accelerator = build_accelerator(config.optimiser.mixed_precision)
    device, bf16, saves = accelerator.device, accelerator.mixed_precision == "bf16", pace.save_every_seconds
    autoencoder = train_autoencoder(run, config, records, rules, device, bf16, progress, saves, autoencoder_time)
    cache = build_latent_cache(run, config, records, rules, autoencoder, device, progress)
    schedule, weights = pace.schedule(config.optimiser), pair_weights(rules, cache.pairs)
    train_denoiser(run, config, cache, autoencoder, weights, schedule, pace.intervals, accelerator, progress, pace=pace)
    return config


def scratch_config(like: TrainedModel, plan: OnboardingPlan) -> TrainingConfig:
    """The bundle's, but for what was measured with its weights, its data, and its machine. The rate of an onboarding is
    for weights that are good already."""
    old = onboarding_config(like, plan)
    if old.autoencoder.kind != "small" or old.text.kind != "word":
        raise ValueError(f"{like.config.name} {like.config.version} has pretrained parts, which cannot be trained anew")
    autoencoder = replace(
        old.autoencoder_training,
        adversarial_steps=0,
        windows=min(old.autoencoder_training.windows, plan.new_windows_per_pair),
    )
    return replace(
        old,
        held_out_pairs=(),
        validation=LEARNT,
        autoencoder_training=autoencoder,
        optimiser=replace(old.optimiser, learning_rate=plan.learning_rate or OptimiserConfig().learning_rate),
        latent_cache=fewer_windows(old.latent_cache, plan.new_windows_per_pair),
    )
