"""Makes the transplanted samples of one product and defect."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..data.image_files import load_image, load_mask
from ..data.record import Record
from ..data.windows import Rules, WindowRule, resized_pair, rule_of
from ..sampling.image_grids import outlined
from .limits import limits_of
from .part import part_of
from .sample_files import ManifestRow, folder_of, save_sample, small
from .transfer import is_small, shows
from .transplant import GoodPhotograph, lay_on_best, vary_defect
from .transplant_request import TransplantRequest
from .variation import VARIED

PHOTOGRAPHS = 4  # good ones that are tried for each defect, unless a product has fewer


class PairSamples:
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

    def make(self, number: int, rng: np.random.Generator) -> tuple[ManifestRow, list[np.ndarray]] | None:
        """Where a defect finds no place, the next one takes its turn. None when none of other products finds one.

        Raises ValueError when none of the product's own defects does.
        """
        for turn in range(len(self._donors)):
            donor = self._donors[(number + turn) % len(self._donors)]
            if (made := self._made_of(donor, number, rng)) is not None:
                return made
        if donor.product != self._product:
            return None
        raise ValueError(
            f"{donor.place}: the defect is so small that it vanishes when it is scaled"
            + (f", as do the others of {donor.product}, {donor.defect}" if len(self._donors) > 1 else "")
        )

    def _made_of(
        self, donor: Record, number: int, rng: np.random.Generator
    ) -> tuple[ManifestRow, list[np.ndarray]] | None:
        image, mask = self._defect(donor)
        is_other = donor.product != self._product
        if not mask.any() or (is_other and not is_small(mask, self._rule(self._product).window)):
            return None
        seed, strength = int(rng.integers(2**31)), round(float(rng.uniform(*self._request.strengths)), 3)
        chosen = rng.choice(len(self._good), min(PHOTOGRAPHS, len(self._good)), replace=False)
        photographs = [load_image(self._good[i].image) for i in chosen]
        grounds = [GoodPhotograph(each, part_of(each)) for each in photographs]
        variants = vary_defect(image, mask, seed, self._limits)
        laid = lay_on_best(grounds, variants, strength, self._request.anywhere)
        if laid is None or not laid[1].mask.any():
            return None
        index, sample = laid
        if is_other and not shows(photographs[index], sample):
            return None
        place = save_sample(self._out, self._good[0], folder_of(donor.defect), number, sample.image, sample.mask)
        shown = [image, photographs[index], sample.image, outlined(sample.image, sample.mask)]
        good, difference = self._good[chosen[index]].place, round(sample.place.difference, 1)
        row = ManifestRow(place, "train", seed, strength, donor.place, good, difference)
        return row, [small(picture) for picture in shown]

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
        return rule_of(self._rules, product)
