"""The folder of a distillation: its plan, the teacher's trajectories, and the student's checkpoint."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..checkpoints.base_bundle import base_of
from ..files.atomic import write_text
from ..files.json_files import read_json
from .plan import DistillationPlan
from .trajectories import TrajectoryStore

MAY_GROW = ("trajectories", "steps")
TEACHER = ("text_encoder", "modulation", "denoiser")  # the graphs that the trajectories depend on


class DistillationRun:
    def __init__(self, directory: Path):
        self.directory = directory
        self.student = directory / "student.pt"
        self.trajectories = TrajectoryStore(directory / "trajectories")
        self._options = directory / "distillation.json"

    def begin(self, bundle: Path, plan: DistillationPlan) -> None:
        """Records the bundle, its graphs, and the plan of a new run. Raises ValueError that names the first setting in
        which a run that exists differs; trajectories and steps may be raised. One of an earlier version has no graphs.
        """
        options: dict[str, Any] = {"bundle": str(bundle.resolve())} | asdict(plan) | {"graphs": _teacher(bundle)}
        if self._options.exists():
            for name, was in read_json(self._options).items():
                value = options[name]
                if name in MAY_GROW and value < was:
                    raise ValueError(f"{name} is {value}, but {self.directory} has {was}: it may only be raised")
                if name == "graphs" and value != was:
                    raise ValueError(
                        f"{bundle}: its graphs are other ones than those whose trajectories are in {self.directory}: "
                        "give a new run"
                    )
                if name not in MAY_GROW and value != was:
                    raise ValueError(
                        f"{name} is {value}, but {self.directory} was begun with {was}: repeat that, or give a new run"
                    )
        elif self.directory.exists() and any(self.directory.iterdir()):
            raise FileExistsError(f"{self.directory}: holds something else; give a new folder")
        self.directory.mkdir(parents=True, exist_ok=True)
        write_text(self._options, json.dumps(options, indent=2))


def _teacher(bundle: Path) -> dict[str, str]:
    """The SHA-256 of each graph of the teacher."""
    graphs = base_of(bundle).graphs
    return {name: graphs[name] for name in TEACHER}
