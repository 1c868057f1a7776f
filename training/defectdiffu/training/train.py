"""The training loop. It is resumable at any step; an interrupted run sees the same batches as an uninterrupted one."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from ..checkpoints.runs import Run, load, save
from ..checkpoints.trained_model import CHECKPOINT, STORED_NAME
from ..config import LEARNT, TrainingConfig
from ..data.layout import GOOD, DataError, Pair, read_data_set, read_layout
from ..data.record import Record
from ..data.shared_words import shared_words
from ..data.source_photographs import read_sources
from ..data.validation_split import without_validation
from ..data.vocabulary import Vocabulary
from ..data.windows import pair_weights, read_rules
from ..model.autoencoder import ImageAutoencoder
from ..model.ema import Ema
from ..model.training_module import TrainingModule, build_training_module
from ..progress import Progress, Tell
from .batches import BatchBuilder
from .data_record import require_same_data, summary_of
from .devices import build_accelerator, main_process_first
from .latent_cache import LatentCache, LatentCacheSampler, build_latent_cache
from .loss import Losses
from .pace import GRID_ROWS, LAST_GRID_ROWS, Pace
from .sample_grids import save_sample_grid
from .schedule import Schedule, StepSchedule
from .train_autoencoder import train_autoencoder

SAVE_EVERY_SECONDS = 120
REPORT_EVERY_STEPS = 20
FIRST_GRID_SECONDS = 60  # to see soon whether windows and masks are what was meant


def train(
    run: Run,
    config: TrainingConfig,
    data: Path,
    rules_path: Path | None,
    schedule: Schedule,
    grid_every_seconds: float,
    progress: Progress,
    products: list[str] | None = None,
    save_every_seconds: float = SAVE_EVERY_SECONDS,
    tell: Tell = lambda text: None,
) -> None:
    """Autoencoder, then latent cache, then denoiser; each is taken up where an earlier, interrupted call left it.

    `data` is a folder in the MVTec AD layout, of which only the train split is used. Before it trains, it raises
    DataError, and ValueError when a run that is continued was begun with other photographs or windows.
    """
    rules = read_rules(rules_path, data)
    _require_steps(run, schedule)
    records = training_records(data, config, products)
    if not run.latent_cache.exists():
        for note in shared_words(data, {(r.product, r.defect) for r in records}):
            tell(f"note: {note}")
    accelerator = build_accelerator(config.optimiser.mixed_precision)
    with main_process_first() as first:  # the others load what it has made
        if first:
            require_same_data(run, {"data": summary_of(records, rules)}, tell)
        bf16 = accelerator.mixed_precision == "bf16"
        device = accelerator.device
        autoencoder = train_autoencoder(run, config, records, rules, device, bf16, progress, save_every_seconds)
        cache = build_latent_cache(run, config, records, rules, autoencoder, device, progress)
    weights = pair_weights(rules, cache.pairs)
    intervals = (save_every_seconds, grid_every_seconds)
    train_denoiser(run, config, cache, autoencoder, weights, schedule, intervals, accelerator, progress)


def _require_steps(run: Run, schedule: Schedule) -> None:
    """Refuses too few steps before the autoencoder is trained for hours."""
    if not run.denoiser.exists() or not isinstance(schedule, StepSchedule):
        return
    state = load(run.denoiser, "step")
    if "ema" not in state and schedule.finished(state["step"]):
        raise ValueError(
            f"steps is {schedule.total_steps}, must be above {state['step']}, "
            "for those of the model that the run starts from count"
        )


def training_records(data: Path, config: TrainingConfig, products: list[str] | None = None) -> list[Record]:
    """The train split without the pairs that are held out for zero-shot and, if the configuration says so, without the
    validation part; every file checked.

    Raises DataError, also when nothing defective is left to learn from.
    """
    held_out = set(config.held_out_pairs)
    include = lambda r: r.split == "train" and f"{r.product}/{r.defect}" not in held_out  # noqa: E731
    records = read_data_set(data, products, include)
    if config.validation != LEARNT:
        records = without_validation(records, read_layout(data), read_sources(data))
    if products is None:
        there = {f"{r.product}/{r.defect}" for r in read_layout(data) if r.defect != GOOD}
        if unknown := sorted(held_out - there):
            raise DataError(
                [f"held_out_pairs names {name!r}; there are: {', '.join(sorted(there))}" for name in unknown]
            )
    if all(record.defect == GOOD for record in records):
        raise DataError([f"{data}: no defective image in the train split (held out: {sorted(held_out) or 'nothing'})"])
    return records


def train_denoiser(
    run: Run,
    config: TrainingConfig,
    cache: LatentCache,
    autoencoder: ImageAutoencoder,
    weights: dict[Pair, float],
    schedule: Schedule,
    intervals: tuple[float, float],
    accelerator: Accelerator,
    progress: Progress,
    watched: list[Pair] | None = None,
    pace: Pace | None = None,
    freeze_background: bool = False,
) -> None:
    """Trains from the run's checkpoint, if there is one, to the end of `schedule`. Progress is that of this call.

    `weights`: how often each (product, defect) is drawn among those of its kind, normal or defective; `intervals`:
    seconds between checkpoints and between sample grids; `watched`: the pairs in these grids, all by default. The last
    grid shows all. With a `pace`, which hears of each grid, these are the first ones. `freeze_background`: the weights
    of the background part stay as they are.
    """
    plan = config.optimiser
    save_every_seconds, grid_every_seconds = intervals
    torch.manual_seed(config.seed)
    module = build_training_module(config, cache.vocabulary)  # its tokenizer follows from the words: checked below
    for kept, measured in zip(module.denoiser.adapt_mask.statistics, cache.mask_statistics(), strict=True):
        kept.copy_(measured)
    if freeze_background:
        module.denoiser.freeze_background()
    parameters = [p for p in module.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        parameters, lr=plan.learning_rate, weight_decay=plan.weight_decay, betas=(0.9, 0.99), fused=True
    )
    model, optimiser = accelerator.prepare(module, optimiser)
    cache = cache.to(accelerator.device)
    ema = Ema({STORED_NAME: module}, plan.ema_decay)
    step, samples_seen, first_step, trained = 0, 0, 0, False
    if run.denoiser.exists():
        state = load(run.denoiser, *CHECKPOINT)
        there = Vocabulary([tuple(pair) for pair in state["pairs"]])
        there.require(cache.vocabulary.pairs, f"the model in {run.denoiser}", "the data set")
        module.load_state_dict(state["model"])
        trained = "ema" in state
        if trained:
            ema.load_state_dict(state["ema"])
            optimiser.load_state_dict(state["optimiser"])
        else:  # started from a bundle or a published checkpoint
            _measure_new_channels(module, cache, state.get("trained_channels", cache.latent.shape[1]))
            ema = Ema({STORED_NAME: module}, plan.ema_decay)
        step, samples_seen, first_step = state["step"], state["samples_seen"], state.get("first_step", 0)
    module.denoiser.checkpointing = plan.checkpointing
    if plan.compile:
        module.denoiser.compile()

    builder = BatchBuilder(config, cache, module.denoiser)
    sampler = LatentCacheSampler(cache, plan.normal_share, weights)
    input_ids = module.text.ids(builder.phrases).to(accelerator.device)
    begun, saved = step, time.monotonic()
    shown = saved - max(0, grid_every_seconds - FIRST_GRID_SECONDS)
    averages: Tensor | None = None
    last = schedule.finished(step)
    if last and not trained:
        raise ValueError(
            "the time was over before the denoiser's training could begin; the same command continues from here"
        )
    if not last and accelerator.is_main_process:
        progress("denoiser", 0, schedule.expected_steps(step) - begun, {})
    while not last:
        share = np.random.default_rng((config.seed, 4, step, accelerator.process_index))
        turn = step * accelerator.num_processes + accelerator.process_index
        batch = builder.make(sampler.draw(plan.batch_size, share), turn)
        for group in optimiser.param_groups:
            group["lr"] = schedule.learning_rate(step, first_step)
        with accelerator.autocast():
            prediction = model(input_ids, batch.phrases, batch.latent, batch.timestep)
        losses = builder.loss(prediction, batch, module.denoiser.grid)
        optimiser.zero_grad(set_to_none=True)
        accelerator.backward(losses.total)
        accelerator.clip_grad_norm_(parameters, plan.clip_norm)
        optimiser.step()
        ema.update()
        step += 1
        samples_seen += plan.batch_size * accelerator.num_processes

        lost = torch.stack(losses).detach()
        averages = lost if averages is None else averages.lerp(lost, 0.02)
        now = time.monotonic()
        last = schedule.finished(step)
        save_due, grid_due = now - saved > save_every_seconds, now - shown > grid_every_seconds
        if not (last or save_due or grid_due or step % REPORT_EVERY_STEPS == 0):
            continue  # the figures below wait for the device
        figures = dict(zip(Losses._fields, averages.tolist(), strict=True))
        if not np.isfinite(figures["total"]):
            state_of_disk = "the last checkpoint is kept" if run.denoiser.exists() else "there is no checkpoint yet"
            raise FloatingPointError(f"the loss is {figures['total']} at step {step}; {state_of_disk}")
        if not accelerator.is_main_process:
            continue
        progress("denoiser", step - begun, schedule.expected_steps(step) - begun, figures)
        if last or save_due:
            place = {"step": step, "samples_seen": samples_seen, "first_step": first_step}
            _save(run, cache.vocabulary, module, ema, optimiser, place)
            run.record(step=step, samples_seen=samples_seen, time=time.time(), **figures)
            saved = time.monotonic()
        if last or grid_due:
            ema.swap()
            path, pairs = run.sample_grids / f"{step:07d}.png", None if last else watched
            if pace:
                pairs = shown_pairs(cache.pairs, watched or [], LAST_GRID_ROWS if last else GRID_ROWS)
            save_sample_grid(config, cache, module.eval(), autoencoder, path, accelerator.device, pairs)
            if pace:
                pace.on_grid(path, step, pairs or [])
            ema.swap()
            module.train()
            shown = time.monotonic()


def shown_pairs(pairs: list[Pair], first: list[Pair], most: int) -> list[Pair]:
    """At most `most` defective pairs, those of `first` before others, in the order in which a grid shows them."""
    defective = [pair for pair in pairs if pair[1] != GOOD]
    chosen = sorted(defective, key=lambda pair: pair not in first)[:most]
    return [pair for pair in defective if pair in chosen]


def _measure_new_channels(module: TrainingModule, cache: LatentCache, trained: int) -> None:
    for kept, measured in zip(module.denoiser.adapt_mask.statistics, cache.mask_statistics(), strict=True):
        kept[:, trained:] = measured[:, trained:]


def _save(run: Run, vocabulary: Vocabulary, module: TrainingModule, ema: Ema, optimiser, place: dict[str, int]) -> None:
    state = {"model": module.state_dict(), "ema": ema.state_dict(), "optimiser": optimiser.state_dict()}
    state |= {**place, "pairs": [list(pair) for pair in vocabulary.pairs]}
    save(run.denoiser, {**state, "tokenizer": module.text.tokenizer.to_str()})
