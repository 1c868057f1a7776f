"""The command that brings data sets of other layouts into the MVTec AD layout."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from .console import bar, console, progress_reporter, readable_errors

LISTED = 3  # files of each reason


def convert(
    source: Annotated[Path, typer.Argument(help="Folder of the data set.")],
    to: Annotated[Path, typer.Option(help="Folder to write, in the MVTec AD layout. It must not exist.")],
    format: Annotated[
        str | None, typer.Option("--from", help="Format of the source, such as coco; recognised without it.")
    ] = None,
    product: Annotated[
        str | None, typer.Option(help="Name of the product, for formats that have none; otherwise that of the folder.")
    ] = None,
    mask_values: Annotated[
        str | None, typer.Option(help="Values that mark a defect in mask files, such as 1,2 or #ff0000.")
    ] = None,
    bits: Annotated[
        int | None, typer.Option(min=8, max=16, help="How many bits of 16-bit photographs are used, such as 12.")
    ] = None,
    unannotated_are_good: Annotated[
        bool, typer.Option("--unannotated-are-good", help="Photographs without an annotation show good parts.")
    ] = False,
) -> None:
    """Brings a data set of another layout into the MVTec AD layout, and says what it leaves out.

    Reads VisA, BTAD, MVTec AD, LOCO, AD 2 and 3D, Real-IAD, KolektorSDD2, DAGM, Severstal, COCO, YOLO segmentation,
    labelme, and CVAT. The folder appears when it is complete; nothing is overwritten.
    """
    from ..convert.formats import read_source
    from ..convert.found import Options
    from ..convert.write import LEFT_OUT, write_converted
    from ..data.mask_values import parse_marks

    with readable_errors():
        marks = parse_marks(mask_values) if mask_values else None
        if to.exists() and any(to.iterdir() if to.is_dir() else [to]):
            raise FileExistsError(f"{to}: exists already; name a folder that does not")
        known, found = read_source(source.resolve(), format, Options(product, marks, unannotated_are_good))
        console.print(f"reading {source} as {known.TITLE} (--from {known.NAME})", soft_wrap=True, markup=False)
        with bar() as progress:
            show = progress_reporter(progress)
            converted = write_converted(found, to, bits, lambda done, total: show("convert", done, total, {}))
    for note in found.notes:
        console.print(f"[cyan]note:[/cyan] {escape(note)}", soft_wrap=True)
    for (name, defect), count in sorted(converted.counts.items()):
        console.print(f"{name:20} {defect:20} {count:5}", markup=False)
    for reason, files in _by_reason(converted.left_out).items():
        names = ", ".join(str(file) for file in files[:LISTED]) + (" …" if len(files) > LISTED else "")
        console.print(f"[yellow]left out:[/yellow] {len(files)} ({escape(f'{reason}): {names}')}", soft_wrap=True)
    if converted.left_out:
        console.print(f"{len(converted.left_out)} file(s) left out are listed in {to / LEFT_OUT}", soft_wrap=True)
    total = sum(converted.counts.values())
    console.print(f"{to}: {total} photographs; next: defectdiffu-train check --data {to}", soft_wrap=True, markup=False)


def _by_reason(left_out: list) -> dict[str, list[Path]]:
    reasons: dict[str, list[Path]] = {}
    for file, reason in left_out:
        reasons.setdefault(reason, []).append(file)
    return reasons
