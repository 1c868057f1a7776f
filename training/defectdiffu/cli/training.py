"""Commands that train: train, onboard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import torch
import typer

from ..checkpoints.runs import Run
from ..config import TrainingConfig, changes, config_from_dict, config_to_dict, load_config
from .console import bar, comma_separated, console, progress_reporter, readable_errors, tell
from .options import DataOption, ProductsOption, RunOption, ThreadsOption, WindowsOption

if TYPE_CHECKING:
    from ..progress import Progress
    from ..training.onboarding_plan import Photographs


def train(
    data: DataOption,
    run: RunOption,
    preset: Annotated[
        str | None,
        typer.Option(
            help="Preset of a new run: a name or a TOML file; by default small, or the bundle's configuration."
        ),
    ] = None,
    from_bundle: Annotated[Path | None, typer.Option(help="Start a new run from this bundle's weights.")] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of a new run's model and its bundles; the preset's by default.")
    ] = None,
    hold_out: Annotated[
        str | None,
        typer.Option(
            help="Pairs (product/defect, with commas between) that a new run keeps out of training, for zero-shot."
        ),
    ] = None,
    windows: WindowsOption = None,
    products: ProductsOption = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Total steps; the preset's by default. Raise it to continue training.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Instead of --steps: minutes from the start of the command to the end of training."),
    ] = None,
    without_validation: Annotated[
        bool,
        typer.Option(
            "--without-validation", help="Keep out the photographs that `evaluate --split validation` measures on."
        ),
    ] = False,
    grid_minutes: Annotated[float, typer.Option(help="Minutes between grids of samples.")] = 15,
    save_minutes: Annotated[float, typer.Option(help="Minutes between checkpoints.")] = 2,
    threads: ThreadsOption = 0,
) -> None:
    """Trains a model, or resumes an interrupted run."""
    from ..config import LEARNT
    from ..training.devices import main_process_first, processes
    from ..training.schedule import StepSchedule, TimeSchedule
    from ..training.train import train as run_training

    if threads:
        torch.set_num_threads(threads)
    with readable_errors(), bar(disable=not processes().is_main_process) as progress:
        place = Run(run)
        with main_process_first() as first:
            own = {"name": name, "held_out_pairs": comma_separated(hold_out)}
            own = {key: value for key, value in own.items() if value is not None}
            config = _open_run(place, preset, from_bundle, without_validation, own) if first else place.config()
        if without_validation and config.validation == LEARNT:
            raise ValueError(f"{run}: this run was begun with the validation part; begin another one without it")
        if minutes is not None and (steps or processes().num_processes > 1):
            raise ValueError("--minutes works with one process only, and without --steps")
        plan = config.optimiser
        schedule = (
            TimeSchedule(plan, 60 * minutes) if minutes is not None else StepSchedule(plan, steps or plan.total_steps)
        )
        grids, saves = 60 * grid_minutes, 60 * save_minutes
        run_training(
            place,
            config,
            data,
            windows,
            schedule,
            grids,
            progress_reporter(progress),
            comma_separated(products),
            saves,
            tell,
        )


def onboard(
    bundle: Annotated[Path, typer.Option(help="Bundle that the new product is added to.")],
    data: Annotated[Path, typer.Option(help="Photographs of the new product, in the MVTec AD layout.")],
    run: RunOption,
    windows: WindowsOption = None,
    products: ProductsOption = None,
    replay: Annotated[
        Path | None,
        typer.Option(help="Photographs of the known products for replay; without them, the bundle draws samples."),
    ] = None,
    replay_windows: Annotated[
        Path | None, typer.Option(help="TOML file: how windows are cut from the photographs for replay.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the new bundle; the old one's by default.")] = None,
    version: Annotated[
        str | None, typer.Option(help="Version of the new bundle; required unless --name is given.")
    ] = None,
    steps: Annotated[int, typer.Option(help="Steps; can be raised later to continue training.")] = 600,
    learning_rate: Annotated[
        float | None, typer.Option(help="Learning rate of these steps; 4e-4 by default, 3e-3 for an adapter.")
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Windows per step and process.")] = 32,
    new_share: Annotated[
        float, typer.Option(help="Share of new pairs in the defective windows that are trained on.")
    ] = 0.5,
    new_windows_per_pair: Annotated[
        int, typer.Option(help="Maximum of windows cut per new pair; never more than the bundle was trained with.")
    ] = 1000,
    windows_per_pair: Annotated[int, typer.Option(help="Windows replayed per known pair, with --replay.")] = 200,
    samples_per_pair: Annotated[int, typer.Option(help="Samples replayed per known pair, without --replay.")] = 16,
    seed: Annotated[int | None, typer.Option(help="Seed of windows and training; the bundle's by default.")] = None,
    adapter: Annotated[
        bool, typer.Option("--adapter", help="Train an adapter: a small file, which leaves the bundle as it is.")
    ] = False,
    adapter_rank: Annotated[int, typer.Option(help="Rank of the adapter's changes; its file grows with it.")] = 16,
    freeze_background: Annotated[
        bool,
        typer.Option(
            "--freeze-background",
            help="Hold the weights of the background part: for samples on photographs, not from noise.",
        ),
    ] = False,
    verdict: Annotated[
        bool, typer.Option("--verdict/--no-verdict", help="Say at the end whether samples show their defects.")
    ] = True,
    verdict_minutes: Annotated[float, typer.Option(help="Minutes that the verdict may take.")] = 5,
    threads: ThreadsOption = 0,
) -> None:
    """Adds a new product to a bundle's model in minutes. Export the run when it is done."""
    from ..training.adapter_onboarding import onboard_adapter
    from ..training.devices import processes
    from ..training.onboarding import onboard as run_onboarding
    from ..training.onboarding_plan import OnboardingPlan, Photographs

    if threads:
        torch.set_num_threads(threads)
    with readable_errors(), bar(disable=not processes().is_main_process) as progress:
        if replay_windows and not replay:
            raise ValueError("--replay-windows needs --replay, the folder of those photographs")
        plan = OnboardingPlan(
            name=name, version=version, steps=steps, learning_rate=learning_rate, batch_size=batch_size,
            new_share=new_share, new_windows_per_pair=new_windows_per_pair, windows_per_pair=windows_per_pair,
            samples_per_pair=samples_per_pair, seed=seed, adapter=adapter, adapter_rank=adapter_rank,
            freeze_background=freeze_background,
        )  # fmt: skip
        known = Photographs(replay, replay_windows) if replay else None
        new = Photographs(data, windows, comma_separated(products))
        report = progress_reporter(progress)
        if adapter and replay:
            raise ValueError("--adapter takes no --replay: the bundle stays as it is, so nothing is forgotten")
        if adapter:
            onboard_adapter(Run(run), bundle, new, plan, report, tell)
        else:
            if processes().is_main_process:
                tell(f"image grids: {Run(run).sample_grids}, the first one minute after training begins")
            run_onboarding(Run(run), bundle, new, known, plan, report, tell=tell)
        if processes().is_main_process:
            if verdict and freeze_background:
                tell("note: no verdict, for it judges samples from noise, and the background part has not learnt them")
            elif verdict:
                _tell_verdict(Run(run), bundle, new, known, verdict_minutes, report)
            next_command = f"defectdiffu-train export --run {run} --provenance my-provenance.toml"
            console.print(f"{run} is done. Next: {next_command}", soft_wrap=True, markup=False, highlight=False)


