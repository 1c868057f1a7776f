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
from .source_photographs import source_of

SHARE = 0.25  # of each (product, defect); at least one photograph if it has two or more
SEED = 0
#: How the part is chosen, in the settings of stores: figures of another rule are others.
RULE = "by source photograph, one source is left"


def validation_places(there: Iterable[Record], sources: dict[str, str], seed: int = SEED) -> set[str]:
    """`Record.place` of the validation photographs. `there`: all of the data set. `sources`: see read_sources.

    Whole source photographs of each (product, defect) are in it, so that their windows are on one side; one source at
    least is not, so that there is something to train on. Where all come from one, single photographs are in it.
    """
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in there:
        if record.split == "train":
            groups.setdefault((record.product, record.defect), []).append(record)
    return {place for group in groups.values() for place in _chosen(group, sources, seed)}


def _chosen(group: list[Record], sources: dict[str, str], seed: int) -> set[str]:
    names = {record.place: source_of(record, sources) for record in group}
    if len(set(names.values())) == 1:
        names = {place: place for place in names}
    count = max(1, round(SHARE * len(names)))
    in_order = sorted(set(names.values()), key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())
    made: set[str] = set()
    for source in in_order[:-1]:  # the last one is left to train on
        if len(made) >= count:
            break
        made |= {place for place, name in names.items() if name == source}
    return made


def without_validation(records: list[Record], there: list[Record], sources: dict[str, str]) -> list[Record]:
    """Those of `records` that are not in the validation part of `there`, the whole data set, and show no source
    photograph that is. A (product, defect) that would have none left keeps those that are not in the part."""
    return _apart(records, there, validation_places(there, sources), sources)


def _apart(records: list[Record], there: list[Record], places: set[str], sources: dict[str, str]) -> list[Record]:
    shown = {source_of(record, sources) for record in there if record.place in places}
    outside = [record for record in records if record.place not in places]
    apart = {(record.product, record.defect) for record in outside if source_of(record, sources) not in shown}
    return [r for r in outside if source_of(r, sources) not in shown or (r.product, r.defect) not in apart]


def as_test_split(records: list[Record], there: list[Record], sources: dict[str, str]) -> list[Record]:
    """The train split only, with the validation part of `there` as the test split, and without what
    `without_validation` leaves out beside it."""
    records = [record for record in records if record.split == "train"]
    places = validation_places(there, sources)
    learnt = {record.place for record in _apart(records, there, places, sources)}
    return [
        replace(record, split="test" if record.place in places else "train")
        for record in records
        if record.place in places | learnt
    ]


def continued(bundle: ValidationState, requested: ValidationState) -> ValidationState:
    """The validation state of a run that starts from a bundle with state `bundle` and trains with state `requested`."""
    if requested == LEARNT:
        return LEARNT
    return UNSEEN if bundle == UNSEEN else UNSEEN_SINCE
