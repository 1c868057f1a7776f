"""The photographs of an advice: the train split of one product."""

from __future__ import annotations

from pathlib import Path

from ..comparison.compare import read_donors
from ..comparison.measurement import Product
from ..comparison.photograph_folders import write_records
from ..comparison.plan import ComparisonPlan
from ..data.layout import GOOD, read_data_set
from ..data.source_photographs import read_sources
from ..data.windows import Rules
from .folds import CONFIRMATION, divide_into_folds


def read_product(
    data: Path, rules: Rules, plan: ComparisonPlan, name: str | None, donors: tuple[Path, ...] = ()
) -> Product:
    """The train split of one product; no photograph of its test split is opened. `donors` are data sets whose defects
    are transferred to it.

    Raises DataError for a bad data set, ValueError when it has several products and none is named, or when the train
    split has no normal or no defective photograph.
    """
    records = read_data_set(data, [name] if name else None, lambda record: record.split == "train")
    products = sorted({record.product for record in records})
    if len(products) > 1:
        raise ValueError(f"{data}: has {len(products)} products ({', '.join(products)}); name one with --product")
    for kind, there in (
        ("normal", any(record.defect == GOOD for record in records)),
        ("defective", any(record.defect != GOOD for record in records)),
    ):
        if not there:
            raise ValueError(f"{data}: no {kind} photograph in the train split, must have some")
    others = tuple(record for record in read_donors(donors) if record.product not in products)
    return Product(records, read_sources(data), rules, plan, others)


def write_photographs_for_bundle(data: Path, product: Product, out: Path) -> Path:
    """Writes the photographs that no fold for confirming holds out as a data set, to onboard a bundle on.

    Raises TooFew when there are too few for folds, FileExistsError when `out` is there already.
    """
    folds = [fold for fold in divide_into_folds(product) if fold.part == CONFIRMATION]
    held_out = {record.place for fold in folds for record in fold.product.test}
    kept = [record for record in product.records if record.place not in held_out]
    return write_records(data, kept, product.sources, out)
