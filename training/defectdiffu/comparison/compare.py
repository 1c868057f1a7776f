"""Runs the trainings of a comparison, one after the other, and keeps each as soon as it is finished."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..config.choices import require_choices
from ..data.layout import GOOD, read_data_set, read_layout
from ..data.record import Record
from ..data.source_photographs import read_sources, source_of
from ..data.validation_split import RULE, as_test_split
from ..data.windows import Rules
from ..evaluation.plan import VALIDATION
from ..progress import Progress
from .detectors import DETECTORS
from .folder_lock import only_process_in
from .generated import BundleSamples
from .measurement import Product, TrainingData, measure
from .methods import METHODS
from .photographs import TooFew
from .plan import ComparisonPlan, conditions_of
from .store import ComparisonStore, Key

RESULTS = "comparison.json"
Bundles = dict[tuple[str, int] | None, BundleSamples]  # by shots and seed; None: for those without their own


@dataclass(frozen=True)
class Selection:
    """Which trainings to run. A later call may run others into the same store."""

    products: tuple[str, ...]  # none: all
    detectors: tuple[str, ...]
    shots: tuple[str, ...]
    methods: tuple[str, ...]
    seeds: int

    def __post_init__(self) -> None:
        require_choices("detectors", self.detectors, DETECTORS)
        require_choices("methods", self.methods, METHODS)
        if self.seeds < 1:
            raise ValueError(f"seeds is {self.seeds}, must be at least 1")

    def keys(self, products: list[str]) -> list[Key]:
        """Seeds last, so that what a time limit leaves out is the same seed of every method."""
        return [
            Key(product, detector, shots, method, seed)
            for seed in range(self.seeds)
            for detector in self.detectors
            for shots in self.shots
            for product in products
            for method in self.methods
        ]


def compare(
    data: Path,
    rules: Rules,
    plan: ComparisonPlan,
    selection: Selection,
    out: Path,
    progress: Progress,
    bundles: Callable[[], Bundles] = dict,
    minutes: float | None = None,
    donors: tuple[Path, ...] = (),
) -> ComparisonStore:
    """Measures into out/comparison.json. After `minutes` no further training begins. `donors` are data sets: defects of
    their train splits are transferred to the other products.

    Raises DataError for a bad data set, ValueError for a store of other conditions or photographs, for one that another
    process measures into, and for a product that a classifier cannot be measured on.
    """
    started = time.monotonic()
    defective = read_donors(donors)
    with only_process_in(out):
        store = ComparisonStore(out / RESULTS, _conditions(rules, plan, defective))
        products = read_products(data, rules, plan, selection.products, defective)
        _require_both_classes(products, selection.detectors)
        for name, product in products.items():
            store.require_same_test(name, rows_of_test(product))
        runs = _Runs(products, bundles(), store, progress)
        _run_all(runs, selection.keys(list(products)), store, progress, started, minutes)
    return store


def _conditions(rules: Rules, plan: ComparisonPlan, donors: list[Record]) -> dict[str, Any]:
    default, own = rules
    cut = {"default": asdict(default), "products": {name: asdict(rule) for name, rule in own.items()}}
    conditions = conditions_of(asdict(plan)) | {"windows": cut}
    if plan.split == VALIDATION:
        conditions["validation"] = RULE
    if donors:
        conditions["donors"] = dict(sorted(Counter(f"{r.product}/{r.defect}" for r in donors).items()))
    return conditions


def _require_both_classes(products: dict[str, Product], detectors: tuple[str, ...]) -> None:
    """A classifier without normal photographs to measure on has no figure, and would leave none for all products."""
    classifier = next((name for name in detectors if not DETECTORS[name].segments), None)
    for name, product in products.items():
        if classifier and not any(record.defect == GOOD for record in product.test):
            raise ValueError(
                f"{name} has no normal photograph in the {product.plan.split} split, and the detector {classifier!r} "
                "tells defective from normal windows: put one there, or leave out the product or the detector"
            )


def _run_all(
    runs: _Runs, wanted: list[Key], store: ComparisonStore, progress: Progress, started: float, minutes: float | None
) -> None:
    keys = [key for key in wanted if runs.is_possible(key)]
    done = [key for key in keys if store.has(key)]
    waiting = [key for key in keys if not store.has(key)]
    for i, key in enumerate(waiting):
        spent = (time.monotonic() - started) / 60
        if minutes is not None and spent >= minutes:
            break
        left = {"minutes left": spent / i * (len(waiting) - i)} if i else {}
        progress("compare", len(done) + i, len(keys), left)
        runs.run(key)
    finished = sum(store.has(key) for key in keys)
    progress("compare", finished, len(keys), {})


class _Runs:
    """Keeps the windows of the last product, shots and seed: the methods follow one another on them."""

    def __init__(self, products: dict[str, Product], bundles: Bundles, store: ComparisonStore, progress: Progress):
        self._products, self._bundles, self._store, self._progress = products, bundles, store, progress
        self._test = {name: product.test_windows() for name, product in products.items()}
        self._seen: tuple[tuple[str, str, int], TrainingData] | None = None

    def _bundle(self, key: Key) -> BundleSamples | None:
        if not METHODS[key.method].needs_bundle:
            return None
        return self._bundles.get((key.shots, key.seed)) or self._bundles.get(None)

    def is_possible(self, key: Key) -> bool:
        """Whether the training can run, or has run. Otherwise the store keeps the reason."""
        bundle = self._bundle(key)
        if self._store.has(key):
            self._store.require_same_bundle(key, bundle.name if bundle else None)
            return True
        product = self._products[key.product]
        reason = METHODS[key.method].reason_against(key.shots, bundle is not None, bool(product.others))
        if reason is None and bundle is not None and METHODS[key.method].needs_known_product:
            reason = bundle.problem(product.pairs)
        if reason:
            self._store.skip(key, reason)
        return reason is None

    def run(self, key: Key) -> None:
        group = (key.product, key.shots, key.seed)
        try:
            if self._seen is None or self._seen[0] != group:
                self._seen = group, TrainingData(self._products[key.product], key.shots, key.seed)
            bar = lambda done, total: self._progress(str(key), done, total, {})  # noqa: E731
            self._store.put(key, measure(key, self._seen[1], self._test[key.product], self._bundle(key), bar))
        except TooFew as error:
            self._store.skip(key, str(error))


def read_donors(folders: tuple[Path, ...]) -> list[Record]:
    """The defective photographs of the train splits. Raises DataError for a bad data set."""
    records = [record for folder in folders for record in read_data_set(folder)]
    return [record for record in records if record.split == "train" and record.mask]


def read_products(
    data: Path, rules: Rules, plan: ComparisonPlan, names: tuple[str, ...], donors: list[Record] | None = None
) -> dict[str, Product]:
    """The products of those names, all unless one is given, each with the donors of other products. Raises DataError
    for a bad data set, ValueError when one has nothing to measure on."""
    records = read_data_set(data, list(names) or None)
    sources = read_sources(data)
    if plan.split == VALIDATION:
        records = as_test_split(records, read_layout(data), sources)
    by_product: dict[str, list[Record]] = {}
    for record in records:
        by_product.setdefault(record.product, []).append(record)
    others = lambda name: tuple(record for record in donors or [] if record.product != name)  # noqa: E731
    products = {name: Product(group, sources, rules, plan, others(name)) for name, group in by_product.items()}
    for name, product in products.items():
        if not any(record.mask for record in product.test):
            raise ValueError(f"{data}: {name} has no defective photograph in the test split to measure on")
    return products


def rows_of_test(product: Product) -> list[dict[str, str]]:
    """What the store keeps of the test photographs, in the order of the histograms."""
    return [
        {"photograph": record.place, "source": source_of(record, product.sources), "defect": record.defect}
        for record in product.test
    ]
