"""Samples without a model: transplant."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..data.layout import read_data_set
from .console import bar, comma_separated, console, progress_reporter, readable_errors
from .options import DataOption, ProductsOption, WindowsOption


def transplant(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="New folder, in the MVTec AD layout, with manifest.csv and grid.png.")],
    windows: WindowsOption = None,
    products: ProductsOption = None,
    count: Annotated[
        int,
        typer.Option(min=0, help="Transplants per product and defect; 0 for the samples of the options below alone."),
    ] = 32,
    donors: Annotated[
        list[Path] | None,
        typer.Option(help="Data set with other products: transfers their defects, instead of the products' own."),
    ] = None,
    anywhere: Annotated[
        bool,
        typer.Option("--anywhere", help="Varies defects more, and lays them at any place. For training detectors."),
    ] = False,
    strength: Annotated[
        float, typer.Option(min=0, max=3, help="How strongly defects show; 1 as on their own photograph.")
    ] = 1.0,
    weakest: Annotated[
        float | None, typer.Option(min=0, max=3, help="If given, strengths are drawn from here up to --strength.")
    ] = None,
    cut_paste: Annotated[
        int,
        typer.Option(min=0, help="Also so many samples per product that need no defect: a patch pasted elsewhere."),
    ] = 0,
    donor_windows: Annotated[
        int, typer.Option(min=0, help="With --donors: also so many windows of their photographs, as they are.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Lays real defects, varied, onto photographs of good parts, where their surroundings fit. Trains nothing.

    Flips and turns follow the product's rule in the windows file. Only the train split is used.
    """
    from ..data.windows import read_rules
    from ..transplant.transplant_request import TransplantRequest
    from ..transplant.transplanted_data_set import write_transplants

    with readable_errors():
        if weakest is not None and weakest > strength:
            raise ValueError(f"weakest is {weakest}, must be at most strength ({strength})")
        request = TransplantRequest(
            count, (strength if weakest is None else weakest, strength), anywhere, seed, cut_paste, donor_windows
        )
        records = read_data_set(data, comma_separated(products))
        rules = read_rules(windows, data, *(donors or ()))
        others = [record for folder in donors for record in read_data_set(folder)] if donors else None
        with bar() as progress:
            counts = write_transplants(records, rules, request, out, progress_reporter(progress), others)
    for pair, samples in counts.items():
        if samples < count:
            why = "the donors' defects cover too much of a window, or do not show here"
            console.print(f"{'/'.join(pair)}: {samples} of {_counted(count, 'sample')}; {why}")
    drawn = [number for number in counts.values() if number]
    made = [f"{_counted(sum(drawn), 'sample')} of {_counted(len(drawn), 'pair')}"] if count else []
    each = len({record.product for record in records})
    made += [f"{_counted(cut_paste * each, 'sample')} of CutPaste"] if cut_paste else []
    made += [f"{_counted(donor_windows * each, 'window')} of donors"] if donor_windows else []
    console.print(f"{out}: {', '.join(made)}; grid.png shows some")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
