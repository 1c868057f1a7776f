"""One photograph of a data set, as the layout says it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .mask_values import Marks


@dataclass(frozen=True)
class Record:
    """One photograph. `mask` is None for normal images; `defect` is the unified name, `good` when normal."""

    product: str
    defect: str
    image: Path
    mask: Path | None
    split: str
    marks: Marks | None = None  # the values that mark the defect, where mask_values.json names them
    empty_mask: Path | None = None  # of a normal photograph

    @property
    def place(self) -> str:
        """Its path relative to the data set: <product>/<train or test>/<folder>/<file>, wherever the data set lies."""
        return "/".join(self.image.parts[-4:])
