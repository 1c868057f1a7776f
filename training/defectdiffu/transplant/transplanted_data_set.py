"""Writes a data set in the MVTec AD layout whose defective photographs are transplants, with exact masks."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np
from PIL import Image

from ..data.image_files import load_image
from ..data.layout import GOOD, Pair
from ..data.record import Record
from ..data.windows import Rules, WindowRule, rule_of
from ..progress import Progress
from ..sampling.image_grids import grid, outlined
from .cut_paste import CUT_PASTE, cut_paste_sample
from .donor_windows import OTHER_PRODUCTS, donor_window
from .pair_samples import PairSamples
from .sample_files import ManifestRow, save_sample, small
from .transplant_request import TransplantRequest

GRID_ROWS = 8  # at most, unless there are more pairs

Sample = tuple[ManifestRow, list[np.ndarray]]  # and its row of grid.png


def write_transplants(
    records: list[Record],
    rules: Rules,
    request: TransplantRequest,
    out: Path,
    report: Progress,
    donors: list[Record] | None = None,
) -> dict[Pair, int]:
    """Draws from the train split alone. Each product's own defects, or those that other products of `donors` have.
    Writes images, masks, manifest.csv (how each was made), and grid.png with the defective photograph, the good one,
    the sample, and its mask in each row. Samples of CutPaste, and windows of donors, have a row of each product.

    Returns how many transplants each pair has. A defect of another product that covers too much of a window, or does
    not show on this one, gives none. Raises ValueError for a folder that is not empty, a product without good
    photographs, data without defects to transplant, windows of donors without donors, and a request for nothing.
    """
    if out.exists() and any(out.iterdir()):
        raise ValueError(f"{out} is not empty")
    if not (request.count or request.cut_paste or request.donor_windows):
        raise ValueError("count is 0, must be at least 1 without cut_paste and donor_windows")
    if request.donor_windows and donors is None:
        raise ValueError(f"donor_windows is {request.donor_windows}, must be 0 without donors")
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
    if not groups and (request.count or request.donor_windows):
        whose = "" if donors is None else f" of products other than {', '.join(products)} among the donors"
        raise ValueError(f"no defective photograph{whose} in the train split to transplant from")
    rows: list[ManifestRow] = []
    pictures: list[list[np.ndarray]] = []
    counts = dict.fromkeys(sorted(groups), 0)
    for index, pair in enumerate(counts):
        samples = PairSamples(pair[0], groups[pair], good[pair[0]], rules, request, out)
        for number in range(request.count):
            report(f"transplant {'/'.join(pair)}", number + 1, request.count, {})
            made = samples.make(number, np.random.default_rng((request.seed, index, number)))
            if made is None:
                continue
            rows.append(made[0])
            if counts[pair] < max(1, GRID_ROWS // len(groups)):
                pictures.append(made[1])
            counts[pair] += 1
    if request.count and not rows:
        raise ValueError(f"no defect of the donors shows on {', '.join(products)}")
    for index, product in enumerate(products):
        pasted = _cut_paste(good[product], rule_of(rules, product), request, index, out)
        whole = _windows_of_donors(good[product], _pairs_of_others(product, donors or []), rules, request, index, out)
        plain: list[tuple[str, int, Iterator[Sample]]] = [
            (f"CutPaste {product}", request.cut_paste, pasted),
            (f"windows of donors {product}", request.donor_windows, whole),
        ]
        for phase, total, made_of_product in plain:
            for number, (row, shown) in enumerate(made_of_product):
                rows.append(row)
                if number == 0:
                    pictures.append(shown)
                report(phase, number + 1, total, {})
    with (out / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([field.name for field in fields(ManifestRow)])
        writer.writerows(astuple(row) for row in rows)
    Image.fromarray(grid(pictures)).save(out / "grid.png")
    return counts


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


def _cut_paste(
    good: list[Record], rule: WindowRule, request: TransplantRequest, index: int, out: Path
) -> Iterator[Sample]:
    """The good photographs of the product take turns."""
    for number in range(request.cut_paste):
        rng = np.random.default_rng((request.seed, index, number, 1))
        ground, donor = good[number % len(good)], good[rng.integers(len(good))]
        image, before, mask = cut_paste_sample(ground, donor, rule, rng)
        place = save_sample(out, ground, CUT_PASTE, number, image, mask)
        shown = [load_image(donor.image), before, image, outlined(image, mask)]
        yield ManifestRow(place, "train", None, None, donor.place, ground.place, None), [small(p) for p in shown]


def _pairs_of_others(product: str, donors: list[Record]) -> list[list[Record]]:
    others = sorted({record.product for record in donors})
    return [group for other in others if other != product for group in _donors_of(other, donors, None).values()]


def _windows_of_donors(
    good: list[Record], groups: list[list[Record]], rules: Rules, request: TransplantRequest, index: int, out: Path
) -> Iterator[Sample]:
    side = rule_of(rules, good[0].product).window
    for number in range(request.donor_windows if groups else 0):
        image, mask, donor = donor_window(groups, rules, side, np.random.default_rng((request.seed, index, number, 2)))
        place = save_sample(out, good[0], OTHER_PRODUCTS, number, image, mask)
        shown = [load_image(donor.image), load_image(good[0].image), image, outlined(image, mask)]
        yield ManifestRow(place, "train", None, None, donor.place, "", None), [small(picture) for picture in shown]
