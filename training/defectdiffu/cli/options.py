"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[Path, typer.Option(help="Folder in the MVTec AD layout.")]
RunOption = Annotated[Path, typer.Option(help="Folder of the training run: checkpoints, sample grids, log.")]
WindowsOption = Annotated[Path | None, typer.Option(help="TOML file: how windows are cut from each product.")]
ProductsOption = Annotated[str | None, typer.Option(help="Only these products, separated by commas.")]
MethodsOption = Annotated[str | None, typer.Option(help="Methods, separated by semicolons; all by default.")]
SamplerStepsOption = Annotated[int, typer.Option(help="Sampler steps.")]
MaxStepsOption = Annotated[int, typer.Option(help="Most steps of every training.")]
CheckEveryOption = Annotated[int, typer.Option(help="Steps between two validations.")]
PatienceOption = Annotated[int, typer.Option(help="Validations without a lower loss before a training ends.")]
ThreadsOption = Annotated[int, typer.Option(min=0, max=1024, help="CPU threads; 0 uses all.")]
