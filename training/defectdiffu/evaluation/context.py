"""The evaluation context: the model, the photographs it is measured on, and the samples drawn for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from ..checkpoints.trained_model import TrainedModel
from ..data.layout import GOOD, Pair
from ..data.record import Record
from ..data.windows import Rules
from ..progress import Progress
from ..sampling.generator import Generator
from .downstream import METHODS, ProductData
from .generated_samples import FIRST_SEED, SECOND_SEED, GeneratedSamples, draw_pair, more_confident_of
from .on_photographs import GUIDANCE, SamplesOnPhotographs, draw_pair_on_photographs, draw_pair_on_twins, shapes_of
from .plan import EvaluationPlan
from .real_windows import Windows, cut_windows, join, shuffled
from .segmenter import UNet

Made = TypeVar("Made", GeneratedSamples, SamplesOnPhotographs)


class EvaluationContext:
    def __init__(
        self,
        model: TrainedModel,
        records: list[Record],
        rules: Rules,
        plan: EvaluationPlan,
        out: Path,
        report: Progress,
        generator: Generator | None = None,
        methods: tuple[str, ...] = METHODS,
    ):
        """`generator` replaces the model's own. `methods` are those that detectors are trained with."""
        self.model, self.rules, self.plan, self.out, self.report = model, rules, plan, out, report
        self.methods = methods
        self.segmenters: dict[str, UNet | None] = {}  # see sections.judge_for
        self.generator = generator or model.generator()
        self.records: dict[tuple[str, str, str], list[Record]] = {}
        for record in shuffled(records, plan.seed):
            self.records.setdefault((record.product, record.defect, record.split), []).append(record)
        words, there = model.vocabulary, {(p, d) for p, d, _ in self.records if d != GOOD}
        #: Pairs that the model knows and the data set shows: the trained pairs and zero-shot ones.
        self.pairs = {
            name_of(pair): pair for pair in sorted(there) if pair[0] in words.products and pair[1] in words.defects
        }
        self.trained = {name: pair for name, pair in self.pairs.items() if pair in words.trained_pairs}
        self.products = sorted({product for product, _ in self.trained.values()})

    def windows(self, product: str, defect: str, split: str, count: int | None = None) -> Windows | None:
        """Real windows of one group, `count` or `plan.windows` of them; None if the group has no photographs."""
        records = self.records.get((product, defect, split))
        window_count = count or self.plan.windows
        return self._cut(records, window_count) if records else None

    def drawn(self, pair: Pair, count: int | None = None, twins: bool = True) -> GeneratedSamples:
        """Samples of one pair, drawn once and kept beside the figures."""
        return self._drawn(pair, count or self.plan.samples, "" if twins else "-alone", twins, FIRST_SEED)

    def more_confident(self, pair: Pair, count: int) -> GeneratedSamples:
        """Draws two samples at each strength and keeps the one with the more confident mask, without twins.

        This is what a bound on the confidence chooses, but with the strengths of all samples.
        """
        return more_confident_of(
            self.drawn(pair, count, twins=False), self._drawn(pair, count, "-again", False, SECOND_SEED)
        )

    def _drawn(self, pair: Pair, count: int, suffix: str, twins: bool, first_seed: int) -> GeneratedSamples:
        plan = self.plan
        path = self.out / "drawn" / f"{stem_of(pair)}-{count}{suffix}.npz"
        bar = self.bar(f"draw {name_of(pair)}")

        def draw() -> GeneratedSamples:
            return draw_pair(
                self.generator,
                *pair,
                count,
                plan.strengths,
                plan.steps,
                plan.guidance,
                bar,
                twins,
                first_seed,
                plan.sampler,
            )

        return _once(path, GeneratedSamples, draw)

    def each(self, product: str) -> int:
        """Samples per trained pair, so that the product gets `plan.ratio` samples per real defective photograph."""
        pairs = [pair for pair in self.trained.values() if pair[0] == product]
        real = sum(len(self.records.get((*pair, "train"), [])) for pair in pairs)
        return max(2, round(self.plan.ratio * real / len(pairs)))

    def on_photographs(self, pair: Pair, count: int) -> SamplesOnPhotographs:
        """Samples of one pair on normal photographs of the train split, drawn once and kept beside the figures."""
        path = self.out / "drawn" / f"{stem_of(pair)}-{count}-on-photographs.npz"
        return _once(path, SamplesOnPhotographs, lambda: self._draw_on_photographs(pair, count))

    def _draw_on_photographs(self, pair: Pair, count: int) -> SamplesOnPhotographs:
        plan, (product, defect) = self.plan, pair
        normal = self.windows(product, GOOD, "train", min(count, len(self.records[product, GOOD, "train"])))
        defective = self.windows(product, defect, "train", len(self.records[product, defect, "train"]))
        assert normal is not None and defective is not None
        bar = self.bar(f"draw {name_of(pair)} on photographs")
        shapes = shapes_of(defective)
        return draw_pair_on_photographs(
            self.generator, product, defect, normal.image, shapes, count, plan.steps, bar, sampler=plan.sampler
        )

    def on_twins(self, pair: Pair, count: int) -> SamplesOnPhotographs:
        """Samples of one pair on their own normal twins, drawn once and kept beside the figures."""
        path = self.out / "drawn" / f"{stem_of(pair)}-{count}-on-twins.npz"
        plan, size = self.plan, self.model.config.image_size
        guidance = GUIDANCE if pair in self.trained.values() else plan.guidance  # as the service draws them
        bar = self.bar(f"draw {name_of(pair)} on twins")

        def draw() -> SamplesOnPhotographs:
            return draw_pair_on_twins(
                self.generator, *pair, size, count, plan.strengths, plan.steps, guidance, bar, sampler=plan.sampler
            )

        return _once(path, SamplesOnPhotographs, draw)

    def product_data(self, product: str) -> ProductData | None:
        """One window of every photograph of the trained pairs; None if a split lacks defective or normal ones."""
        defects = [defect for p, defect in self.trained.values() if p == product]
        splits = {}
        for split in ("train", "test"):
            groups = [self.records.get((product, defect, split), []) for defect in defects]
            defective = [self._cut(records, len(records)) for records in groups if records]
            normal = self.records.get((product, GOOD, split))
            if not defective or not normal:
                return None
            splits[split] = join(defective), self._cut(normal, len(normal))
        return ProductData(*splits["train"], join(list(splits["test"])))

    def bar(self, name: str) -> Callable[[int, int], None]:
        return lambda done, total: self.report(name, done, total, {})

    def _cut(self, records: list[Record], count: int) -> Windows:
        return cut_windows(records, self.rules, self.model.config.image_size, count, self.plan.seed)


def name_of(pair: Pair) -> str:
    return "/".join(pair)


def stem_of(pair: Pair) -> str:
    """The beginning of the names of a pair's files. A name can have a hyphen, but no underscore (`prompt_name`)."""
    return "__".join(name.replace(" ", "_") for name in pair)


def _once(path: Path, kind: type[Made], make: Callable[[], Made]) -> Made:
    """Reads the samples from `path`, or makes and saves them if the file is missing or of an older version."""
    if path.exists():
        with np.load(path) as kept:
            if set(kept.files) == set(kind._fields):
                return kind(**kept)
    made = make()
    _keep(path, made._asdict())
    return made


def _keep(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Writes the file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial.npz")
    np.savez_compressed(temporary, **arrays)  # type: ignore[arg-type]
    temporary.replace(path)
