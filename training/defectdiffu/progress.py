"""The callback by which a stage reports its progress."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int, dict[str, float]], None]  # stage, steps done, steps in all, figures
