"""Trains what a request says, judges it, and exports it. A call that was killed is repeated, and continues."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic

from ..advice.detector_verdict import compare_detectors
from ..advice.onboarding_verdict import Verdict, judge
from ..advice.time_budget import OutOfTime, TimeBudget
from ..checkpoints.adapter_runs import load_run
from ..checkpoints.from_bundle import load_bundle
from ..checkpoints.origin import load_origin, with_origin
from ..checkpoints.runs import Run, load
from ..checkpoints.trained_model import TrainedModel
from ..config import OptimiserConfig
from ..data.data_warnings import told_once
from ..data.layout import DataError
from ..export.adapter import write_adapter
from ..export.bundle import write_bundle
from ..progress import Progress, Tell
from ..training.adapter_onboarding import onboard_adapter
from ..training.from_scratch import train_from_scratch
from ..training.onboarding import onboard
from ..training.onboarding_plan import Photographs
from ..training.pace import Pace
from ..training.schedule import Schedule, TimeSchedule
from .lines import Lines
from .request import TrainingRequest
from .spent_time import SpentTime

VERDICT_SHARE, VERDICT_MINUTES = 0.25, 5.0  # of the minutes: the verdict takes no more
DETECTORS_SHARE, DETECTORS_MINUTES = 1 / 6, 5.0  # of the minutes: the detectors take no more
DETECTORS_FROM = 10.0  # minutes: with fewer, nothing could be told apart
COMMANDS = (" To keep one apart: ", ": train on with --")  # before a command line, which the requester has not
SAVES, SAVE_SECONDS = 20, 15.0  # checkpoints of a training at least, and the seconds between two at most
AUTOENCODER_SHARE = 0.3  # of the time that training from scratch has
GRIDS, GRID_SECONDS = 8, 60.0  # image grids of a training at most, and the seconds between two at least


class Refused(Exception):
    """What the request or its photographs make impossible, so that repeating it does not help."""


def work(request: TrainingRequest, folder: Path, lines: Lines, clock: Callable[[], float] = monotonic) -> bool:
    """Whether a model was made; if not, the last line says what its requester can do. All files lie in `folder`."""
    run, time = Run(folder), SpentTime(folder / "time.json", clock)

    def tell(text: str) -> None:
        lines.tell(_without_paths(text, request, folder))

    try:
        with told_once(tell):
            _work(request, run, time, lines, tell)
    except DataError as error:
        lines.error("DATA_INVALID", _without_paths(str(error), request, folder))
    except Refused as error:
        lines.error("REQUEST_INVALID", _without_paths(str(error), request, folder))
    except OutOfTime:
        message = f"minutes is {request.minutes:g}: they were over before training could begin; give more"
        lines.error("OUT_OF_TIME", message)
    except FloatingPointError as error:
        lines.error("LOSS_NOT_FINITE", str(error))
    else:
        return True
    return False


def _work(request: TrainingRequest, run: Run, time: SpentTime, lines: Lines, tell: Tell) -> None:
    verdict_seconds = 60 * min(VERDICT_MINUTES, VERDICT_SHARE * request.minutes)
    seconds = 60 * request.minutes
    detector_seconds = _detector_seconds(request)
    training_seconds = seconds - verdict_seconds - detector_seconds
    photographs = Photographs(request.data, request.write_windows(run.directory / "windows.toml"))
    began = False

    def schedule(plan: OptimiserConfig) -> Schedule:
        nonlocal began
        began = True
        if time.seconds >= training_seconds and not _has_learnt(run):
            raise OutOfTime
        time.training_begins()
        falls = replace(plan, total_steps=2, cooldown_steps=1)  # the rate falls over half of the time
        return TimeSchedule(falls, training_seconds, time.clock, spent=time.seconds, trained=time.trained)

    def report(phase: str, done: int, total: int, figures: dict[str, float]) -> None:
        time.record()
        if not began and time.seconds >= training_seconds:
            raise OutOfTime
        lines.phase(phase, done, total, figures, seconds - time.seconds)

    saves, grids = min(SAVE_SECONDS, training_seconds / SAVES), max(GRID_SECONDS, training_seconds / GRIDS)
    try:
        pace = Pace(schedule, saves, grids, lines.image_grid)
        if request.kind == "ADAPTER":
            onboard_adapter(run, request.bundle, photographs, request.plan, report, tell, pace)
        elif request.kind == "FINE_TUNE":
            onboard(run, request.bundle, photographs, None, request.plan, report, tell=tell, pace=pace)
        else:
            like, limit = load_bundle(request.bundle), AUTOENCODER_SHARE * training_seconds
            share = lambda: time.seconds / limit  # noqa: E731
            train_from_scratch(run, like, photographs, request.plan, report, tell, pace, share)
    except ValueError as error:
        if began:
            raise  # not of the request: repeating the call may help
        raise Refused(str(error)) from error
    time.training_ends()
    model = load_run(run)
    budget = TimeBudget(verdict_seconds / 60, time.clock)
    verdict = _judged(request, model, photographs, run, budget, report)
    detectors = None
    if request.detectors:
        detector_budget = TimeBudget(detector_seconds / 60, time.clock) if detector_seconds else None
        detectors = compare_detectors(model, photographs, detector_budget, report)
    lines.verdict(verdict, detectors)
    lines.model(_exported(request, model, run), model)


def _detector_seconds(request: TrainingRequest) -> float:
    if not request.detectors or request.minutes < DETECTORS_FROM:
        return 0.0
    return 60 * min(DETECTORS_MINUTES, DETECTORS_SHARE * request.minutes)


def _has_learnt(run: Run) -> bool:
    """Whether there is a checkpoint of this training, and not only of the weights that it began with."""
    return run.adapter.exists() or (run.denoiser.exists() and "ema" in load(run.denoiser))


def _judged(
    request: TrainingRequest,
    model: TrainedModel,
    photographs: Photographs,
    run: Run,
    budget: TimeBudget,
    report: Progress,
) -> Verdict:
    """Only fine-tuning changes what the bundle knew. Of that, it measures what the photographs show."""
    before = None if request.kind == "FROM_SCRATCH" else load_bundle(request.bundle)
    known = photographs if request.kind == "FINE_TUNE" else None
    return judge(before, model, photographs, known, run.directory / "verdict", budget, report)


def _exported(request: TrainingRequest, model: TrainedModel, run: Run) -> Path:
    target = run.directory / "model"
    if target.exists():  # of a call that was killed after it
        return target
    origin = load_origin(run)
    source = with_origin(request.provenance, origin)
    return write_adapter(model, target, source) if model.adapter else write_bundle(model, target, source, origin=origin)


def _without_paths(text: str, request: TrainingRequest, run: Path) -> str:
    """Names files as the requester knows them, not where they lie on this machine, and no commands."""
    for command in COMMANDS:
        text = text.partition(command)[0]
    for folder in (request.data, request.bundle.parent.parent, run):
        text = text.replace(f"{folder}/", "").replace(str(folder), folder.name)
    return text
