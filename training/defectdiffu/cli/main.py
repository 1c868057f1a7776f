"""The command line, `defectdiffu-train`."""

from __future__ import annotations

import typer

from . import bundles, data, evaluation, training, weights

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

for command in (data.check, data.split, training.train, training.onboard):
    app.command()(command)
app.command("import")(weights.import_)
app.command("convert-clip")(weights.convert_clip)
for command in (bundles.sample, bundles.export, bundles.placement, bundles.quantise):
    app.command()(command)
for command in (evaluation.strength, evaluation.evaluate, evaluation.ablate):
    app.command()(command)
