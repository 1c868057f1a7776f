"""The command line: check, split, train, onboard, import, convert-clip, sample, export, placement, variants,
strength, evaluate, ablate."""

from __future__ import annotations

import typer

from . import bundles, data, evaluation, training, weights

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)

for command in (data.check, data.split, training.train, training.onboard):
    app.command()(command)
app.command("import")(weights.import_)
app.command("convert-clip")(weights.convert_clip)
for command in (bundles.sample, bundles.export, bundles.placement, bundles.variants):
    app.command()(command)
for command in (evaluation.strength, evaluation.evaluate, evaluation.ablate):
    app.command()(command)
