"""The model under evaluation, and the photographs that it is measured on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..layout import GOOD, Record
from ..trained import TrainedModel
from ..windows import Rules
from .downstream import ProductData
from .drawn import Drawn, draw_pair
from .plan import EvaluationPlan
from .real import Windows, cut_windows, join, shuffled

Progress = Callable[[str, int, int, dict[str, float]], None]
Pair = tuple[str, str]


class Subject:
    def __init__(
        self,
        model: TrainedModel,
        records: list[Record],
        rules: Rules,
        plan: EvaluationPlan,
        out: Path,
        report: Progress,
    ):
        self.model, self.rules, self.plan, self.out, self.report = model, rules, plan, out, report
        self.generator = model.generator()
        self.records: dict[tuple[str, str, str], list[Record]] = {}
        for record in shuffled(records, plan.seed):
            self.records.setdefault((record.product, record.defect, record.half), []).append(record)
        words, there = model.vocabulary, {(p, d) for p, d, _ in self.records if d != GOOD}
        #: Known to the model and photographed: trained pairs and, where the data set shows them, zero-shot ones.
        self.pairs = {
            name_of(pair): pair for pair in sorted(there) if pair[0] in words.products and pair[1] in words.defects
        }
        self.trained = {name: pair for name, pair in self.pairs.items() if pair in words.trained_pairs}
        self.products = sorted({product for product, _ in self.trained.values()})

    def windows(self, product: str, defect: str, half: str, count: int | None = None) -> Windows | None:
        """Real windows of one group, `count` or `plan.windows` of them; None where there is no photograph."""
        records = self.records.get((product, defect, half))
        wanted = count or self.plan.windows
        return self._cut(records, wanted) if records else None

    def drawn(self, pair: Pair, count: int | None = None, twins: bool = True) -> Drawn:
        """Samples of one pair, drawn once and kept beside the figures."""
        plan, count = self.plan, count or self.plan.samples
        stem = f"{name_of(pair).replace('/', '-').replace(' ', '_')}-{count}{'' if twins else '-alone'}"
        path = self.out / "drawn" / f"{stem}.npz"
        if path.exists():
            with np.load(path) as kept:
                return Drawn(**kept)
        bar = self.bar(f"draw {name_of(pair)}")
        drawn = draw_pair(self.generator, *pair, count, plan.strengths, plan.steps, plan.guidance, bar, twins)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".partial.npz")
        np.savez_compressed(temporary, **drawn._asdict())
        temporary.replace(path)
        return drawn

    def product_data(self, product: str) -> ProductData | None:
        """One window of every photograph of the trained pairs; None where a half lacks defective or normal ones."""
        defects = [defect for p, defect in self.trained.values() if p == product]
        halves = {}
        for half in ("train", "test"):
            groups = [self.records.get((product, defect, half), []) for defect in defects]
            defective = [self._cut(records, len(records)) for records in groups if records]
            normal = self.records.get((product, GOOD, half))
            if not defective or not normal:
                return None
            halves[half] = join(defective), self._cut(normal, len(normal))
        return ProductData(*halves["train"], join(list(halves["test"])))

    def bar(self, name: str) -> Callable[[int, int], None]:
        return lambda done, total: self.report(name, done, total, {})

    def _cut(self, records: list[Record], count: int) -> Windows:
        return cut_windows(records, self.rules, self.model.config.image_size, count, self.plan.seed)


def name_of(pair: Pair) -> str:
    return "/".join(pair)
