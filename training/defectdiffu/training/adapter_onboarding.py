"""Onboarding with an adapter: the bundle stays as it is, and only the adapter learns the new product."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import torch

from ..checkpoints.adapter_runs import load_adapter_run
from ..checkpoints.base_bundle import base_of
from ..checkpoints.from_bundle import load_bundle
from ..checkpoints.origin import origin_of_bundle, save_origin
from ..checkpoints.runs import Run
from ..checkpoints.trained_model import TrainedModel
from ..config import AdapterConfig, TrainingConfig
from ..data.layout import GOOD
from ..data.shared_words import shared_defects
from ..data.windows import read_rules
from ..model.adapter import new_adapter
from ..model.text_encoder import Prompts
from ..progress import Progress, Tell
from .data_record import record_data, summary_of
from .devices import build_accelerator, main_process_first
from .latent_cache import LatentCache, encode_windows, load_latent_cache, save_latent_cache
from .onboarding import fewer_windows, onboarding_config, require_same_photographs, tell_warnings
from .onboarding_plan import OnboardingPlan, Photographs, options_of, record_options, require_same_options
from .pace import GRID_ROWS, Pace
from .sample_grids import save_sample_grid
from .schedule import StepSchedule
from .train import training_records
from .train_adapter import train_adapter


def onboard_adapter(
    run: Run,
    bundle: Path,
    new: Photographs,
    plan: OnboardingPlan,
    progress: Progress,
    tell: Tell = lambda text: None,
    pace: Pace | None = None,
) -> TrainingConfig:
    """Makes the run, or continues it if it was started with the same options (steps may be raised). Without a `pace`,
    it makes the plan's steps, and an image grid at the end.

    Nothing is replayed, because nothing can be forgotten. Raises DataError for bad photographs; ValueError for other
    options, for other photographs or windows than those that the run was begun with, or when the new name and version
    are the bundle's.
    """
    model, base = load_bundle(bundle), base_of(bundle)
    options = options_of(bundle, new, None, plan)
    with main_process_first() as first:
        if first:
            require_same_options(run, options)
            if run.latent_cache.exists():
                require_same_photographs(run, model, new, None, tell)
            else:
                _prepare(run, bundle, model, new, plan, progress, tell)
            record_options(run, options)
    config, cache = run.config(), load_latent_cache(run.latent_cache)
    torch.manual_seed(config.seed)
    settings = AdapterConfig(rank=plan.adapter_rank, background=not plan.freeze_background)
    adapter = new_adapter(settings, model.module, Prompts(config.prompts), cache.vocabulary, model.vocabulary)
    accelerator = build_accelerator(config.optimiser.mixed_precision)
    schedule = pace.schedule(config.optimiser) if pace else StepSchedule(config.optimiser, plan.steps)
    place, shown = (bundle, base), time.monotonic()

    def show_when_due() -> None:
        nonlocal shown
        if pace and time.monotonic() - shown >= pace.grid_every_seconds:
            _save_grid(run, config, cache, accelerator.device, pace, GRID_ROWS)
            shown = time.monotonic()

    interval = pace.save_every_seconds if pace else None
    train_adapter(
        run, config, cache, model, adapter, place, schedule, accelerator, progress, interval, on_saved=show_when_due
    )
    if accelerator.is_main_process:
        _save_grid(run, config, cache, accelerator.device, pace)
    return config


def _save_grid(
    run: Run,
    config: TrainingConfig,
    cache: LatentCache,
    device: torch.device,
    pace: Pace | None,
    rows: int | None = None,
) -> None:
    """Of the last checkpoint, with at most `rows` pairs (all if None)."""
    trained, pairs = load_adapter_run(run), [pair for pair in cache.pairs if pair[1] != GOOD][:rows]
    path = run.sample_grids / f"{trained.step:07d}.png"
    save_sample_grid(config, cache, trained.module, trained.autoencoder, path, device, pairs, trained.adapters)
    if pace:
        pace.on_grid(path, trained.step, pairs)


def _prepare(
    run: Run,
    bundle: Path,
    model: TrainedModel,
    new: Photographs,
    plan: OnboardingPlan,
    progress: Progress,
    tell: Tell,
) -> None:
    config = onboarding_config(model, plan)
    config = replace(config, held_out_pairs=())
    records, rules = training_records(new.data, config, new.products), read_rules(new.windows, new.data)
    tell_warnings(records, rules, model.config.image_size, tell)
    for note in shared_defects(new.data, {(r.product, r.defect) for r in records}, model.vocabulary.pairs):
        tell(f"note: {note}")
    fewer = replace(config, latent_cache=fewer_windows(config.latent_cache, plan.new_windows_per_pair))
    cache = encode_windows(fewer, records, rules, model.autoencoder, torch.device("cpu"), progress)
    # The cache last: if its making is cut short, the run is known as what it is, and made again.
    record_options(run, options_of(bundle, new, None, plan))
    run.open(config)
    record_data(run, {"data": summary_of(records, rules)})
    save_origin(run, origin_of_bundle(bundle))
    save_latent_cache(run.latent_cache, cache)
