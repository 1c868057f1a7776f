"""What the command line shows: errors as one message, a bar for each phase."""

from __future__ import annotations

from collections.abc import Callable

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from .layout import DataError

console = Console()


class plain_errors:
    """Turns the errors a user can act on into one message and exit code 1."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind, error, trace) -> bool:
        if isinstance(error, DataError | OSError | ValueError | FloatingPointError):
            console.print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True)
            raise typer.Exit(1)
        return False


def bar(disable: bool = False) -> Progress:
    columns = (TextColumn("{task.description:12}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, TextColumn("{task.fields[figures]}"), console=console, disable=disable)


def shower(progress: Progress) -> Callable[[str, int, int, dict[str, float]], None]:
    """Shows each phase as a bar of its own: phase, done, total, figures."""
    tasks: dict[str, TaskID] = {}

    def show(phase: str, step: int, total: int, figures: dict[str, float]) -> None:
        if phase not in tasks:
            tasks[phase] = progress.add_task(phase, total=total, figures="", completed=step)
        text = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
        progress.update(tasks[phase], completed=step, total=total, figures=text)

    return show


def listed(products: str | None) -> list[str] | None:
    return [p.strip() for p in products.split(",")] if products else None


def require_known(kind: str, name: str, known: list[str]) -> None:
    if name not in known:
        raise ValueError(f"{kind} {name!r} is not in the model's vocabulary: {', '.join(known)}")
