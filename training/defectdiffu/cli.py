"""The command line: check, split, train, onboard, import, convert-clip, sample, export, placement, variants,
strength, evaluate, ablate."""

from __future__ import annotations

import typer

from .commands import bundles, data, measuring, published, training

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)

for command in (data.check, data.split, training.train, training.onboard):
    app.command()(command)
app.command("import")(published.import_)
app.command("convert-clip")(published.convert_clip)
for command in (bundles.sample, bundles.export, bundles.placement, bundles.variants):
    app.command()(command)
for command in (measuring.strength, measuring.evaluate, measuring.ablate):
    app.command()(command)
