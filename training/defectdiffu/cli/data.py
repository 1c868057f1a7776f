"""Commands for data sets: check, split."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ..config import load_config
from ..data.layout import GOOD, Pair, read_data_set
from ..data.mask_values import MASK_VALUES, marks_text, parse_marks
from ..files.atomic import write_text
from ..files.bundle_manifest import read_manifest
from .console import comma_separated, console, readable_errors
from .options import DataOption, ProductsOption


def check(
    data: DataOption,
    products: ProductsOption = None,
    windows: Annotated[
        Path | None, typer.Option(help="TOML file: how windows are cut. If given, the data set is linted as well.")
    ] = None,
    grid: Annotated[
        Path | None, typer.Option(help="PNG file to write: windows of each product and defect, with masks outlined.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Bundle to onboard to: says which words of the data it knows of other products.")
    ] = None,
    apart: Annotated[
        str | None,
        typer.Option(
            "--keep-apart",
            help="Pairs (product/defect, with commas between) whose defect gets a name of its own, in "
            "unified_names.json, so that the model does not read it as that of other products.",
        ),
    ] = None,
    preset: Annotated[str, typer.Option(help="With --windows or --grid: the preset of the model to train.")] = "small",
    mask_values: Annotated[
        str | None,
        typer.Option(
            help="The values that mark a defect in the masks, such as 1,2 or #ff0000, where there are several: written "
            "to mask_values.json, which all commands read.",
        ),
    ] = None,
) -> None:
    """Reads every image and mask, and reports all problems at once."""
    from ..data import dataset_lint
    from ..data.shared_words import UNIFIED_NAMES, keep_apart, shared_words
    from ..data.windows import read_rules
    from ..sampling.window_grids import write_window_grid

    with readable_errors() as shown:
        known = _known_pairs(bundle) if bundle else set()
        if mask_values:
            write_text(data / MASK_VALUES, marks_text(parse_marks(mask_values)))
        if apart:
            for pair, name in keep_apart(data, comma_separated(apart) or []).items():
                console.print(f"{pair} is called {name!r} now, in {data / UNIFIED_NAMES}", soft_wrap=True)
        records = read_data_set(data, comma_separated(products))
        rules, size = read_rules(windows, data), load_config(preset).image_size
        measured = dataset_lint.measure_groups(records, rules, size) if windows else []
        if grid:
            write_window_grid(records, rules, size, grid)
    groups: dict[tuple[str, str, str], int] = {}
    for record in records:
        key = (record.product, record.defect, record.split)
        groups[key] = groups.get(key, 0) + 1
    for (product, defect, split), count in sorted(groups.items()):
        console.print(f"{product:20} {defect:20} {split:6} {count:5}")
    for group in measured:
        if view := group.view:
            seen = f"covers {view.share:.1%} of a window, {view.shown:.0%} of it in view, strokes {view.stroke:.1f} px"
            console.print(f"{group.product:20} {group.defect:20} {seen}", soft_wrap=True)
    for advice in dataset_lint.window_advice(measured):
        console.print(escape(advice), soft_wrap=True)
    for warning in [warning for group in measured for warning in dataset_lint.lint_warnings(group)]:
        console.print(f"[yellow]warning:[/yellow] {escape(warning)}", soft_wrap=True)
    for note in shared_words(data, {(record.product, record.defect) for record in records}, known):
        console.print(f"[cyan]note:[/cyan] {escape(note)}", soft_wrap=True)
    warned = f", {len(shown.warned)} warning(s)" if shown.warned else ""
    console.print(f"{len(records)} images, no problem found{warned}")


def _known_pairs(bundle: Path) -> set[Pair]:
    words = read_manifest(bundle, "vocabulary.products", "vocabulary.trainedPairs")["vocabulary"]
    return {(product, GOOD) for product in words["products"]} | {tuple(pair) for pair in words["trainedPairs"]}


def split(
    data: DataOption,
    share: Annotated[
        float, typer.Option(help="Share of the photographs of each product and defect that goes into the test split.")
    ] = 0.3,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Writes manifest.csv, which keeps a test split out of training.

    Photographs are assigned one by one: the command cannot know which of them show the same part.
    """
    from ..data.splitting import split as run_split

    with readable_errors():
        for (product, defect), (train, test) in run_split(data, share, seed).items():
            console.print(f"{product:20} {defect:20} {train:5} train {test:5} test")
    console.print(f"{data / 'manifest.csv'}: make sure that all photographs of one part are in one split")
