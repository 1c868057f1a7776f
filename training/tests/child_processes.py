"""Runs the command line in child processes, for tests that kill a process or need several of them.

The children are forked from a server that has imported the package once, so that a test does not wait for imports.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from defectdiffu.cli import app

DEADLINE = 900  # seconds; only a process that hangs reaches it

FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["defectdiffu.cli", "defectdiffu.training.train", "defectdiffu.training.onboarding"])


@dataclass
class Child:
    process: BaseProcess
    output: Path

    def exit_code(self) -> int:
        """Waits for the end of the process. A negative number is the signal that killed it."""
        self.process.join(DEADLINE)
        if self.process.exitcode is None:
            self.process.kill()
        assert self.process.exitcode is not None, f"no end after {DEADLINE} s: {self.output.read_text()}"
        return self.process.exitcode

    def require_success(self) -> None:
        assert self.exit_code() == 0, self.output.read_text()


def start(
    output: Path,
    *arguments: object,
    environment: dict[str, str] | None = None,
    killed_after: tuple[str, int] | None = None,
) -> Child:
    """Starts the command line with `arguments`; what it prints goes to the file `output`.

    With `killed_after` = (file name, n) the process kills itself as soon as it has replaced that file n times.
    """
    command = [str(argument) for argument in arguments]
    process = FORKSERVER.Process(target=_run, args=(output, command, environment or {}, killed_after))
    process.start()
    return Child(process, output)


def _run(output: Path, command: list[str], environment: dict[str, str], killed_after: tuple[str, int] | None) -> None:
    with output.open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(environment)
    if killed_after:
        _kill_after(*killed_after)
    app(command)


def _kill_after(name: str, count: int) -> None:
    replace, replaced = os.replace, []

    def counting(source, target) -> None:
        replace(source, target)
        if Path(target).name == name:
            replaced.append(target)
        if len(replaced) == count:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = counting
