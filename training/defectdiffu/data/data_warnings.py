"""Warnings about photographs and masks that can be trained on, but may not be what was meant. The command line prints
them."""

from __future__ import annotations

import warnings


class DataWarning(UserWarning):
    pass


def warn(text: str) -> None:
    warnings.warn(text, DataWarning, stacklevel=2)
