"""Writes a data set in the MVTec AD layout whose defective photographs are transplants, with exact masks."""

from __future__ import annotations

import csv
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ..data.image_files import load_image, load_mask
from ..data.layout import GOOD, Pair, Record
from ..data.windows import Rules
from ..progress import Progress
from ..sampling.image_grids import grid, outlined
from .limits import limits_of
from .transplant import Transplant, best_photograph, lay_fit, vary_defect
from .variation import VariationLimits

PHOTOGRAPHS = 4  # good ones that are tried for each defect, unless a product has fewer
GRID_SIDE = 256  # pixels of a picture in grid.png
GRID_ROWS = 8  # at most, unless there are more pairs


@dataclass(frozen=True)
class TransplantRequest:
    count: int  # per pair
    strengths: tuple[float, float] = (1.0, 1.0)  # drawn evenly
    seed: int = 0


@dataclass(frozen=True)
class _ManifestRow:
    image: str
    split: str
    seed: int
    strength: float
    defective_photograph: str
    good_photograph: str
    difference: float  # of the surroundings, see place.py


def write_transplants(
    records: list[Record], rules: Rules, request: TransplantRequest, out: Path, report: Progress
) -> list[Pair]:
    """Draws from the train split alone. Writes images, masks, manifest.csv (how each was made), and grid.png with the
    defective photograph, the good one, the sample, and its mask in each row.

    Returns the pairs. Raises ValueError for a folder that is not empty, a product without good photographs, and data
    without defects.
    """
    if out.exists() and any(out.iterdir()):
        raise ValueError(f"{out} is not empty")
    seen = [record for record in records if record.split == "train"]
    pairs = sorted({(record.product, record.defect) for record in seen if record.defect != GOOD})
    if not pairs:
        raise ValueError("no defective photograph in the train split to transplant from")
    for product in sorted({product for product, _ in pairs}):
        if not any((record.product, record.defect) == (product, GOOD) for record in seen):
            raise ValueError(f"{product}: no good photograph in the train split to lay defects on")
    default, own = rules
    rows, pictures = [], []
    for index, (product, defect) in enumerate(pairs):
        of = lambda wanted, product=product: [r for r in seen if (r.product, r.defect) == (product, wanted)]  # noqa: E731
        maker = _Maker(of(defect), of(GOOD), limits_of(own.get(product, default)), request, out)
        for number in range(request.count):
            row, shown = maker.make(number, np.random.default_rng((request.seed, index, number)))
            rows.append(row)
            if number < max(1, GRID_ROWS // len(pairs)):
                pictures.append(shown)
            report(f"transplant {product}/{defect}", number + 1, request.count, {})
    with (out / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([field.name for field in fields(_ManifestRow)])
        writer.writerows(astuple(row) for row in rows)
    Image.fromarray(grid(pictures)).save(out / "grid.png")
    return pairs


class _Maker:
    """Makes and saves the samples of one pair. The defective photographs take turns."""

    def __init__(
        self,
        defective: list[Record],
        good: list[Record],
        limits: VariationLimits,
        request: TransplantRequest,
        out: Path,
    ):
        self._defective, self._good, self._limits = defective, good, limits
        self._request, self._out = request, out

    def make(self, number: int, rng: np.random.Generator) -> tuple[_ManifestRow, list[np.ndarray]]:
        donor = self._defective[number % len(self._defective)]
        assert donor.mask is not None
        image, mask, seed = load_image(donor.image), load_mask(donor.mask), int(rng.integers(2**31))
        chosen = rng.choice(len(self._good), min(PHOTOGRAPHS, len(self._good)), replace=False)
        photographs = [load_image(self._good[i].image) for i in chosen]
        best = best_photograph(photographs, vary_defect(image, mask, seed, self._limits))
        if best is None:
            raise ValueError(f"{donor.place}: the defect is so small that it vanishes when it is scaled")
        index, found = best
        strength = round(float(rng.uniform(*self._request.strengths)), 3)
        sample = lay_fit(photographs[index], found, strength)
        place = self._save(number, donor, sample)
        shown = [image, photographs[index], sample.image, outlined(sample.image, sample.mask)]
        return _ManifestRow(
            place,
            "train",
            seed,
            strength,
            donor.place,
            self._good[chosen[index]].place,
            round(found.place.difference, 1),
        ), [_small(picture) for picture in shown]

    def _save(self, number: int, donor: Record, sample: Transplant) -> str:
        """Beside the names of the defective photograph's folders. Returns the place of the image."""
        product, _, defect, _ = donor.image.parts[-4:]
        place = Path(product, "test", defect, f"{number:04}.png")
        mask = Path(product, "ground_truth", defect, f"{number:04}_mask.png")
        for path, pixels in ((place, sample.image), (mask, sample.mask.astype(np.uint8) * 255)):
            (self._out / path).parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(self._out / path)
        return place.as_posix()


def _small(picture: np.ndarray) -> np.ndarray:
    """Fitted into a square of GRID_SIDE, on white."""
    image = Image.fromarray(picture)
    image = ImageOps.contain(image, (GRID_SIDE, GRID_SIDE), Image.Resampling.BICUBIC)
    return np.asarray(ImageOps.pad(image, (GRID_SIDE, GRID_SIDE), color="white"))
