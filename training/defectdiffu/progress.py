"""The callbacks by which a stage reports its progress, and tells the user what stops nothing."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int, dict[str, float]], None]  # stage, steps of this call: done and in all, figures
Tell = Callable[[str], None]  # one warning or note
