"""Words that a model reads alike of several products, and names that keep a product's defect apart."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from ..files.atomic import write_text
from .layout import GOOD, DataError, Pair, read_layout
from .layout_files import read_unified_names
from .layout_names import prompt_name

UNIFIED_NAMES = "unified_names.json"


def shared_words(root: Path, pairs: Iterable[Pair], known: Iterable[Pair] = ()) -> list[str]:
    """One sentence for each word of `pairs` of the data set `root` that is not `known` and that other products share.

    A defect of the same name is one defect to the model, which carries over what it learns; a word in a product's name
    begins with what it means in the others'.
    """
    pairs, known = set(pairs), set(known)
    return shared_defects(root, pairs, known) + _shared_products(pairs, known)


def shared_defects(root: Path, pairs: Iterable[Pair], known: Iterable[Pair]) -> list[str]:
    """Those of the defects alone: to an adapter, a new product's name begins as no product's."""
    pairs, known = set(pairs), set(known)
    sentences = []
    for word in sorted({defect for _, defect in pairs - known if defect != GOOD}):
        new = sorted(product for product, defect in pairs - known if defect == word)
        old = sorted({product for product, defect in pairs | known if defect == word} - set(new))
        if len(new) + len(old) > 1:
            products = f"{_and(new)} as that of {_and(old)}" if old else f"{_and(new)} as one"
            sentences.append(
                f"{word!r}: the model reads this defect of {products}, and carries over what it learns of it. "
                f'To keep one apart: defectdiffu-train check --data {root} --keep-apart "{new[0]}/{word}"'
            )
    return sentences


def _shared_products(pairs: set[Pair], known: set[Pair]) -> list[str]:
    names = {product for product, _ in known}
    return [
        f"{word!r} in the name of {product}: the model knows this word from {_and(of)}. "
        "To keep them apart, rename the product's folder"
        for product in sorted({product for product, _ in pairs} - names)
        for word in product.split()
        if (of := sorted(name for name in names if word in name.split()))
    ]


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def keep_apart(root: Path, pairs: Iterable[str]) -> dict[str, str]:
    """Gives each pair ("product/defect", as `check` lists them) a name of its own in unified_names.json: one word, as
    the model reads names word by word. Returns the new name of each pair.

    Raises DataError for a folder that is not in the layout, and where the data has no such pair.
    """
    there = {f"{r.product}/{r.defect}" for r in read_layout(root) if r.defect != GOOD}
    if unknown := [pair for pair in pairs if pair not in there]:
        raise DataError([f"{root}: no {pair!r}; there are: {', '.join(sorted(there))}" for pair in unknown])
    names = read_unified_names(root, [])
    given = {}
    for pair in pairs:
        product, defect = pair.split("/")
        given[pair] = f"{product} {defect}".replace(" ", "-")
        for folder in sorted(root.iterdir()):
            if prompt_name(folder.name) == product:
                names[folder.name] = _renamed(folder, names.get(folder.name, {}), defect, given[pair])
    write_text(root / UNIFIED_NAMES, json.dumps(names, indent=2, ensure_ascii=False) + "\n")
    return given


def _renamed(product: Path, names: dict[str, str], defect: str, name: str) -> dict[str, str]:
    folders = [folder.name for folder in (product / "test").iterdir() if folder.is_dir() and folder.name != GOOD]
    own = {folder: name for folder in folders if prompt_name(names.get(folder, folder)) == defect}
    return names | own
