"""Names of folders and files as people see them.

Unicode writes "Ö" as one character (NFC) or as "O" with a combining mark (NFD, as macOS stores names). Both look alike,
so they are one name here; and a character that nobody sees is no part of a name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path


def canonical(name: str) -> str:
    """The same text for every way to write it (NFC)."""
    return unicodedata.normalize("NFC", name)


def shown(names: Iterable[str]) -> str:
    """The names in quotes; with their characters spelt out where they would look the same."""
    names = list(names)
    alike = len({canonical(name) for name in names}) < len(names)
    return ", ".join(ascii(name) if alike else repr(name) for name in names)


def invisible(name: str) -> str | None:
    """The first character of the name that nobody sees, as in "U+200B ZERO WIDTH SPACE"; None without one."""
    for character in name:
        if unicodedata.category(character) in ("Cf", "Cc", "Cn", "Co"):
            return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
    return None


def on_disk(folder: Path) -> dict[str, str]:
    """The name of each entry of the folder by its canonical name; nothing if there is no such folder."""
    return {canonical(entry.name): entry.name for entry in folder.iterdir()} if folder.is_dir() else {}


def find_file(root: Path, relative: str) -> Path:
    """The path below `root`, in the form in which its names are stored if they are, and as given if not."""
    path = root / relative
    if path.is_file():
        return path
    found = root
    for part in Path(relative).parts:
        found = found / on_disk(found).get(canonical(part), part)
    return found
