"""The libraries of the optional extra `comparison`."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def require_extra(module: str) -> Any:
    """Imports the module. Raises ValueError that says how to install it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ValueError(f"{error.name} is not installed: pip install 'defectdiffu-training[comparison]'") from None
