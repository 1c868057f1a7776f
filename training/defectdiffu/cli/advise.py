"""Whether samples help on the user's own photographs: advise."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer

from .console import bar, console, progress_reporter, readable_errors, semicolon_separated, tell
from .options import (
    CheckEveryOption,
    DataOption,
    MaxStepsOption,
    MethodsOption,
    PatienceOption,
    SamplerStepsOption,
    ThreadsOption,
    WindowsOption,
)


def advise(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="Folder for advice.md, advice.json and generate.json.")] = Path("advice"),
    product: Annotated[str | None, typer.Option(help="The product, where the data has several.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle whose samples are tried, too. It must know the product.")
    ] = None,
    fair_bundle: Annotated[
        bool, typer.Option("--fair-bundle", help="The bundle was onboarded on the photographs of --photographs alone.")
    ] = False,
    photographs: Annotated[
        Path | None,
        typer.Option(help="Only writes photographs into this new folder, to onboard a bundle for --fair-bundle on."),
    ] = None,
    donors: Annotated[
        list[Path] | None,
        typer.Option(help="Data set with other products, whose defects are tried on this one."),
    ] = None,
    minutes: Annotated[float, typer.Option(help="Minutes that the command may take.")] = 30,
    windows: WindowsOption = None,
    methods: MethodsOption = None,
    detector: Annotated[str, typer.Option(help="small UNet or pretrained UNet.")] = "small UNet",
    precision: Annotated[str, typer.Option(help="Precision of the bundle's graphs: fp32, fp16 or int8.")] = "fp32",
    size: Annotated[
        int, typer.Option(help="Pixels along the side of a window, a multiple of 32. More show smaller defects.")
    ] = 64,
    samples: Annotated[int, typer.Option(help="Samples that the bundle draws per defect and seed.")] = 32,
    steps: SamplerStepsOption = 20,
    max_steps: MaxStepsOption = 800,
    check_every: CheckEveryOption = 25,
    patience: PatienceOption = 8,
    seed: int = 0,
    threads: ThreadsOption = 0,
) -> None:
    """Says whether samples make a detector of your photographs better, and how to use them."""
    from ..advice.candidates import ADVISABLE
    from ..advice.photographs import read_product, write_photographs_for_bundle
    from ..advice.run import AdvicePlan, BundleFile
    from ..advice.run import advise as run_advice
    from ..advice.steps_in_time import with_steps_in_time
    from ..advice.time_budget import TimeBudget
    from ..advice.wording import short
    from ..comparison.plan import ComparisonPlan
    from ..data.windows import read_rules

    if threads:
        torch.set_num_threads(threads)
    with readable_errors(), bar() as progress:
        budget = TimeBudget(minutes)
        if fair_bundle and not bundle:
            raise ValueError("--fair-bundle needs --bundle, the bundle that it is about")
        comparison = ComparisonPlan(
            size=size, max_steps=max_steps, check_every=check_every, patience=patience, samples=samples,
            sampler_steps=steps, seed=seed,
        )  # fmt: skip
        chosen = tuple(semicolon_separated(methods) or ADVISABLE)
        AdvicePlan(comparison, detector, chosen)  # refuses what cannot be chosen before anything is read
        others = tuple(donors or ())
        read = read_product(data, read_rules(windows, data, *others), comparison, product, others)
        if photographs:
            console.print(f"{write_photographs_for_bundle(data, read, photographs)}")
            return
        read = with_steps_in_time(read, detector, out, budget, tell)
        plan = AdvicePlan(read.plan, detector, chosen)
        file = BundleFile(bundle, precision, fair_bundle) if bundle else None
        found = run_advice(read, plan, file, out, budget, progress_reporter(progress), tell)
        console.print(short(found), soft_wrap=True, markup=False, highlight=False)
        console.print(f"{out / 'advice.md'}", soft_wrap=True)
