"""The commands in the documents exist, with the options that the documents give them."""

import re
from pathlib import Path

import typer

from defectdiffu.cli.main import app

ROOT = Path(__file__).parents[2]
COMMANDS = {name: command.params for name, command in typer.main.get_command(app).commands.items()}
USE = re.compile(r"defectdiffu-train ([a-z-]+)((?:\\\n|[^\n`])*)")


def test_every_documented_command_takes_the_options_that_a_document_gives_it():
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("models/*.md")]
    uses = [(path, *use) for path in documents for use in USE.findall(path.read_text(encoding="utf-8"))]
    assert len(uses) > 20
    unknown = []
    for path, command, rest in uses:
        known = {option for parameter in COMMANDS.get(command, []) for option in parameter.opts}
        given = re.findall(r"(?<!\S)--[a-z-]+", rest)
        unknown += [f"{path.name}: {command} {option}" for option in given if option not in known]
        if command not in COMMANDS:
            unknown.append(f"{path.name}: {command}")
    assert unknown == []
