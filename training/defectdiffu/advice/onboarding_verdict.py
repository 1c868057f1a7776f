"""The short form of an advice, with which an onboarding ends: whether the new samples show their defects, and whether
those of the known products still do. A segmenter that was trained on real photographs alone decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from ..checkpoints.trained_model import TrainedModel
from ..data.layout import Pair, read_data_set, read_layout
from ..data.record import Record
from ..data.source_photographs import read_sources
from ..data.validation_split import as_test_split
from ..data.windows import read_rules
from ..evaluation.context import EvaluationContext
from ..evaluation.generated_samples import GeneratedSamples, draw_pair
from ..evaluation.independent_segmenter import detected_share, segmenter_figures
from ..evaluation.plan import EvaluationPlan
from ..evaluation.sections import segmenter_of
from ..progress import Progress
from ..training.onboarding_plan import Photographs
from .time_budget import OutOfTime, TimeBudget

PLAN = EvaluationPlan(samples=12, windows=32, steps=12, segmenter_steps=200)
FEW_REAL = 0.25  # of the real defects: a segmenter that finds fewer cannot tell about samples
HALF = 0.5  # as often as in real photographs: the least that samples should show their defect


class Found(NamedTuple):
    """Shares of 0…1 in which the segmenter finds the defect of one pair."""

    pair: Pair
    samples: float
    twins: float  # normal twins of the samples, which show no defect
    real: float | None  # photographs that the segmenter did not train on; None: there are none
    before: float | None  # samples of the bundle before onboarding; None: the pair is new


@dataclass
class Verdict:
    found: list[Found] = field(default_factory=list)
    out_of_time: list[Pair] = field(default_factory=list)
    without_normal: list[Pair] = field(default_factory=list)  # no normal photograph to train a segmenter with


def judge(
    before: TrainedModel | None,
    after: TrainedModel,
    new: Photographs,
    replay: Photographs | None,
    out: Path,
    budget: TimeBudget,
    report: Progress,
) -> Verdict:
    """Measures the new pairs, then the known ones of the photographs for replay, until the time is spent. Every pair is
    new to a model that was trained from scratch: there is none before it."""
    report, verdict = budget.guard(report), Verdict()
    known = set(before.vocabulary.trained_pairs) if before else set()
    for photographs, is_new in ((new, True), (replay, False)):
        if photographs is None:
            continue
        rules = read_rules(photographs.windows, photographs.data)
        context = EvaluationContext(after, _records(photographs, known, is_new), rules, PLAN, out, report)
        waiting = list(context.trained.values())
        try:
            for found in _measured(context, before, known):
                verdict.found.append(found)
                waiting.remove(found.pair)
            verdict.without_normal += waiting
        except OutOfTime:
            verdict.out_of_time += waiting
    return verdict


def sentences(verdict: Verdict, minutes: float, replayed: bool, adapter: bool) -> list[str]:
    """The verdict for a terminal."""
    lines = [_sentence(found) for found in verdict.found]
    lines += [f"warning: {warning}" for warning in map(_warning, verdict.found) if warning]
    for pairs, reason in (
        (verdict.out_of_time, f"not measured within {minutes:g} minutes (--verdict-minutes gives more)"),
        (verdict.without_normal, "not measured, for there is no normal photograph to train on"),
    ):
        if pairs:
            lines.append(f"{', '.join(map('/'.join, pairs))}: {reason}")
    if adapter:
        lines.append("The known products are as they were: an adapter leaves the bundle unchanged.")
    elif not replayed:
        lines.append("The known products were not measured: this needs their photographs (--replay).")
    return lines


def with_test_split(records: list[Record], data: Path) -> list[Record]:
    """Without a test split, the validation part of the train split takes its place: a detector has to be measured on
    photographs that it did not see."""
    if any(record.split == "test" for record in records):
        return records
    return as_test_split(records, read_layout(data), read_sources(data))


def _records(photographs: Photographs, known: set[Pair], new: bool) -> list[Record]:
    """Of the pairs that are new or known."""
    records = read_data_set(photographs.data, photographs.products)
    wanted = {(r.product, r.defect) for r in records if r.mask is not None and ((r.product, r.defect) in known) != new}
    products = {product for product, _ in wanted}
    records = [r for r in records if (r.product, r.defect) in wanted or (r.mask is None and r.product in products)]
    return with_test_split(records, photographs.data)


def _measured(context: EvaluationContext, before: TrainedModel | None, known: set[Pair]) -> Iterator[Found]:
    for product in context.products:
        segmenter = segmenter_of(context, product)
        if segmenter is None:
            continue
        for pair in (pair for pair in context.trained.values() if pair[0] == product):
            samples = _drawn(context.generator, pair, context)
            figures = segmenter_figures(segmenter, samples, context.windows(*pair, "test"))
            share = None
            if before and pair in known:
                earlier = _drawn(before.generator(), pair, context, twins=False)
                share = detected_share(segmenter, earlier.image, earlier.mask)
            yield Found(pair, figures["found"], figures["foundInTwins"], figures.get("foundOfReal"), share)


def _drawn(generator, pair: Pair, context: EvaluationContext, twins: bool = True) -> GeneratedSamples:
    bar = context.bar(f"draw {'/'.join(pair)}")
    return draw_pair(generator, *pair, PLAN.samples, PLAN.strengths, PLAN.steps, PLAN.guidance, bar, twins)


def _sentence(found: Found) -> str:
    name = "/".join(found.pair)
    real = "" if found.real is None else f", {found.real:.0%} of real ones"
    if found.before is not None:
        return f"{name}: found in {found.before:.0%} of samples before, {found.samples:.0%} after{real}"
    return f"{name}: found in {found.samples:.0%} of samples, {found.twins:.0%} of their normal twins{real}"


def concern(found: Found) -> Literal["FEW_REAL_FOUND", "SHOWN_RARELY"] | None:
    """Why the samples of a new pair may be of no use."""
    if found.before is not None:
        return None
    if found.real is None or found.real < FEW_REAL:
        return "FEW_REAL_FOUND"
    return "SHOWN_RARELY" if found.samples - found.twins < HALF * found.real else None


def _warning(found: Found) -> str | None:
    """What a new pair needs before its samples are of use."""
    name, why = "/".join(found.pair), concern(found)
    if why == "FEW_REAL_FOUND":
        return f"{name}: the segmenter finds too few real ones to tell about samples: mark more photographs"
    if why == "SHOWN_RARELY":
        return (
            f"{name}: samples show their defect less than half as often as photographs: look at the image grids, give "
            "more --steps, or use `defectdiffu-train transplant`, which needs no training"
        )
    return None
