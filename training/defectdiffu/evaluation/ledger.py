"""The figures of an evaluation on disk: each is measured once, so that a killed evaluation goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ..runs import write_text

MODEL = ("model", "step")  # the settings that say which model was measured


class Ledger:
    """`figures[section][key]`, written after every measurement."""

    def __init__(self, path: Path, settings: dict[str, Any]):
        """Opens the file or begins it. Raises ValueError when it was made with other settings."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        settings = json.loads(json.dumps(settings))
        self.document: dict[str, Any] = {"settings": settings, "figures": {}}
        if path.exists():
            self.document = json.loads(path.read_text(encoding="utf-8"))
            before = self.document["settings"]
            if differing := [key for key in before.keys() | settings.keys() if before.get(key) != settings.get(key)]:
                changes = "; ".join(f"{k} was {before.get(k)!r}, now {settings.get(k)!r}" for k in sorted(differing))
                raise ValueError(f"{path}: made with other settings ({changes}); give another folder")

    def section(self, name: str) -> dict[str, Any]:
        return self.document["figures"].get(name, {})

    def missing(self, section: str, keys: list[str]) -> Iterator[str]:
        """The keys that have no figure yet, one after the other."""
        return (key for key in keys if key not in self.section(section))

    def put(self, section: str, key: str, figures: Any) -> None:
        self.document["figures"].setdefault(section, {})[key] = figures
        write_text(self.path, json.dumps(self.document, indent=1))

    def adopt(self, path: Path, sections: tuple[str, ...], wanted: Callable[[str], bool]) -> int:
        """Takes over the wanted keys of another model's figures that are still missing here; returns how many.

        Raises ValueError when any setting but the model differs, for then they mean something else.
        """
        other = json.loads(path.read_text(encoding="utf-8"))
        both = (other["settings"], self.document["settings"])
        theirs, mine = ({k: v for k, v in settings.items() if k not in MODEL} for settings in both)
        if differing := sorted(key for key in theirs.keys() | mine.keys() if theirs.get(key) != mine.get(key)):
            raise ValueError(f"{path}: made with other settings: {', '.join(differing)}")
        count = 0
        for section in sections:
            for key, figures in other["figures"].get(section, {}).items():
                if wanted(key) and key not in self.section(section):
                    self.put(section, key, figures)
                    count += 1
        return count
