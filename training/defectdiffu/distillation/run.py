"""The folder of a distillation: its plan, the teacher's trajectories, and the student's checkpoint."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..files.atomic import write_text
from ..files.json_files import read_json
from .plan import DistillationPlan
from .trajectories import TrajectoryStore

MAY_GROW = ("trajectories", "steps")


class DistillationRun:
    def __init__(self, directory: Path):
        self.directory = directory
        self.student = directory / "student.pt"
        self.trajectories = TrajectoryStore(directory / "trajectories")
        self._options = directory / "distillation.json"

    def begin(self, bundle: Path, plan: DistillationPlan) -> None:
        """Records the bundle and the plan of a new run. Raises ValueError that names the first setting in which a run
        that exists differs; trajectories and steps may be raised."""
        options: dict[str, Any] = {"bundle": str(bundle.resolve())} | asdict(plan)
        if self._options.exists():
            for name, was in read_json(self._options).items():
                value = options[name]
                if name in MAY_GROW and value < was:
                    raise ValueError(f"{name} is {value}, but {self.directory} has {was}: it may only be raised")
                if name not in MAY_GROW and value != was:
                    raise ValueError(
                        f"{name} is {value}, but {self.directory} was begun with {was}: repeat that, or give a new run"
                    )
        elif self.directory.exists() and any(self.directory.iterdir()):
            raise FileExistsError(f"{self.directory}: holds something else; give a new folder")
        self.directory.mkdir(parents=True, exist_ok=True)
        write_text(self._options, json.dumps(options, indent=2))
