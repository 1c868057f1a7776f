"""Makes the pictures of examples/cookie/README.md, with the functions behind the commands that the page shows.

python scripts/make_cookie_pictures.py
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from defectdiffu.data.image_files import load_image, load_mask
from defectdiffu.data.layout import GOOD, read_data_set
from defectdiffu.data.record import Record
from defectdiffu.data.windows import read_rules
from defectdiffu.sampling.image_grids import grid, outlined
from defectdiffu.sampling.window_grids import write_window_grid
from defectdiffu.transplant.transplanted_data_set import TransplantRequest, write_transplants

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "cookie"
SIZE = 128  # of the default bundle's images
SHOWN, TRANSPLANTED = 5, 4  # photographs of a kind, transplants
WIDTH = 900  # pixels at most
QUALITY = 80


def save(pixels: np.ndarray, name: str) -> None:
    image = Image.fromarray(pixels)
    image.thumbnail((WIDTH, 4 * WIDTH))
    image.save(EXAMPLE / "images" / name, quality=QUALITY, optimize=True)


def photographs(records: list[Record]) -> np.ndarray:
    """Whole cookies above broken ones, with the masks outlined; as they come, without those of one cookie."""
    rows = []
    for normal in (True, False):
        kind = [record for record in records if (record.defect == GOOD) == normal and record.split == "train"]
        shown = kind[:: len(kind) // SHOWN][:SHOWN]
        images = [load_image(record.image) for record in shown]
        masks = [
            load_mask(r.mask) if r.mask else np.zeros(i.shape[:2], bool) for r, i in zip(shown, images, strict=True)
        ]
        rows.append([outlined(image, mask) for image, mask in zip(images, masks, strict=True)])
    return grid(rows)


def windows(records: list[Record], side: int, folder: Path) -> np.ndarray:
    default, own = read_rules(EXAMPLE / "windows.toml")
    rules = default, {name: replace(rule, window=side) for name, rule in own.items()}
    write_window_grid(records, rules, SIZE, folder / "windows.png")
    return np.asarray(Image.open(folder / "windows.png"))


def transplants(records: list[Record], folder: Path) -> np.ndarray:
    rules = read_rules(EXAMPLE / "windows.toml")
    request = TransplantRequest(TRANSPLANTED, (1.0, 1.0), False, 0)
    write_transplants(records, rules, request, folder / "transplants", lambda *_: None)
    return np.asarray(Image.open(folder / "transplants" / "grid.png"))


def main() -> None:
    (EXAMPLE / "images").mkdir(exist_ok=True)
    records = read_data_set(EXAMPLE / "data")
    with tempfile.TemporaryDirectory() as name:
        save(photographs(records), "photographs.jpg")
        for side in (128, 320):
            save(windows(records, side, Path(name)), f"windows-{side}.jpg")
        save(transplants(records, Path(name)), "transplants.jpg")


if __name__ == "__main__":
    main()
