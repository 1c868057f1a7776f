"""A folder that is there as a whole or not at all: written beside its place, and renamed when it is complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .file_lock import try_lock

MARK = ".being-written"


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yields the folder `<target>.partial` to write into. At the end it becomes `target`; an error removes it.

    What a killed process left of it is removed at the next attempt. Raises FileExistsError if the target exists or
    another process writes to it; OSError as writing does.
    """
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise FileExistsError(f"{target}: exists already; name a folder that does not")
    partial = target.with_name(f"{target.name}.partial")
    if partial.exists() and not (partial / MARK).is_file() and any(partial.iterdir()):
        raise FileExistsError(
            f"{partial}: exists already, and is not what an interrupted command left; remove it first"
        )
    partial.mkdir(parents=True, exist_ok=True)
    with (partial / MARK).open("a") as mark:
        if not try_lock(mark):
            raise FileExistsError(f"{partial}: another process is writing to it")
        try:
            _empty(partial)
            yield partial
            os.replace(partial, target)
            (target / MARK).unlink()
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


def _empty(partial: Path) -> None:
    for path in partial.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != MARK:
            path.unlink()
