"""Finds the photographs that an annotation names, inside the data set and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..data.folder_names import canonical
from ..data.layout_names import IMAGE_SUFFIXES, is_hidden


def files_below(root: Path, suffixes: set[str]) -> Iterator[Path]:
    """In a stable order, without hidden files and folders."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        for name in sorted(names):
            if not is_hidden(name) and Path(name).suffix.lower() in suffixes:
                yield Path(folder) / name


class Images:
    """The pictures below a folder, by their paths and by their names."""

    def __init__(self, root: Path):
        self.all = list(files_below(root, IMAGE_SUFFIXES))
        self._there = {canonical(path.as_posix()): path for path in self.all}
        self._by_name: dict[str, list[Path]] = {}
        for path in self.all:
            self._by_name.setdefault(canonical(path.name), []).append(path)

    def find(self, name: str, *folders: Path) -> Path | None:
        """The picture of this relative path in one of the folders, or else the only one of its name."""
        parts = Path(name.replace("\\", "/")).parts
        if ".." not in parts:
            for folder in folders:
                if path := self._there.get(canonical(folder.joinpath(*parts).as_posix())):
                    return path
        alike = self._by_name.get(canonical(parts[-1]), []) if parts else []
        return alike[0] if len(alike) == 1 else None
