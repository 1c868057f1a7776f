"""The results store: the figures of an evaluation on disk. A killed evaluation resumes from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..files.atomic import write_text
from ..files.json_files import read_json
from ..sampling.guidance import DPM_SOLVER_PP, TURBO
from .plan import TEST

MODEL = (
    "model",
    "step",
    "weights",
    "graphs",
    "validation",
)  # the settings that say which model was measured, and what drew for it


class ResultsStore:
    """`figures[section][key]`, written after every measurement.

    Another model cannot continue the file. Each section records the model that it was measured on, so that figures
    joined by hand stay correct.
    """

    def __init__(self, path: Path, settings: dict[str, Any]):
        """Opens or creates the file: samples that are drawn before the first figure have their settings beside them.
        Raises ValueError if it is damaged or was made with other settings."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        settings = {"split": TEST, "sampler": DPM_SOLVER_PP} | json.loads(json.dumps(settings))
        self.document: dict[str, Any] = {"settings": settings, "figures": {}}
        if path.exists():
            self.document = read_results(path)
            before = self.document["settings"]
            if changed := differing(before, settings):
                changes = "; ".join(f"{k} was {before.get(k)!r}, now {settings.get(k)!r}" for k in changed)
                raise ValueError(f"{path}: made with other settings ({changes}); give another folder")
        else:
            self._write()

    def section(self, name: str) -> dict[str, Any]:
        return self.document["figures"].get(name, {})

    def missing(self, section: str, keys: list[str]) -> Iterator[str]:
        """Yields the keys that have no figure yet, one at a time."""
        return (key for key in keys if key not in self.section(section))

    def put(self, section: str, key: str, figures: Any) -> None:
        self.document["figures"].setdefault(section, {})[key] = figures
        measured = self.document.setdefault("measured", {}).setdefault(section, [])
        if self.measured_model not in measured:
            measured.append(self.measured_model)
        self._write()

    @property
    def measured_model(self) -> str:
        """The model and the graphs that are measured, in words."""
        return measured_model_of(self.document["settings"])

    def measured(self, section: str) -> list[str]:
        """The models of a section's figures: one, unless the file was joined from several."""
        return self.document.get("measured", {}).get(section, [self.measured_model])

    def adopt(self, path: Path, sections: tuple[str, ...], include: Callable[[str], bool]) -> int:
        """Copies the keys that `include` accepts and that are still missing here from another model's figures; returns
        their number.

        Raises ValueError when any setting but the model differs, for then they mean something else.
        """
        other = read_results(path)
        if changed := [k for k in differing(other["settings"], self.document["settings"]) if k not in MODEL]:
            raise ValueError(f"{path}: made with other settings: {', '.join(changed)}")
        count = 0
        for section in sections:
            theirs = other["figures"].get(section, {})
            taken = {key: theirs[key] for key in self.missing(section, list(theirs)) if include(key)}
            if taken:
                self.document["figures"].setdefault(section, {}).update(taken)
            count += len(taken)
        self._write()
        return count

    def _write(self) -> None:
        write_text(self.path, json.dumps(self.document, indent=1))


def read_results(path: Path) -> dict[str, Any]:
    document = read_json(path, "settings.model", "settings.step", "figures")
    settings = document["settings"]
    settings.setdefault("split", settings.pop("half", TEST))  # half: its former name; before there was a choice, test
    settings.setdefault("sampler", DPM_SOLVER_PP)  # before there was a choice
    return document


def measured_model_of(settings: dict[str, Any]) -> str:
    graphs = f"{settings['graphs']} graphs" if settings.get("graphs") else "PyTorch"
    student = f", {TURBO} in {settings['steps']} steps" if settings.get("sampler") == TURBO else ""
    return f"{settings['model']} after {settings['step']} steps, {graphs}{student}"


def differing(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """The settings that differ, sorted."""
    return sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