def _tell_verdict(
    run: Run, bundle: Path, new: Photographs, replay: Photographs | None, minutes: float, report: Progress
) -> None:
    from ..advice.onboarding_verdict import judge, sentences
    from ..advice.time_budget import TimeBudget
    from ..checkpoints.adapter_runs import load_run
    from ..checkpoints.from_bundle import load_bundle

    budget, model = TimeBudget(minutes), load_run(run)
    verdict = judge(load_bundle(bundle), model, new, replay, run.directory, budget, report)
    tell("A segmenter that saw real photographs alone judges the samples:")
    for line in sentences(verdict, minutes, replayed=replay is not None, adapter=model.adapter is not None):
        tell(f"  {line}")


def _open_run(
    place: Run, preset: str | None, from_bundle: Path | None, without_validation: bool, own: dict[str, Any]
) -> TrainingConfig:
    """`own`: what the command line puts in the place of the preset's."""
    from ..checkpoints.from_bundle import load_bundle, start_from_bundle
    from ..config import UNSEEN

    with_own = lambda config: config_from_dict(config_to_dict(config) | own)  # noqa: E731
    validation = UNSEEN if without_validation else None
    if from_bundle and not place.denoiser.exists():
        requested = load_config(preset) if preset else load_bundle(from_bundle).config if own else None
        return start_from_bundle(place, from_bundle, with_own(requested) if requested else None, validation)
    requested = with_own(load_config(preset or "small"))
    requested = replace(requested, validation=validation or requested.validation)
    if not place.begun():
        return place.begin(requested)  # refuses where a trained run has lost its configuration
    if preset is None:
        return _require_same_config(place, with_own(place.config()), from_bundle)
    if place.trained() is None:
        return place.begin(requested)  # what stands there is of a command that was refused
    return _require_same_config(place, requested, from_bundle)


def _require_same_config(place: Run, config: TrainingConfig, from_bundle: Path | None) -> TrainingConfig:
    """The run's configuration. Raises ValueError when it is not what the preset asks for."""
    began = place.config()
    config = replace(config, validation=began.validation)
    if from_bundle:
        config = replace(config, held_out_pairs=config.held_out_pairs or began.held_out_pairs)
        if began.autoencoder == config.autoencoder:  # it stayed as the bundle had it
            config = replace(config, autoencoder_training=began.autoencoder_training)
    if differing := changes(began, config):
        raise ValueError(
            f"{place.directory}: the run was begun otherwise: {'; '.join(differing)}. "
            "Leave --preset, --name and --hold-out out to continue with its configuration, or give a new folder"
        )
    return began
