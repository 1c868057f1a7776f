"""Console output: one message per error, and a progress bar per phase."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from ..data.data_warnings import told_once
from ..data.layout import DataError

console = Console()
LINE_SECONDS = 30
LISTED_WARNINGS = 50


class readable_errors:
    """Turns errors that the user can fix into one message and exit code 1; shows each warning about the data once."""

    def __enter__(self) -> readable_errors:
        self.warned: list[str] = []  # also those that were too many to be shown
        self._told = told_once(self._show)
        self._told.__enter__()
        return self

    def _show(self, warning: str) -> None:
        self.warned.append(warning)
        if len(self.warned) <= LISTED_WARNINGS:
            console.print(f"[yellow]warning:[/yellow] {escape(warning)}", soft_wrap=True)

    def __exit__(self, kind, error, trace) -> None:
        self._told.__exit__(None, None, None)
        if (more := len(self.warned) - LISTED_WARNINGS) > 0:
            console.print(f"[yellow]warning:[/yellow] … and {more} more", soft_wrap=True)
        if isinstance(error, DataError | OSError | ValueError | FloatingPointError):
            console.print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True)
            raise typer.Exit(1)


def bar(disable: bool = False) -> Progress:
    columns = (TextColumn("{task.description:12}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    there = not disable and console.is_interactive  # in a file bars would show nothing before the end: see shower
    return Progress(*columns, TextColumn("{task.fields[figures]}"), console=console, disable=not there)


def progress_reporter(progress: Progress) -> Callable[[str, int, int, dict[str, float]], None]:
    """Shows each phase as a bar of its own: phase, done, total, figures. Where the output is a file or a pipe, a line
    at the beginning and the end of each, and every half minute between, with the time left."""
    tasks: dict[str, TaskID] = {}
    began: dict[str, tuple[float, int]] = {}
    written: dict[str, float] = {}

    def show(phase: str, step: int, total: int, figures: dict[str, float]) -> None:
        text = "  ".join(
            f"{name} {value if isinstance(value, int) else f'{value:.4f}'}" for name, value in figures.items()
        )
        if phase not in tasks:
            tasks[phase] = progress.add_task(phase, total=total, figures="", completed=step)
        progress.update(tasks[phase], completed=step, total=total, figures=text)
        now = time.monotonic()
        began.setdefault(phase, (now, step))
        if not console.is_interactive and (step >= total or now - written.get(phase, -LINE_SECONDS) >= LINE_SECONDS):
            written[phase] = now
            since, first = began[phase]
            left = f"{time_left((now - since) / (step - first) * (total - step))}  " if first < step < total else ""
            line = f"{datetime.now():%H:%M:%S} {phase:12} {step}/{total}  {left}{text}".rstrip()
            console.print(line, markup=False, highlight=False, soft_wrap=True)

    return show


def time_left(seconds: float) -> str:
    """Rounded as one would say it: "40 s left", "12 min left", "3 h 20 min left"."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{round(seconds)} s left"
    return f"{minutes} min left" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min left"


def tell(text: str) -> None:
    """A line that stays, such as a warning that stops nothing."""
    console.print(text, soft_wrap=True, markup=False, highlight=False)


def comma_separated(products: str | None) -> list[str] | None:
    return _separated(products, ",")


def semicolon_separated(names: str | None) -> list[str] | None:
    """For names that have commas in them."""
    return _separated(names, ";")


def _separated(names: str | None, by: str) -> list[str] | None:
    return [name.strip() for name in names.split(by)] if names else None


def require_known(kind: str, name: str, known: list[str]) -> None:
    if name not in known:
        raise ValueError(f"{kind} {name!r} is not in the model's vocabulary: {', '.join(known)}")
