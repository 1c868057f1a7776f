"""What several commands ask for in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[Path, typer.Option(help="Folder in the MVTec AD layout.")]
RunOption = Annotated[Path, typer.Option(help="Folder of the training run: checkpoints, sample sheets, log.")]
WindowsOption = Annotated[Path | None, typer.Option(help="TOML: how windows are cut from each product.")]
ProductsOption = Annotated[str | None, typer.Option(help="Only these products, by comma.")]
ThreadsOption = Annotated[int, typer.Option(min=0, max=1024, help="CPU threads; 0 takes them all.")]
