"""Commands that use a trained model or a bundle: sample, export, placement, quantise."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from ..checkpoints.runs import Run
from ..data.windows import Rules, read_rules
from .console import bar, comma_separated, console, progress_reporter, readable_errors, require_known
from .options import RunOption, WindowsOption


def sample(
    run: RunOption,
    product: Annotated[str, typer.Option(help="Prompt name of the product.")],
    defect: Annotated[str, typer.Option(help="Prompt name of the defect, or good.")],
    out: Annotated[Path, typer.Option(help="Folder for the PNG files.")] = Path("samples"),
    count: Annotated[int, typer.Option(min=1)] = 4,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1)] = 0,
    strength: float = 1.0,
    product_scale: float = 1.0,
    steps: Annotated[int, typer.Option(min=1)] = 20,
    sampler: str = "DPM_SOLVER_PP",
    guidance: str = "DOUBLE_FREE",
) -> None:
    """Draws samples with the reference sampler: the image, its mask, and an overlay of both."""
    import numpy as np

    from ..checkpoints.adapter_runs import load_run
    from ..sampling.guidance import SampleRequest
    from ..sampling.image_grids import outlined

    with readable_errors():
        model = load_run(Run(run))
        require_known("product", product, model.vocabulary.products)
        require_known("defect", defect, [*model.vocabulary.defects, model.config.prompts.normal])
        if seed + count > 2**31:
            raise ValueError(f"seed is {seed}, must be at most {2**31 - count} for {count} samples")
        generator = model.generator()
        out.mkdir(parents=True, exist_ok=True)
        for i in range(count):
            request = SampleRequest(product, defect, seed + i, strength, product_scale, steps, sampler, guidance)
            drawn = generator.draw([request])[0]
            stem = f"{product}-{defect}-{seed + i}".replace(" ", "_")
            Image.fromarray(drawn.image).save(out / f"{stem}.png")
            Image.fromarray(drawn.mask.astype(np.uint8) * 255).save(out / f"{stem}_mask.png")
            Image.fromarray(outlined(drawn.image, drawn.mask)).save(out / f"{stem}_overlay.png")
            console.print(f"{out / stem}.png  mask {drawn.mask.mean():.2%}")


def export(
    run: RunOption,
    provenance: Annotated[
        Path, typer.Option(help="TOML file with the licence, the sources and the name of the data set.")
    ],
    models: Annotated[Path, typer.Option(help="Folder of bundles.")] = Path("models"),
    version: Annotated[str | None, typer.Option(help="Version of the bundle; the preset's by default.")] = None,
    figures: Annotated[Path | None, typer.Option(help="JSON file of measured figures for the manifest.")] = None,
    full_weights: Annotated[bool, typer.Option(help="Store float32 weights instead of float16.")] = False,
    external_data: Annotated[
        bool, typer.Option(help="Store weights in files beside the graphs, for models over 2 GB.")
    ] = False,
) -> None:
    """Exports the averaged weights of a run as a bundle of ONNX files, or as an adapter of its bundle."""
    import dataclasses

    from ..checkpoints.adapter_runs import load_run
    from ..checkpoints.origin import load_origin
    from ..export.adapter import export_adapter
    from ..export.bundle import export_bundle
    from ..files.json_files import read_json

    with readable_errors():
        started = time.monotonic()
        model = load_run(Run(run))
        if version:
            model = dataclasses.replace(model, config=dataclasses.replace(model.config, version=version))
        measured = read_json(figures) if figures else {}
        origin = load_origin(Run(run))
        if model.adapter:
            target = export_adapter(model, models, provenance, measured, not full_weights, origin)
        else:
            target = export_bundle(model, models, provenance, measured, not full_weights, external_data, origin)
        size = sum(file.stat().st_size for file in target.iterdir()) / 2**20
        console.print(f"{target}: {size:.1f} MiB in {time.monotonic() - started:.0f} s")


def placement(
    bundle: Annotated[Path, typer.Option(help="Folder of the bundle whose manifest is updated.")],
    data: Annotated[
        list[Path],
        typer.Option(help="Folder in the MVTec AD layout; repeat it for more products."),
    ],
    windows: Annotated[
        list[Path] | None,
        typer.Option(help="TOML file: how windows are cut; one for all folders, or one for each, in their order."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the windows that are measured.")] = 0,
) -> None:
    """Measures where real defects lie and how visible they are, and writes it into a bundle's manifest.

    The service uses the figures to place defects on photographs.
    """
    from ..evaluation.bundle_placement import write_placement

    with readable_errors(), bar() as progress:
        section = write_placement(bundle, _with_rules(data, windows or []), seed, progress_reporter(progress))
        console.print(f"{bundle / 'bundle.json'}: placement of {len(section['shapes'])} pairs")


def _with_rules(data: list[Path], windows: list[Path]) -> list[tuple[Path, Rules]]:
    """Each data set with the rules of its windows file."""
    if len(windows) <= 1:
        rules = read_rules(windows[0] if windows else None, *data)
        return [(root, rules) for root in data]
    if len(windows) != len(data):
        raise ValueError(f"--windows is given {len(windows)} times, must be once or as often as --data, {len(data)}")
    return [(root, read_rules(path, root)) for root, path in zip(data, windows, strict=True)]


def quantise(
    bundle: Annotated[Path, typer.Option(help="Folder of the bundle to quantise.")],
    precision: Annotated[str, typer.Option(help="int8, fp16, or both separated by a comma.")] = "int8",
    data: Annotated[
        Path | None,
        typer.Option(help="Folder in the MVTec AD layout; if given, quality on photographs is measured too."),
    ] = None,
    windows: WindowsOption = None,
    calibration: Annotated[int, typer.Option(help="Denoising trajectories that calibrate the ranges.")] = 36,
    samples: Annotated[
        int, typer.Option(help="Samples per trained pair to compare; four times as many are compared with photographs.")
    ] = 4,
    steps: Annotated[int, typer.Option(help="Sampler steps per sample.")] = 20,
    photographs: Annotated[int, typer.Option(min=2, help="Held-out windows per pair whose masks are compared.")] = 32,
    classifier_steps: Annotated[int, typer.Option(help="Training steps of the feature network.")] = 400,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Adds int8 or fp16 graphs to a bundle, and measures what each costs in quality."""
    from ..evaluation.plan import EvaluationPlan
    from ..quantisation.plan import QuantisationPlan
    from ..quantisation.quantise_bundle import quantise_bundle

    with readable_errors(), bar() as progress:
        plan = QuantisationPlan(tuple(comma_separated(precision) or ()), calibration, samples, steps, seed=seed)
        evaluation = EvaluationPlan(
            samples=max(2, 4 * samples), windows=photographs, steps=steps, classifier_steps=classifier_steps, seed=seed
        )
        real = None if data is None else {"data": data, "rules": read_rules(windows, data), "plan": evaluation}
        costs = quantise_bundle(bundle, plan, progress_reporter(progress), real)
        for name, notes in costs.items():
            console.print(name, notes)
