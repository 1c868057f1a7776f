"""Warnings about photographs and masks that can be trained on, but may not be what was meant. The command line prints
them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class DataWarning(UserWarning):
    pass


def warn(text: str) -> None:
    warnings.warn(text, DataWarning, stacklevel=2)


@contextmanager
def told_once(tell: Callable[[str], None]) -> Iterator[None]:
    """Tells each warning about the data once; other warnings are shown as usual."""
    told: set[str] = set()
    with warnings.catch_warnings():
        warnings.simplefilter("always", DataWarning)
        others = warnings.showwarning

        def show(message, category, *place) -> None:
            if not issubclass(category, DataWarning):
                others(message, category, *place)
            elif str(message) not in told:
                told.add(str(message))
                tell(str(message))

        warnings.showwarning = show  # type: ignore[assignment]
        yield
