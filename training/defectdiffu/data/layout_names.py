"""The names in the MVTec AD layout, and which files of a folder are photographs."""

from __future__ import annotations

import os
from pathlib import Path

from .folder_names import canonical

IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}
OTHER_IMAGE_SUFFIXES = {
    f".{name}"
    for name in [
        "gif",
        "jp2",
        "j2k",
        "jxl",
        "heic",
        "heif",
        "avif",
        "jfif",
        "jpe",
        "dib",
        "tga",
        "psd",
        "pgm",
        "ppm",
        "pbm",
        "pnm",
        "exr",
        "hdr",
        "npy",
        "mat",
        "dng",
        "raw",
        "cr2",
        "cr3",
        "nef",
        "arw",
        "orf",
        "rw2",
    ]
}
BESIDE_PICTURES = {".db", ".ini", ".txt", ".md", ".csv", ".json", ".xml"}  # Thumbs.db, desktop.ini, notes, annotations
MASK_SUFFIXES = {".png", ".bmp", ".tif", ".tiff"}  # those that keep every value
GOOD = "good"
OTHER_NAMES_OF_GOOD = {"ok", "normal", "good", "goods", "defect free", "no defect", "non defective", "gut", "io"}
MACOS_FOLDER = "__MACOSX"  # what macOS packs beside the files proper
COUNTED = 10_000  # files of a folder that is not read
LISTED_FILES = 3


def prompt_name(folder: str) -> str:
    """The words a model reads for a folder name: "metal_nut" → "metal nut"."""
    return canonical(" ".join(canonical(folder).replace("_", " ").split()).lower())


def is_word(name: str) -> bool:
    """Whether the name can stand in "product/defect" on one line."""
    return bool(name.strip()) and "/" not in name and name.isprintable()


def is_hidden(name: str) -> bool:
    """Files and folders that systems write beside the user's own: .DS_Store, ._000.png of macOS."""
    return name.startswith(".") or name == MACOS_FOLDER


def subfolders(folder: Path) -> list[Path]:
    return sorted(d for d in folder.iterdir() if d.is_dir() and not is_hidden(d.name)) if folder.is_dir() else []


def images_in(folder: Path) -> list[Path]:
    return _files(folder, IMAGE_SUFFIXES)


def unread_images_in(folder: Path) -> list[Path]:
    """Pictures of types that are not read."""
    return _files(folder, OTHER_IMAGE_SUFFIXES)


def other_files_in(folder: Path) -> list[Path]:
    """Neither pictures nor what people and systems keep beside them: an archive, a film, a picture without a suffix."""
    files = folder.iterdir() if folder.is_dir() else []
    known = IMAGE_SUFFIXES | OTHER_IMAGE_SUFFIXES | BESIDE_PICTURES
    return sorted(p for p in files if p.suffix.lower() not in known and not is_hidden(p.name) and p.is_file())


def _files(folder: Path, suffixes: set[str]) -> list[Path]:
    files = folder.iterdir() if folder.is_dir() else []
    # A link to a file that is gone is a picture that cannot be read.
    return sorted(p for p in files if p.suffix.lower() in suffixes and not is_hidden(p.name) and not p.is_dir())


def images_below(folder: Path) -> int:
    """How many pictures lie in the folder and all its subfolders, counted up to a bound."""
    count = 0
    for _, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not is_hidden(name)]
        count += sum(Path(name).suffix.lower() in IMAGE_SUFFIXES for name in files if not is_hidden(name))
        if count >= COUNTED:
            break
    return count


def listed(paths: list[Path]) -> str:
    """The names of the first files, and how many more there are."""
    more = len(paths) - LISTED_FILES
    return ", ".join(path.name for path in paths[:LISTED_FILES]) + (f" and {more} more" if more > 0 else "")
