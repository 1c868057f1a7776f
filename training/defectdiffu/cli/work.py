"""The command that the service's trainer starts: work."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import IO, Annotated

import typer

from .options import RunOption

REFUSED = 3  # exit status: repeating the request does not help


def work(
    request: Annotated[Path, typer.Option(help="JSON file: what to train (models/training-request.schema.json).")],
    run: RunOption,
) -> None:
    """For the service's trainer: trains what a request says, and writes JSON lines (models/training-line.schema.json).

    Repeated with the same arguments, it continues an interrupted training. It ends when its standard input is closed.
    """
    from ..trainer.lines import Lines, claim_standard_output
    from ..trainer.request import read_request

    output = claim_standard_output()
    _end_with_standard_input()
    run.mkdir(parents=True, exist_ok=True)
    lock = _wait_for_others(run)
    lines = Lines(output)
    lines.begin()
    try:
        what = read_request(request)
    except ValueError as error:
        lines.error("REQUEST_INVALID", str(error))
        raise typer.Exit(REFUSED) from None

    import torch

    from ..trainer.work import work as train

    if what.threads:
        torch.set_num_threads(what.threads)
    done = train(what, run, lines)
    lock.close()
    if not done:
        raise typer.Exit(REFUSED)


def _wait_for_others(run: Path) -> IO[str]:
    """A trainer that was taken for dead may still have a process in this folder, whose lock ends with it."""
    import fcntl

    file = (run / "lock").open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _end_with_standard_input() -> None:
    """Whoever started this process holds the other end; when that process is gone, nobody reads what is made here."""

    def wait() -> None:
        while os.read(0, 4096):
            pass
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)  # with the processes that cut windows
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
