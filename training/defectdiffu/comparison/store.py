"""The finished trainings of a comparison on disk: a comparison that was killed continues from them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

from ..evaluation.results_store import differing
from ..files.atomic import write_text
from ..files.json_files import read_json


class Key(NamedTuple):
    """One training."""

    product: str
    detector: str
    shots: str  # defective photographs per pair
    method: str
    seed: int

    def __str__(self) -> str:
        return "/".join(map(str, self))


class ComparisonStore:
    """`document`: conditions, products (their test photographs), skipped (key → reason), trainings (key → entry).

    An entry holds what the page is computed from: see `compare.measure`.
    """

    def __init__(self, path: Path, conditions: dict[str, Any]):
        """Opens the file or begins it. Raises ValueError when it is damaged or was made under other conditions."""
        self.path = path
        conditions = json.loads(json.dumps(conditions))
        self.document: dict[str, Any] = {"conditions": conditions, "products": {}, "skipped": {}, "trainings": {}}
        if path.exists():
            self.document = _with_null(read_json(path, *self.document))
            before = self.document["conditions"]
            if changed := differing(before, conditions):
                changes = "; ".join(f"{k} was {before.get(k)!r}, now {conditions.get(k)!r}" for k in changed)
                raise ValueError(f"{path}: made under other conditions ({changes}); give another folder")
        path.parent.mkdir(parents=True, exist_ok=True)

    @property
    def trainings(self) -> dict[Key, dict[str, Any]]:
        return {Key(*(entry[name] for name in Key._fields)): entry for entry in self.document["trainings"].values()}

    def has(self, key: Key) -> bool:
        return str(key) in self.document["trainings"]

    def put(self, key: Key, entry: dict[str, Any]) -> None:
        self.document["trainings"][str(key)] = key._asdict() | _with_null(entry)
        self.document["skipped"].pop(str(key), None)
        self._write()

    def skip(self, key: Key, reason: str) -> None:
        self.document["skipped"][str(key)] = reason

    def require_same_test(self, product: str, test: list[dict[str, str]]) -> None:
        """Raises ValueError when the store was measured on other test photographs."""
        before = self.document["products"].setdefault(product, test)
        if before != test:
            raise ValueError(
                f"{self.path}: {product} was measured on {len(before)} other test photographs; give another folder"
            )

    def require_same_bundle(self, key: Key, name: str | None) -> None:
        """Raises ValueError when the training used samples of another bundle."""
        before = self.document["trainings"][str(key)].get("bundle")
        if name is not None and before is not None and before["name"] != name:
            raise ValueError(f"{self.path}: {key} used {before['name']}, now {name}; give another folder")

    def _write(self) -> None:
        write_text(self.path, json.dumps(self.document, indent=1, allow_nan=False))


def _with_null(value: Any) -> Any:
    """None in place of every number that JSON does not have: NaN of a figure that cannot be told, and infinities."""
    if isinstance(value, dict):
        return {name: _with_null(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_null(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
