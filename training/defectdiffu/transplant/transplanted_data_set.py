"""Writes a data set in the MVTec AD layout whose defective photographs are transplants, with exact masks."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ..data.image_files import load_image, load_mask
from ..data.layout import GOOD, Pair, Record
from ..data.windows import Rules, WindowRule, resized_pair
from ..progress import Progress
from ..sampling.image_grids import grid, outlined
from .limits import limits_of
from .part import part_of
from .transplant import GoodPhotograph, Transplant, lay_on_best, vary_defect
from .variation import VARIED

PHOTOGRAPHS = 4  # good ones that are tried for each defect, unless a product has fewer
GRID_SIDE = 256  # pixels of a picture in grid.png
GRID_ROWS = 8  # at most, unless there are more pairs


@dataclass(frozen=True)
class TransplantRequest:
    count: int  # per pair
    strengths: tuple[float, float] = (1.0, 1.0)  # drawn evenly
    anywhere: bool = False  # instead of where the surroundings fit, and more varied
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
    records: list[Record],
    rules: Rules,
    request: TransplantRequest,
    out: Path,
    report: Progress,
    donors: list[Record] | None = None,
) -> list[Pair]:
    """Draws from the train split alone. Each product's own defects, or those that other products of `donors` have.
    Writes images, masks, manifest.csv (how each was made), and grid.png with the defective photograph, the good one,
    the sample, and its mask in each row.

    Returns the pairs. Raises ValueError for a folder that is not empty, a product without good photographs, and data
    without defects.
    """
    if out.exists() and any(out.iterdir()):
        raise ValueError(f"{out} is not empty")
    good = _by_product(record for record in records if record.defect == GOOD)
    products = sorted({record.product for record in records})
    for product in products:
        if product not in good:
            raise ValueError(f"{product}: no good photograph in the train split to lay defects on")
    groups = {
        (product, defect): donors_of_pair
        for product in products
        for defect, donors_of_pair in _donors_of(product, records, donors).items()
    }
    if not groups:
        whose = "" if donors is None else f" of products other than {', '.join(products)} among the donors"
        raise ValueError(f"no defective photograph{whose} in the train split to transplant from")
    rows, pictures = [], []
    for index, ((product, defect), group) in enumerate(sorted(groups.items())):
        maker = _Maker(product, group, good[product], rules, request, out)
        for number in range(request.count):
            row, shown = maker.make(number, np.random.default_rng((request.seed, index, number)))
            rows.append(row)
            if number < max(1, GRID_ROWS // len(groups)):
                pictures.append(shown)
            report(f"transplant {product}/{defect}", number + 1, request.count, {})
    with (out / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([field.name for field in fields(_ManifestRow)])
        writer.writerows(astuple(row) for row in rows)
    Image.fromarray(grid(pictures)).save(out / "grid.png")
    return sorted(groups)


def _by_product(records: Iterable[Record]) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for record in records:
        if record.split == "train":
            groups.setdefault(record.product, []).append(record)
    return groups


def _donors_of(product: str, records: list[Record], donors: list[Record] | None) -> dict[str, list[Record]]:
    """Defective photographs by defect: the product's own, or those of other products among `donors`."""
    seen = (
        [r for r in records if r.product == product] if donors is None else [r for r in donors if r.product != product]
    )
    groups: dict[str, list[Record]] = {}
    for record in seen:
        if record.split == "train" and record.mask is not None:
            groups.setdefault(record.defect, []).append(record)
    return groups


class _Maker:
    """Makes and saves the samples of one pair. The donors take turns."""

    def __init__(
        self,
        product: str,
        donors: list[Record],
        good: list[Record],
        rules: Rules,
        request: TransplantRequest,
        out: Path,
    ):
        self._product, self._donors, self._good, self._rules = product, donors, good, rules
        self._request, self._out = request, out
        self._limits = VARIED if request.anywhere else limits_of(self._rule(product))

    def make(self, number: int, rng: np.random.Generator) -> tuple[_ManifestRow, list[np.ndarray]]:
        donor = self._donors[number % len(self._donors)]
        image, mask = self._defect(donor)
        seed, strength = int(rng.integers(2**31)), round(float(rng.uniform(*self._request.strengths)), 3)
        chosen = rng.choice(len(self._good), min(PHOTOGRAPHS, len(self._good)), replace=False)
        photographs = [load_image(self._good[i].image) for i in chosen]
        grounds = [GoodPhotograph(each, part_of(each)) for each in photographs]
        variants = vary_defect(image, mask, seed, self._limits)
        laid = lay_on_best(grounds, variants, strength, self._request.anywhere)
        if laid is None or not laid[1].mask.any():
            raise ValueError(f"{donor.place}: the defect is so small that it vanishes when it is scaled")
        index, sample = laid
        place = self._save(number, donor, sample)
        shown = [image, photographs[index], sample.image, outlined(sample.image, sample.mask)]
        good, difference = self._good[chosen[index]].place, round(sample.place.difference, 1)
        row = _ManifestRow(place, "train", seed, strength, donor.place, good, difference)
        return row, [_small(picture) for picture in shown]

    def _defect(self, donor: Record) -> tuple[np.ndarray, np.ndarray]:
        """A defect of another product is resized to be as large in this product's window as in its own."""
        assert donor.mask is not None
        image, mask = load_image(donor.image), load_mask(donor.mask, donor.marks)
        ratio = self._rule(self._product).window / self._rule(donor.product).window
        if donor.product == self._product or ratio == 1:
            return image, mask
        size = max(1, round(image.shape[1] * ratio)), max(1, round(image.shape[0] * ratio))
        return resized_pair(image, mask, size)

    def _rule(self, product: str) -> WindowRule:
        default, own = self._rules
        return own.get(product, default)

    def _save(self, number: int, donor: Record, sample: Transplant) -> str:
        """In the product's folder, under the donor's name of the defect. Returns the place of the image."""
        product, defect = self._good[0].image.parts[-4], donor.image.parts[-2]
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
