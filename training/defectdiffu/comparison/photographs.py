"""Which photographs a training sees: k defective ones per pair, drawn by source photograph, and a validation part.

Windows that were cut from one source photograph resemble each other. So a source is never divided between training
and validation, unless all photographs come from one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..data.layout import GOOD
from ..data.record import Record
from ..data.source_photographs import source_of
from .plan import ALL

VALIDATION_SHARE = 0.25  # of the photographs that a training sees
NORMAL_STREAM = 1_000  # of the random generators; pairs take the numbers below


class TooFew(ValueError):
    """A pair has fewer photographs than the shots ask for, or a source of samples none that can be used."""


@dataclass(frozen=True)
class Division:
    """Photographs of one group. With one source, validation has the same photographs as training, in other crops."""

    training: list[Record]
    validation: list[Record]


@dataclass(frozen=True)
class SeenPhotographs:
    """What one training sees of a product: `shots` defective photographs per pair, and all normal ones."""

    defective: Division
    normal: Division

    @property
    def places(self) -> list[str]:
        """The defective photographs, training and validation, sorted."""
        return sorted({record.place for record in [*self.defective.training, *self.defective.validation]})


def draw_photographs(
    records: list[Record], sources: dict[str, str], count: int | None, rng: np.random.Generator
) -> list[Record]:
    """`count` photographs or all of them, source by source in a random order.

    Raises TooFew when there are fewer than `count`.
    """
    if count is not None and count > len(records):
        raise TooFew(f"shots is {count}, but {records[0].product}/{records[0].defect} has {len(records)}")
    groups = _by_source(records, sources)
    ordered = []
    for i in rng.permutation(len(groups)):
        group = groups[i]
        ordered += [group[j] for j in rng.permutation(len(group))]
    return ordered[:count]


def divide(records: list[Record], sources: dict[str, str]) -> Division:
    """Puts the last sources into validation, until it has its share; one source at least is left to train on."""
    groups = _by_source(records, sources)
    target = max(1, round(VALIDATION_SHARE * len(records)))
    validation: list[Record] = []
    while len(groups) > 1 and len(validation) < target:
        validation += groups.pop()
    training = [record for group in groups for record in group]
    return Division(training, validation or training)


def seen_photographs(records: list[Record], sources: dict[str, str], shots: str, seed: int) -> SeenPhotographs:
    """Draws from the train split alone. `records` are of one product, `shots` a number or "all".

    Raises TooFew when a pair has too few photographs, ValueError when the product has no normal ones to train on.
    """
    seen = [record for record in records if record.split == "train"]
    normal = [record for record in seen if record.defect == GOOD]
    if not normal:
        raise ValueError(f"{records[0].product}: no normal photograph in the train split")
    training: list[Record] = []
    validation: list[Record] = []
    count = None if shots == ALL else int(shots)
    for i, defect in enumerate(sorted({record.defect for record in seen} - {GOOD}) if count != 0 else []):
        group = [record for record in seen if record.defect == defect]
        drawn = divide(draw_photographs(group, sources, count, np.random.default_rng((seed, i))), sources)
        training += drawn.training
        validation += drawn.validation
    shuffled = draw_photographs(normal, sources, None, np.random.default_rng((seed, NORMAL_STREAM)))
    return SeenPhotographs(Division(training, validation), divide(shuffled, sources))


def _by_source(records: list[Record], sources: dict[str, str]) -> list[list[Record]]:
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(source_of(record, sources), []).append(record)
    return list(groups.values())
