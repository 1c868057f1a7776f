"""The command line: `defectdiffu-train`."""

from .main import app

__all__ = ["app"]
