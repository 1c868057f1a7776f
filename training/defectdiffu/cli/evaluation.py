"""Commands that measure models: strength, evaluate, ablate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import torch
import typer

from ..checkpoints.runs import Run
from ..config import load_config
from .console import bar, comma_separated, console, progress_reporter, readable_errors
from .options import DataOption, ProductsOption, RunOption, ThreadsOption, WindowsOption


def strength(
    run: RunOption,
    out: Annotated[Path, typer.Option(help="JSON file for the figures.")] = Path("strength.json"),
    seeds: Annotated[int, typer.Option(min=1)] = 16,
    steps: Annotated[int, typer.Option(min=1)] = 10,
) -> None:
    """Measures visible change and mask area against the defect strength, for every trained and held-out pair."""
    import json

    from ..checkpoints.adapter_runs import load_run
    from ..evaluation.strength import measure_strength
    from ..files.atomic import write_text

    with readable_errors(), bar() as progress:
        if out.is_dir():
            raise IsADirectoryError(f"--out is {out}, which is a folder; give a file")
        out.parent.mkdir(parents=True, exist_ok=True)
        model = load_run(Run(run))
        held_out = [tuple(pair.split("/")) for pair in model.config.held_out_pairs]
        known = [(p, d) for p, d in held_out if p in model.vocabulary.products and d in model.vocabulary.defects]
        pairs = [*model.vocabulary.trained_pairs, *known]
        show = progress_reporter(progress)
        report = lambda done, total: show("strength", done, total, {})  # noqa: E731
        figures = measure_strength(model.generator(), pairs, seeds, steps, report)
        write_text(out, json.dumps({"seeds": seeds, "steps": steps, "pairs": figures}, indent=2))


def evaluate(
    data: DataOption,
    run: Annotated[Path | None, typer.Option(help="Folder of the training run.")] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(help="A bundle instead of a run: its ONNX graphs draw the samples, as in the service."),
    ] = None,
    precision: Annotated[str, typer.Option(help="Precision of the bundle's graphs: fp32, fp16 or int8.")] = "fp32",
    out: Annotated[Path, typer.Option(help="Folder for figures.json, README.md and plots.")] = Path("evaluation"),
    windows: WindowsOption = None,
    products: ProductsOption = None,
    sections: Annotated[
        str,
        typer.Option(help="Sections, separated by commas; all by default."),
    ] = "quality,masks,autoencoder,judgement,twins,photographs,strength,downstream,classification",
    split: Annotated[
        str,
        typer.Option(
            help="What to measure on: test, or validation (a part of the train split, for choosing between models)."
        ),
    ] = "test",
    samples: Annotated[int, typer.Option(help="Samples per pair.")] = 64,
    steps: Annotated[int, typer.Option(help="Sampler steps.")] = 20,
    sampler: Annotated[
        str, typer.Option(help="DPM_SOLVER_PP, or TURBO: the bundle's student, in --steps 2, 4 or 8.")
    ] = "DPM_SOLVER_PP",
    guidance: str = "DOUBLE_FREE",
    ratio: Annotated[float, typer.Option(help="Synthetic windows per real defective one.")] = 2,
    segmenter_steps: Annotated[int, typer.Option(help="Training steps of every UNet.")] = 300,
    classifier_steps: Annotated[int, typer.Option(help="Training steps of every ResNet.")] = 400,
    seeds: Annotated[int, typer.Option(help="Detectors trained per product and method.")] = 3,
    seed: int = 0,
    methods: Annotated[
        str | None, typer.Option(help="Methods that detectors are trained with, separated by commas; all by default.")
    ] = None,
    baselines: Annotated[
        Path | None,
        typer.Option(help="Another model's figures.json: figures that do not depend on the model are copied from it."),
    ] = None,
    inception: Annotated[
        Path | None, typer.Option(help="TorchScript file of the Inception network; if given, the distance is FID.")
    ] = None,
    lpips: Annotated[
        Path | None, typer.Option(help="TorchScript file of LPIPS; if given, the diversity is LPIPS.")
    ] = None,
    threads: ThreadsOption = 0,
) -> None:
    """Measures image quality, masks, defect strength, and detectors trained with and without generated samples."""
    from ..checkpoints.adapter_runs import load_run
    from ..checkpoints.from_adapter import load_model
    from ..data.windows import read_rules
    from ..evaluation.downstream import METHODS
    from ..evaluation.evaluate import evaluate as run_evaluation
    from ..evaluation.plan import EvaluationPlan
    from ..evaluation.report import write_report
    from ..quantisation.graph_generator import bundle_generator

    if threads:
        torch.set_num_threads(threads)
    with readable_errors(), bar() as progress:
        plan = EvaluationPlan(
            split=cast(Any, split), samples=samples, steps=steps, sampler=cast(Any, sampler),
            guidance=cast(Any, guidance), ratio=ratio, segmenter_steps=segmenter_steps,
            classifier_steps=classifier_steps, seeds=seeds, seed=seed, products=tuple(comma_separated(products) or ()),
            inception=str(inception or ""), lpips=str(lpips or ""),
        )  # fmt: skip
        if (run is None) == (bundle is None):
            raise ValueError("give either --run or --bundle")
        if run and precision != "fp32":
            raise ValueError(f"precision is {precision}, but a run draws in PyTorch: give its --bundle")
        graphs = None
        if bundle:
            model = load_model(bundle)
            graphs = (precision, bundle_generator(bundle, model, precision, threads))
        else:
            assert run is not None
            model = load_run(Run(run))
        rules = read_rules(windows, data)
        results = run_evaluation(
            model,
            data,
            rules,
            plan,
            comma_separated(sections) or [],
            out,
            progress_reporter(progress),
            baselines,
            graphs,
            METHODS if methods is None else tuple(comma_separated(methods) or ()),
        )
        console.print(f"{write_report(results, out)}")


def ablate(
    base: Annotated[Path, typer.Option(help="Run whose autoencoder and latent cache all ablations are trained on.")],
    data: DataOption,
    out: Annotated[Path, typer.Option(help="Folder for the ablations' runs, their figures and the report.")],
    preset: Annotated[
        str | None,
        typer.Option(
            help="The complete model: a preset's name or a TOML file; the base run's configuration by default."
        ),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps per ablation; the preset's by default.")] = None,
    windows: WindowsOption = None,
    samples: Annotated[int, typer.Option(help="Samples per pair.")] = 32,
    sampler_steps: Annotated[int, typer.Option(min=1, help="Sampler steps of every sample.")] = 20,
    segmenter_steps: Annotated[int, typer.Option(help="Training steps of every UNet.")] = 300,
    classifier_steps: Annotated[int, typer.Option(help="Training steps of the feature network.")] = 400,
    threads: ThreadsOption = 0,
) -> None:
    """Trains and measures the paper's ablations beside the whole model."""
    import dataclasses

    from ..data.windows import read_rules
    from ..evaluation.ablations import ablate as run_ablations
    from ..evaluation.plan import EvaluationPlan

    if threads:
        torch.set_num_threads(threads)
    with readable_errors(), bar() as progress:
        config = load_config(preset) if preset else Run(base).config()
        optimiser = dataclasses.replace(config.optimiser, total_steps=steps or config.optimiser.total_steps)
        config = dataclasses.replace(config, optimiser=optimiser)
        plan = EvaluationPlan(
            samples=samples, steps=sampler_steps, segmenter_steps=segmenter_steps, classifier_steps=classifier_steps
        )
        page = run_ablations(Run(base), config, data, read_rules(windows, data), plan, out, progress_reporter(progress))
        console.print(f"{page}")
