"""Onboarding adds a product to a model by fine-tuning from a bundle; replay keeps the known products."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from ..checkpoints.channel_expansion import with_old_weights
from ..checkpoints.from_bundle import load_bundle, save_start
from ..checkpoints.origin import origin_of_bundle, save_origin
from ..checkpoints.runs import Run
from ..checkpoints.trained_model import TrainedModel
from ..config import LatentCacheConfig, TrainingConfig, config_from_dict, config_to_dict
from ..data.dataset_lint import lint_warnings, measure_groups
from ..data.layout import GOOD, Pair
from ..data.record import Record
from ..data.shared_words import shared_words
from ..data.vocabulary import Vocabulary
from ..data.windows import Rules, read_rules
from ..model.text_encoder import Prompts, with_words
from ..model.training_module import build_training_module
from ..progress import Progress, Tell
from .data_record import record_data, require_same_data, summary_of
from .devices import build_accelerator, main_process_first
from .latent_cache import encode_windows, join_latent_caches, load_latent_cache, save_latent_cache
from .onboarding_plan import OnboardingPlan, Photographs, options_of, record_options, require_same_options
from .pace import Pace
from .replay import generated_latent_cache, read_known
from .schedule import StepSchedule
from .train import train_denoiser, training_records


def onboard(
    run: Run,
    bundle: Path,
    new: Photographs,
    replay: Photographs | None,
    plan: OnboardingPlan,
    progress: Progress,
    intervals: tuple[float, float] = (120, 600),
    tell: Tell = lambda text: None,
    pace: Pace | None = None,
) -> TrainingConfig:
    """Makes the run, or continues it if it was started with the same options (steps may be raised). A `pace` takes the
    place of the plan's steps and of `intervals`.

    Raises DataError for bad photographs; ValueError for other options, for other photographs or windows than those that
    the run was begun with, when the new bundle would bear the old one's name and version, when the bundle knows every
    pair already, or when the photographs for replay show none that it knows.
    """
    model = load_bundle(bundle)
    options = options_of(bundle, new, replay, plan)
    with main_process_first() as first:
        if first:
            require_same_options(run, options)
            if run.denoiser.exists():
                require_same_photographs(run, model, new, replay, tell)
            else:
                _prepare(run, bundle, model, new, replay, plan, progress, tell)
            record_options(run, options)
    config, cache = run.config(), load_latent_cache(run.latent_cache)
    weights = shares(cache.pairs_with_windows, model.vocabulary, plan.new_share)
    accelerator = build_accelerator(config.optimiser.mixed_precision)
    schedule = pace.schedule(config.optimiser) if pace else StepSchedule(config.optimiser, model.step + plan.steps)
    new_pairs = [pair for pair in cache.pairs if pair not in model.vocabulary.pairs]
    intervals = pace.intervals if pace else intervals
    train_denoiser(
        run, config, cache, model.autoencoder, weights, schedule, intervals, accelerator, progress, new_pairs, pace,
        plan.freeze_background,
    )  # fmt: skip
    return config


def _prepare(
    run: Run,
    bundle: Path,
    model: TrainedModel,
    new: Photographs,
    replay: Photographs | None,
    plan: OnboardingPlan,
    progress: Progress,
    tell: Tell,
) -> None:
    config = onboarding_config(model, plan)
    rules = read_rules(new.windows, new.data)
    records = training_records(new.data, replace(config, held_out_pairs=()), new.products)
    joining = {(r.product, r.defect) for r in records}
    if not joining - set(model.vocabulary.pairs):
        raise ValueError(f"{new.data}: the bundle knows all its pairs already: train on with --from-bundle instead")
    _tell_weaknesses(new, records, rules, model, tell)
    still_out = tuple(name for name in config.held_out_pairs if tuple(name.split("/")) not in joining)
    config = replace(config, held_out_pairs=still_out)
    device = torch.device("cpu")
    known = read_known(model, config, replay) if replay else None  # before anything is computed
    fresh_config = replace(config, latent_cache=fewer_windows(config.latent_cache, plan.new_windows_per_pair))
    fresh = encode_windows(fresh_config, records, rules, model.autoencoder, device, progress)
    if known:
        old_config = replace(config, latent_cache=LatentCacheConfig(plan.windows_per_pair, plan.windows_per_pair))
        old = encode_windows(old_config, *known, model.autoencoder, device, progress)
    else:
        old = generated_latent_cache(model, plan.samples_per_pair, progress)
    cache = join_latent_caches([fresh, old])
    # Before anything else of the run: if its making is cut short, it is known as what it is.
    record_options(run, options_of(bundle, new, replay, plan))
    run.open(config)
    replayed = {"replay": summary_of(*known)} if known else {}
    record_data(run, {"data": summary_of(records, rules)} | replayed)
    save_latent_cache(run.latent_cache, cache)
    save_origin(run, origin_of_bundle(bundle))
    save_start(run, model, module_with_new_words(model, cache.vocabulary, config), cache.vocabulary)


def require_same_photographs(
    run: Run, model: TrainedModel, new: Photographs, replay: Photographs | None, tell: Tell
) -> None:
    """Checks a run that is continued. Photographs that are not there any more are not needed: it has their windows.

    Raises DataError for bad photographs; ValueError for other ones, or other windows, than it was begun with.
    """
    config, there = replace(run.config(), held_out_pairs=()), {}
    if new.data.exists():
        records = training_records(new.data, config, new.products)
        there["data"] = summary_of(records, read_rules(new.windows, new.data))
    if replay and replay.data.exists():
        there["replay"] = summary_of(*read_known(model, config, replay))
    require_same_data(run, there, tell)


def tell_warnings(records: list[Record], rules: Rules, size: int, tell: Tell) -> None:
    """What `check` says of the photographs in windows of a model of that image size."""
    for group in measure_groups(records, rules, size):
        for warning in lint_warnings(group):
            tell(f"warning: {warning}")


def _tell_weaknesses(new: Photographs, records: list[Record], rules: Rules, model: TrainedModel, tell: Tell) -> None:
    """What `check` says of the photographs with this bundle."""
    tell_warnings(records, rules, model.config.image_size, tell)
    for note in shared_words(new.data, {(r.product, r.defect) for r in records}, model.vocabulary.pairs):
        tell(f"note: {note}")


def fewer_windows(counts: LatentCacheConfig, per_pair: int) -> LatentCacheConfig:
    """At most `per_pair` of each kind."""
    fewer = {name: min(getattr(counts, name), per_pair) for name in ("defect_windows", "normal_windows")}
    return replace(counts, **fewer)


def onboarding_config(model: TrainedModel, plan: OnboardingPlan) -> TrainingConfig:
    """The bundle's, but for what was fit for the machine that trained it: a GPU's batches, `compile` and arithmetic.

    Raises ValueError when it is not another bundle that comes of it: none could be exported.
    """
    old = model.config
    optimiser = replace(
        old.optimiser,
        batch_size=plan.batch_size,
        mixed_precision="no" if old.optimiser.mixed_precision == "no" else "auto",
        compile=False,
        learning_rate=plan.rate,
        warmup_steps=min(50, plan.steps),
        cooldown_steps=max(1, plan.steps // 2),
        total_steps=model.step + plan.steps,
    )
    seed = old.seed if plan.seed is None else plan.seed
    name, version = plan.name or old.name, plan.version or old.version
    if (name, version) == (old.name, old.version):
        raise ValueError(
            f"version is {version}, must differ from that of the bundle {old.name} {old.version}, unless name does"
        )
    config = replace(old, optimiser=optimiser, seed=seed, name=name, version=version)
    return config_from_dict(config_to_dict(config))  # which checks what the plan has changed


def module_with_new_words(model: TrainedModel, vocabulary: Vocabulary, config: TrainingConfig):
    """The model's weights, with places for the words that are new."""
    tokenizer = model.module.text.tokenizer
    if config.text.kind == "word":
        tokenizer = with_words(tokenizer, Prompts(config.prompts).every(vocabulary.products, vocabulary.defects))
    torch.manual_seed(config.seed)
    return with_old_weights(build_training_module(config, vocabulary, tokenizer), model.module)


def shares(pairs: list[Pair], known: Vocabulary, new_share: float) -> dict[Pair, float]:
    """Weights such that the new ones of `pairs` make up `new_share` of the defective windows drawn, and of the normal
    ones where there are new ones among these."""
    weights: dict[Pair, float] = {}
    for kind in ([pair for pair in pairs if pair[1] != GOOD], [pair for pair in pairs if pair[1] == GOOD]):
        new = [pair for pair in kind if pair not in known.pairs]
        old = len(kind) - len(new)
        if new and old:
            weights |= dict.fromkeys(new, new_share / (1 - new_share) * old / len(new))
    return weights
