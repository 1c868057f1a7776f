"""The command line, `defectdiffu-train`."""

from __future__ import annotations

from collections.abc import Callable

import typer

from . import (
    advise,
    bundles,
    comparison,
    conversion,
    data,
    distillation,
    evaluation,
    training,
    transplants,
    weights,
    work,
)

HELP = "Trains DefectDiffu models, exports them as bundles of ONNX files, and measures them."

# Former name → name, of commands and options. The former names work, and no help shows them.
FORMER_NAMES = {"variants": "quantise", "half": "split", "sheet-minutes": "grid-minutes"}


def current_name(name: str) -> str:
    return FORMER_NAMES.get(name, name)


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=HELP,
    pretty_exceptions_enable=False,
    context_settings={"token_normalize_func": current_name},
)

COMMANDS: dict[str, Callable[..., None]] = {
    "check": data.check,
    "split": data.split,
    "convert": conversion.convert,
    "train": training.train,
    "onboard": training.onboard,
    "import": weights.import_,
    "convert-clip": weights.convert_clip,
    "transplant": transplants.transplant,
    "sample": bundles.sample,
    "export": bundles.export,
    "placement": bundles.placement,
    "quantise": bundles.quantise,
    "distil": distillation.distil,
    "distil-masks": distillation.distil_masks,
    "strength": evaluation.strength,
    "evaluate": evaluation.evaluate,
    "ablate": evaluation.ablate,
    "compare": comparison.compare,
    "advise": advise.advise,
    "work": work.work,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
