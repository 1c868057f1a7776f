"""How the samples of a transplanted data set are stored and shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ..data.record import Record

GRID_SIDE = 256  # pixels of a picture in grid.png


@dataclass(frozen=True)
class ManifestRow:
    image: str
    split: str
    seed: int | None
    strength: float | None  # these two are of transplants alone
    defective_photograph: str  # of a CutPaste sample, the good one that the patch is from
    good_photograph: str  # empty for a window of a donor as it is
    difference: float | None  # of the surroundings, see place.py


def folder_of(defect: str) -> str:
    """The folder of a defect's samples: its unified name, which several folders of the donors can share, and which
    folders of one name need not. Raises ValueError for a name that no folder can have."""
    if defect.startswith(".") or "\\" in defect:
        raise ValueError(f"a defect is called {defect!r}, which is no name of a folder: rename it")
    return defect.replace(" ", "_")


def save_sample(out: Path, good: Record, defect: str, number: int, image: np.ndarray, mask: np.ndarray) -> str:
    """Into the folder `defect` of the product of a good photograph. Returns the place of the image.

    Raises FileExistsError rather than write over another sample.
    """
    product = good.image.parts[-4]
    place = Path(product, "test", defect, f"{number:04}.png")
    if (out / place).exists():
        raise FileExistsError(f"{out / place}: exists already; samples of two kinds are called {defect}: rename one")
    mask_place = Path(product, "ground_truth", defect, f"{number:04}_mask.png")
    for path, pixels in ((place, image), (mask_place, mask.astype(np.uint8) * 255)):
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(out / path)
    return place.as_posix()


def small(picture: np.ndarray) -> np.ndarray:
    """Fitted into a square of GRID_SIDE, on white."""
    image = Image.fromarray(picture)
    image = ImageOps.contain(image, (GRID_SIDE, GRID_SIDE), Image.Resampling.BICUBIC)
    return np.asarray(ImageOps.pad(image, (GRID_SIDE, GRID_SIDE), color="white"))
