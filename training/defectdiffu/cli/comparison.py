"""What a detector gains from synthetic windows under equal conditions: compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import torch
import typer

from .console import bar, comma_separated, console, progress_reporter, readable_errors, semicolon_separated
from .options import (
    CheckEveryOption,
    DataOption,
    MaxStepsOption,
    MethodsOption,
    PatienceOption,
    ProductsOption,
    SamplerStepsOption,
    ThreadsOption,
    WindowsOption,
)


def compare(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="Folder for comparison.json and comparison.md.")] = Path("comparison"),
    bundle: Annotated[
        list[str] | None,
        typer.Option(
            help="PATH, which saw all photographs; or SHOTS:SEED=PATH, trained on the photographs of that seed."
        ),
    ] = None,
    photographs: Annotated[
        Path | None, typer.Option(help="Only writes the photographs of each shots and seed here, to train bundles on.")
    ] = None,
    donors: Annotated[
        list[Path] | None,
        typer.Option(help="Data set with other products, whose defects are transferred to those that are compared."),
    ] = None,
    precision: Annotated[str, typer.Option(help="Precision of the bundles' graphs: fp32, fp16 or int8.")] = "fp32",
    windows: WindowsOption = None,
    products: ProductsOption = None,
    methods: MethodsOption = None,
    detectors: Annotated[
        str, typer.Option(help="Separated by commas: small UNet, pretrained UNet, small ResNet, pretrained classifier.")
    ] = "small UNet",
    shots: Annotated[
        str, typer.Option(help="Defective photographs per pair, separated by commas; 0 for none, all for every one.")
    ] = "all",
    seeds: Annotated[int, typer.Option(min=1, help="Trainings per product, detector, shots and method.")] = 3,
    minutes: Annotated[float | None, typer.Option(min=0, help="No further training begins after this time.")] = None,
    reference: Annotated[str, typer.Option(help="The method that others are compared with.")] = "real + augmentation",
    split: Annotated[
        str,
        typer.Option(
            help="What to measure on: test, or validation (a part of the train split, for choosing between methods)."
        ),
    ] = "test",
    size: Annotated[int, typer.Option(help="Pixels along the side of a window, a multiple of 32.")] = 128,
    synthetic_share: Annotated[float, typer.Option(help="Synthetic share of the defective windows of a batch.")] = 0.5,
    max_steps: MaxStepsOption = 2000,
    check_every: CheckEveryOption = 50,
    patience: PatienceOption = 8,
    samples: Annotated[int, typer.Option(help="Samples that the bundle draws per pair, mode and seed.")] = 32,
    steps: SamplerStepsOption = 20,
    seed: int = 0,
    threads: ThreadsOption = 0,
) -> None:
    """Trains detectors with and without synthetic windows under equal conditions, and says which are better."""
    from ..comparison.compare import Bundles, Selection, read_products
    from ..comparison.compare import compare as run_comparison
    from ..comparison.generated import BundleSamples
    from ..comparison.methods import METHODS
    from ..comparison.page import write_page
    from ..comparison.photograph_folders import write_photographs
    from ..comparison.plan import ComparisonPlan, read_bundle, read_shots
    from ..config.choices import require_choices
    from ..data.layout_names import prompt_name
    from ..data.windows import read_rules
    from ..evaluation.plan import Split

    if threads:
        torch.set_num_threads(threads)
    with readable_errors(), bar() as progress:
        plan = ComparisonPlan(
            split=cast(Split, split), size=size, synthetic_share=synthetic_share, max_steps=max_steps,
            check_every=check_every, patience=patience, samples=samples, sampler_steps=steps, seed=seed,
        )  # fmt: skip
        require_choices("reference", [reference], METHODS)
        selection = Selection(
            products=tuple(prompt_name(name) for name in comma_separated(products) or ()),
            detectors=tuple(comma_separated(detectors) or ()),
            shots=read_shots(shots),
            methods=tuple(semicolon_separated(methods) or METHODS),
            seeds=seeds,
        )
        report = progress_reporter(progress)

        def open_bundles() -> Bundles:
            opened: Bundles = {}
            for of, path in map(read_bundle, bundle or []):
                saw = "all photographs of the train split" if of is None else "the photographs of its seed, as given"
                opened[of] = BundleSamples(path, saw, precision, plan, out, report)
            return opened

        others = tuple(donors or ())
        rules = read_rules(windows, data, *others)
        if photographs:
            seen = read_products(data, rules, plan, selection.products)
            for count in selection.shots:
                for each in range(seeds):
                    console.print(f"{write_photographs(data, seen, count, each, photographs)}")
            return

        store = run_comparison(data, rules, plan, selection, out, report, open_bundles, minutes, others)
        console.print(f"{write_page(store, plan, reference)}")
