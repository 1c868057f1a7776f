"""One process at a time measures into a folder: two would write over each other's trainings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..files.file_lock import try_lock

LOCK = "lock"


@contextmanager
def only_process_in(folder: Path) -> Iterator[None]:
    """Makes the folder, and holds it until the end of the block or of the process, however that ends.

    Raises ValueError while another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a") as file:
        if not try_lock(file):
            raise ValueError(f"{folder}: another process measures into it; wait until it ends, or give another folder")
        yield
