"""The validation part: photographs of the train split that are kept out of training to compare candidate models.

Candidates are compared on this part, so that the test split only measures the chosen model, once. A model that was
chosen on the test split would be tuned to it. The split depends on the photographs' paths only, so that training and
evaluation always use the same one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from ..config import LEARNT, UNSEEN, UNSEEN_SINCE, ValidationState
from .record import Record
from .source_photographs import apart_from

SHARE = 0.25  # of each (product, defect); at least one photograph if it has two or more
SEED = 0


def validation_places(records: Iterable[Record], seed: int = SEED) -> set[str]:
    """`Record.place` of the validation photographs. `records` must hold all or none of each (product, defect)."""
    groups: dict[tuple[str, str], set[str]] = {}
    for record in records:
        if record.split == "train":
            groups.setdefault((record.product, record.defect), set()).add(record.place)
    chosen: set[str] = set()
    for places in groups.values():
        count = max(1, round(SHARE * len(places))) if len(places) > 1 else 0
        chosen |= set(sorted(places, key=lambda place: hashlib.sha256(f"{seed} {place}".encode()).digest())[:count])
    return chosen


def without_validation(records: list[Record], sources: dict[str, str]) -> list[Record]:
    """Without photographs of the same `sources` (see read_sources), too."""
    places = validation_places(records)
    validation = [record for record in records if record.place in places]
    return apart_from(validation, [record for record in records if record.place not in places], sources)


def as_test_split(records: list[Record], sources: dict[str, str]) -> list[Record]:
    """The train split only, with its validation part as the test split, and without the photographs of the same
    `sources` that are not in it."""
    there = [record for record in records if record.split == "train"]
    places, learnt = validation_places(there), {record.place for record in without_validation(there, sources)}
    return [
        replace(record, split="test" if record.place in places else "train")
        for record in there
        if record.place in places | learnt
    ]


def continued(bundle: ValidationState, requested: ValidationState) -> ValidationState:
    """The validation state of a run that starts from a bundle with state `bundle` and trains with state `requested`."""
    if requested == LEARNT:
        return LEARNT
    return UNSEEN if bundle == UNSEEN else UNSEEN_SINCE
