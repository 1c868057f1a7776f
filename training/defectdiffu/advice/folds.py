"""The folds of a cross-validation on the user's own photographs.

A fold holds out some source photographs of the train split. Detectors train on the rest and are measured on them. The
methods are chosen in the folds for choosing. The gain is measured in the folds for confirming, whose photographs the
choice never saw, so that a method that was lucky in the choice is not lucky again in the gain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ..comparison.crops import Crops, without_zoom
from ..comparison.measurement import TEST_STREAM, Product
from ..comparison.photographs import TooFew
from ..data.layout import GOOD
from ..data.record import Record
from ..data.source_photographs import source_of
from ..evaluation.real_windows import Windows

FOLDS = 4
FOLD_STREAM = 81  # of the random generator
CHOICE, CONFIRMATION = "choice", "confirmation"
WINDOWS_PER_PHOTOGRAPH = 4  # held out
MAX_WINDOWS = 256  # held out per fold; at least one per photograph


@dataclass(frozen=True)
class Fold:
    """`product`: its held-out photographs are the test split."""

    name: str
    part: str  # CHOICE or CONFIRMATION
    product: Product

    def held_out_windows(self) -> Windows:
        """Several windows of each held-out photograph, the same ones for every training."""
        plan, held_out = self.product.plan, self.product.test
        rng = np.random.default_rng((plan.seed, TEST_STREAM))
        crops = Crops(held_out, without_zoom(self.product.rules), plan.size)
        return crops.in_turn(rng, self._windows_per_photograph * len(held_out))

    def held_out_rows(self) -> list[dict[str, str]]:
        """Photograph, source and defect of each held-out window."""
        rows = [
            {"photograph": record.place, "source": source_of(record, self.product.sources), "defect": record.defect}
            for record in self.product.test
        ]
        return rows * self._windows_per_photograph

    def fewest_training_photographs(self) -> int:
        """Of any defect."""
        counts = Counter(r.defect for r in self.product.records if r.split == "train" and r.defect != GOOD)
        return min(counts.values())

    @property
    def _windows_per_photograph(self) -> int:
        return max(1, min(WINDOWS_PER_PHOTOGRAPH, MAX_WINDOWS // len(self.product.test)))


def divide_into_folds(product: Product) -> list[Fold]:
    """Folds of the train split, those for choosing first. The test split of `product` is left out altogether.

    Sources of a defect (or of normal photographs) that has one source alone are trained on in every fold and never
    held out. Raises TooFew when no defect has two sources.
    """
    records = [record for record in product.records if record.split == "train"]
    by_source = _defects_by_source(records, product.sources)
    sources_of_defect = Counter(defect for defects in by_source.values() for defect in defects)
    free = {source: defects for source, defects in by_source.items() if min(sources_of_defect[d] for d in defects) > 1}
    most = max((n for d, n in _count(free.values()).items() if d != GOOD), default=0)
    for count in range(min(FOLDS, most), 1, -1):
        parts = _deal(free, sources_of_defect, count, np.random.default_rng((product.plan.seed, FOLD_STREAM)))
        if all(_defective_sources(part, free) for part in parts):
            parts.sort(key=lambda part: _defective_sources(part, free))  # the larger ones confirm
            return [_fold(product, records, part, i, count // 2) for i, part in enumerate(parts)]
    raise TooFew(
        f"{records[0].product if records else 'the product'}: no defect has two source photographs to train on; "
        "a detector cannot be trained and measured on the same photograph"
    )


def _fold(product: Product, records: list[Record], held_out: set[str], index: int, choosing: int) -> Fold:
    part, number = (CHOICE, index + 1) if index < choosing else (CONFIRMATION, index + 1 - choosing)
    split = lambda record: "test" if source_of(record, product.sources) in held_out else "train"  # noqa: E731
    divided = [replace(record, split=split(record)) for record in records]
    return Fold(f"{part} {number}", part, replace(product, records=divided))


def _deal(
    sources: dict[str, set[str]], sources_of_defect: Counter[str], count: int, rng: np.random.Generator
) -> list[set[str]]:
    """Every source to the fold with the fewest of its rarest defect, the rarest defects first."""
    names = sorted(sources)
    shuffled = [names[i] for i in rng.permutation(len(names))]
    rarest = {name: min(sources[name], key=lambda defect: (sources_of_defect[defect], defect)) for name in names}
    parts: list[set[str]] = [set() for _ in range(count)]
    for name in sorted(shuffled, key=lambda name: (sources_of_defect[rarest[name]], rarest[name])):
        alike = lambda part, name=name: sum(rarest[name] in sources[other] for other in part)  # noqa: E731
        min(parts, key=lambda part: (alike(part), len(part))).add(name)
    return parts


def _defects_by_source(records: list[Record], sources: dict[str, str]) -> dict[str, set[str]]:
    made: dict[str, set[str]] = {}
    for record in records:
        made.setdefault(source_of(record, sources), set()).add(record.defect)
    return made


def _defective_sources(part: set[str], sources: dict[str, set[str]]) -> int:
    return sum(bool(sources[name] - {GOOD}) for name in part)


def _count(defects: Iterable[set[str]]) -> Counter[str]:
    return Counter(defect for each in defects for defect in each)
