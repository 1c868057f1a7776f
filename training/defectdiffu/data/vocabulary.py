"""The words a model knows: the (product, defect) pairs it was trained on."""

from __future__ import annotations

from dataclasses import dataclass

from .layout import GOOD


@dataclass(frozen=True)
class Vocabulary:
    """`pairs` holds every (product, defect) seen in training, the normal state included."""

    pairs: list[tuple[str, str]]

    @property
    def products(self) -> list[str]:
        return sorted({p for p, _ in self.pairs})

    @property
    def defects(self) -> list[str]:
        """The defects, without the normal state."""
        return sorted({d for _, d in self.pairs if d != GOOD})

    @property
    def trained_pairs(self) -> list[tuple[str, str]]:
        return [(p, d) for p, d in self.pairs if d != GOOD]

    def require(self, pairs: list[tuple[str, str]], there: str, here: str) -> None:
        """Raises ValueError that says in which (product, defect) `pairs` differ from these: their words have their
        places in the tokenizer, so a model continues with the words that it began with."""
        lacking, extra = sorted(set(self.pairs) - set(pairs)), sorted(set(pairs) - set(self.pairs))
        if lacking or extra:
            name = lambda found: ", ".join("/".join(pair) for pair in found) or "nothing"  # noqa: E731
            raise ValueError(f"{here} does not fit {there}: it lacks {name(lacking)} and adds {name(extra)}")
