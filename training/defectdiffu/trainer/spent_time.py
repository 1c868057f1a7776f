"""The time that a training has spent, over all calls: one that is resumed has what is left of its minutes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from ..files.atomic import write_text
from ..files.json_files import read_json

RECORD_SECONDS = 1.0  # what a killed call can spend without having recorded it


class SpentTime:
    def __init__(self, file: Path, clock: Callable[[], float] = time.monotonic):
        self.clock, self._file, self._began = clock, file, clock()
        earlier = read_json(file, "spent", "trained") if file.exists() else {"spent": 0.0, "trained": 0.0}
        self._spent, self._trained = earlier["spent"], earlier["trained"]
        self._training_began: float | None = None
        self._recorded = self._began

    @property
    def seconds(self) -> float:
        return self._spent + self.clock() - self._began

    @property
    def trained(self) -> float:
        """The seconds of these in which the model was trained."""
        return self._trained + (0 if self._training_began is None else self.clock() - self._training_began)

    def training_begins(self) -> None:
        self._training_began = self.clock()

    def training_ends(self) -> None:
        self._trained, self._training_began = self.trained, None

    def record(self) -> None:
        """Writes the file if it is due."""
        now = self.clock()
        if now - self._recorded >= RECORD_SECONDS:
            self._recorded = now
            write_text(self._file, json.dumps({"spent": self.seconds, "trained": self.trained}))
