"""The training loop: resumable at any step, the same batches whether or not it was interrupted."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from ..checkpoints.runs import Run, load, save
from ..checkpoints.trained_model import CHECKPOINT
from ..config import LEARNT, TrainingConfig
from ..data.layout import GOOD, DataError, Pair, Record, read_data_set, read_layout
from ..data.validation_split import without_validation
from ..data.vocabulary import Vocabulary
from ..data.windows import pair_weights, read_rules
from ..model.autoencoder import ImageAutoencoder
from ..model.ema import Ema
from ..model.training_module import Trainee, build_trainee
from ..progress import Progress
from .batches import BatchMaker
from .devices import build_accelerator, first_process_first
from .latent_cache import Bank, BankSampler, build_bank
from .loss import Losses
from .sample_grids import training_sheet
from .schedule import Course, UntilStep
from .train_autoencoder import train_autoencoder

SAVE_EVERY_SECONDS = 120
REPORT_EVERY_STEPS = 20


def train(
    run: Run,
    config: TrainingConfig,
    data: Path,
    rules_path: Path | None,
    course: Course,
    sheet_every_seconds: float,
    progress: Progress,
    products: list[str] | None = None,
    save_every_seconds: float = SAVE_EVERY_SECONDS,
) -> None:
    """Autoencoder, then bank, then denoiser; each is taken up where an earlier, interrupted call left it.

    `data` is a folder in the MVTec AD layout; only its train half is used. Raises DataError before anything is trained.
    """
    rules = read_rules(rules_path)
    _require_steps(run, course)
    records = training_records(data, config, products)
    accelerator = build_accelerator(config.optimiser.mixed_precision)
    with first_process_first():  # the others load what it has made
        bf16 = accelerator.mixed_precision == "bf16"
        device = accelerator.device
        autoencoder = train_autoencoder(run, config, records, rules, device, bf16, progress, save_every_seconds)
        bank = build_bank(run, config, records, rules, autoencoder, device, progress)
    weights = pair_weights(rules, bank.pairs)
    intervals = (save_every_seconds, sheet_every_seconds)
    train_denoiser(run, config, bank, autoencoder, weights, course, intervals, accelerator, progress)


def _require_steps(run: Run, course: Course) -> None:
    """Of a run that starts from a model: said before its autoencoder is trained for hours."""
    if not run.denoiser.exists() or not isinstance(course, UntilStep):
        return
    state = load(run.denoiser, "step")
    if "ema" not in state and course.over(state["step"]):
        raise ValueError(
            f"steps is {course.total_steps}, must be above {state['step']}, "
            "for those of the model that the run starts from count"
        )


def training_records(data: Path, config: TrainingConfig, products: list[str] | None = None) -> list[Record]:
    """The train half without the pairs that are held out for zero-shot and, if the configuration says so, without the
    validation part; every file checked.

    Raises DataError, also when nothing defective is left to learn from.
    """
    held_out = set(config.held_out_pairs)
    wanted = lambda r: r.half == "train" and f"{r.product}/{r.defect}" not in held_out  # noqa: E731
    records = read_data_set(data, products, wanted)
    if config.validation != LEARNT:
        records = without_validation(records)
    if products is None:
        there = {f"{r.product}/{r.defect}" for r in read_layout(data) if r.defect != GOOD}
        if unknown := sorted(held_out - there):
            raise DataError(
                [f"held_out_pairs names {name!r}; there are: {', '.join(sorted(there))}" for name in unknown]
            )
    if all(record.defect == GOOD for record in records):
        raise DataError([f"{data}: no defective image in the train half (held out: {sorted(held_out) or 'nothing'})"])
    return records


def train_denoiser(
    run: Run,
    config: TrainingConfig,
    bank: Bank,
    autoencoder: ImageAutoencoder,
    weights: dict[Pair, float],
    course: Course,
    intervals: tuple[float, float],
    accelerator: Accelerator,
    progress: Progress,
) -> None:
    """From the run's checkpoint, if there is one, to the end of `course`.

    `weights`: how often each (product, defect) is drawn among those of its kind, normal or defective; `intervals`:
    seconds between checkpoints and between sheets.
    """
    plan = config.optimiser
    save_every_seconds, sheet_every_seconds = intervals
    torch.manual_seed(config.seed)
    trainee = build_trainee(config, bank.vocabulary)  # its tokenizer follows from the words: checked below
    for kept, measured in zip(trainee.denoiser.adapt_mask.statistics, bank.mask_statistics(), strict=True):
        kept.copy_(measured)
    parameters = [p for p in trainee.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(
        parameters, lr=plan.learning_rate, weight_decay=plan.weight_decay, betas=(0.9, 0.99), fused=True
    )
    model, optimiser = accelerator.prepare(trainee, optimiser)
    bank = bank.to(accelerator.device)
    ema = Ema({"trainee": trainee}, plan.ema_decay)
    step, samples_seen, first_step, trained = 0, 0, 0, False
    if run.denoiser.exists():
        state = load(run.denoiser, *CHECKPOINT)
        there = Vocabulary([tuple(pair) for pair in state["pairs"]])
        there.require(bank.vocabulary.pairs, f"the model in {run.denoiser}", "the data set")
        trainee.load_state_dict(state["model"])
        trained = "ema" in state
        if trained:
            ema.load_state_dict(state["ema"])
            optimiser.load_state_dict(state["optimiser"])
        else:  # started from a bundle or a published checkpoint
            _measure_new_channels(trainee, bank, state.get("trained_channels", bank.latent.shape[1]))
            ema = Ema({"trainee": trainee}, plan.ema_decay)
        step, samples_seen, first_step = state["step"], state["samples_seen"], state.get("first_step", 0)
    trainee.denoiser.checkpointing = plan.checkpointing
    if plan.compile:
        trainee.denoiser.compile()

    maker = BatchMaker(config, bank, trainee.denoiser)
    sampler = BankSampler(bank, plan.normal_share, weights)
    input_ids = trainee.text.ids(maker.phrases).to(accelerator.device)
    saved = shown = time.monotonic()
    averages: Tensor | None = None
    last = course.over(step)
    if last and not trained:
        raise ValueError(
            "the time was over before the denoiser's training could begin; the same command goes on from here"
        )
    while not last:
        share = np.random.default_rng((config.seed, 4, step, accelerator.process_index))
        turn = step * accelerator.num_processes + accelerator.process_index
        batch = maker.make(sampler.draw(plan.batch_size, share), turn)
        for group in optimiser.param_groups:
            group["lr"] = course.learning_rate(step, first_step)
        with accelerator.autocast():
            prediction = model(input_ids, batch.phrases, batch.latent, batch.timestep)
        losses = maker.loss(prediction, batch, trainee.denoiser.grid)
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
        last = course.over(step)
        save_due, sheet_due = now - saved > save_every_seconds, now - shown > sheet_every_seconds
        if not (last or save_due or sheet_due or step % REPORT_EVERY_STEPS == 0):
            continue  # the figures below wait for the device
        figures = dict(zip(Losses._fields, averages.tolist(), strict=True))
        if not np.isfinite(figures["total"]):
            kept = "the last checkpoint is kept" if run.denoiser.exists() else "there is no checkpoint yet"
            raise FloatingPointError(f"the loss is {figures['total']} at step {step}; {kept}")
        if not accelerator.is_main_process:
            continue
        progress("denoiser", step, course.length(step), figures)
        if last or save_due:
            place = {"step": step, "samples_seen": samples_seen, "first_step": first_step}
            _save(run, bank.vocabulary, trainee, ema, optimiser, place)
            run.record(step=step, samples_seen=samples_seen, time=time.time(), **figures)
            saved = time.monotonic()
        if last or sheet_due:
            ema.swap()
            training_sheet(
                config, bank, trainee.eval(), autoencoder, run.sheets / f"{step:07d}.png", accelerator.device
            )
            ema.swap()
            trainee.train()
            shown = time.monotonic()


def _measure_new_channels(trainee: Trainee, bank: Bank, trained: int) -> None:
    for kept, measured in zip(trainee.denoiser.adapt_mask.statistics, bank.mask_statistics(), strict=True):
        kept[:, trained:] = measured[:, trained:]


def _save(run: Run, vocabulary: Vocabulary, trainee: Trainee, ema: Ema, optimiser, place: dict[str, int]) -> None:
    state = {"model": trainee.state_dict(), "ema": ema.state_dict(), "optimiser": optimiser.state_dict()}
    state |= {**place, "pairs": [list(pair) for pair in vocabulary.pairs]}
    save(run.denoiser, {**state, "tokenizer": trainee.text.tokenizer.to_str()})
