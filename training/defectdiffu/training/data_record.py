"""What a run learns from, recorded in it: a run that is continued must find the same photographs and windows.

Otherwise it would go on with windows of photographs that were put into the test split meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..checkpoints.runs import Run
from ..data.record import Record
from ..data.windows import Rules, rule_of
from ..files.atomic import write_text
from ..files.json_files import read_json
from ..progress import Tell

DataSummary = dict[str, dict[str, Any]]  # the SHA-256 of each photograph by its place, and each product's windows rule


def summary_of(records: list[Record], rules: Rules) -> DataSummary:
    """What of a data set decides the windows that are cut from it. Reads every file, and decodes none."""
    photographs = {record.place: _digest(record) for record in records}
    return {"photographs": photographs, "windows": cutting_rules({record.product for record in records}, rules)}


def cutting_rules(products: set[str], rules: Rules) -> dict[str, dict[str, Any]]:
    """Of each product, what decides how its windows are cut; its weight only decides how often they are drawn."""
    return {
        product: {name: value for name, value in asdict(rule_of(rules, product)).items() if name != "weight"}
        for product in sorted(products)
    }


def _digest(record: Record) -> str:
    """SHA-256 of the photograph, its mask, and what the layout says of both."""
    files = [path.read_bytes() for path in (record.image, record.mask) if path]
    parts = [sha256(file).hexdigest() for file in files]
    said = [record.product, record.defect, record.split, repr(record.marks)]
    return sha256("\n".join([*parts, *said]).encode()).hexdigest()


def record_data(run: Run, data: dict[str, DataSummary]) -> None:
    """`data`: a summary of each data set, by the option that names it."""
    run.directory.mkdir(parents=True, exist_ok=True)
    write_text(_path(run), json.dumps(data, indent=1))


def require_same_data(run: Run, data: dict[str, DataSummary], tell: Tell) -> None:
    """Checks that a run that is continued learns from what it began with; of a new run, records it. A run of an
    earlier version has no record, which is told.

    Raises ValueError that says what has changed.
    """
    if not run.trained():
        record_data(run, data)
    elif _path(run).exists():
        before = read_json(_path(run), *data)
        if changed := [change for name, now in data.items() for change in _changes(name, before[name], now)]:
            raise ValueError(
                f"{run.directory}: was begun with other data ({'; '.join(changed)}), which it has learnt: "
                "give another folder for the run, or restore that data"
            )
    elif run.latent_cache.exists():
        tell(
            f"warning: {run.directory}: was begun by an earlier version, which did not record the data; if "
            "photographs, masks, manifest.csv, or the windows file have changed since, give another folder for the run"
        )
    else:  # it has the weights of a bundle or a published checkpoint, and has learnt nothing yet
        record_data(run, data)


def _path(run: Run) -> Path:
    return run.directory / "data.json"


def _changes(name: str, before: DataSummary, now: DataSummary) -> Iterator[str]:
    old, new = before["photographs"], now["photographs"]
    gone, added = [place for place in old if place not in new], [place for place in new if place not in old]
    others = [place for place in old if place in new and old[place] != new[place]]
    for places, what in ((gone, "gone from"), (added, "new in"), (others, "changed in")):
        if places:
            yield f"photographs {what} {name}: {len(places)}, such as {places[0]}"
    for product in before["windows"].keys() & now["windows"].keys():
        was, rule = before["windows"][product], now["windows"][product]
        for setting in rule:
            if was.get(setting) != rule[setting]:
                yield f"{setting} of {product} in {name} was {was.get(setting)!r}, is {rule[setting]!r}"
