"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[Path, typer.Option(help="Folder in the MVTec AD layout.")]
RunOption = Annotated[Path, typer.Option(help="Folder of the training run: checkpoints, sample grids, log.")]
WindowsOption = Annotated[Path | None, typer.Option(help="TOML file: how windows are cut from each product.")]
ProductsOption = Annotated[str | None, typer.Option(help="Only these products, separated by commas.")]
ThreadsOption = Annotated[int, typer.Option(min=0, max=1024, help="CPU threads; 0 uses all.")]
