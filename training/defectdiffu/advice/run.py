"""One advice, from the photographs of a product to its files."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from ..comparison.batches import composition
from ..comparison.compare import RESULTS
from ..comparison.detectors import DETECTORS
from ..comparison.folder_lock import only_process_in
from ..comparison.generated import BundleSamples
from ..comparison.measurement import Product
from ..comparison.photographs import TooFew
from ..comparison.plan import ComparisonPlan, conditions_of
from ..comparison.sources import SOURCES
from ..comparison.store import ComparisonStore
from ..config.choices import require_choices
from ..data.layout import GOOD
from ..data.source_photographs import source_of
from ..progress import Progress
from .advise import Advice
from .candidates import ADVISABLE, KINDS, Candidate, candidates_of
from .document import write_document
from .findings import Findings, Photographs
from .folds import CHOICE, CONFIRMATION, Fold, divide_into_folds
from .notes import notes
from .page import write_page
from .request import request_of
from .time_budget import TimeBudget
from .trainings import Trainings

NO_TIME = "the time ended before it was trained"


@dataclass(frozen=True)
class BundleFile:
    path: Path
    precision: str
    fair: bool  # trained on none of the photographs that the folds for confirming hold out


@dataclass(frozen=True)
class AdvicePlan:
    comparison: ComparisonPlan
    detector: str = "small UNet"
    methods: tuple[str, ...] = ADVISABLE

    def __post_init__(self) -> None:
        require_choices("methods", self.methods, ADVISABLE)
        require_choices("detector", [self.detector], [name for name, each in DETECTORS.items() if each.segments])


def advise(
    product: Product,
    plan: AdvicePlan,
    bundle: BundleFile | None,
    out: Path,
    budget: TimeBudget,
    report: Progress,
    tell: Callable[[str], None] = lambda note: None,
) -> Findings:
    """Trains until the time is spent, and writes advice.md, advice.json and generate.json into `out`. A later call
    continues from the trainings that are finished. `tell` hears at once what will limit the answer.

    Raises ValueError for a damaged bundle, when no method with samples or none without can be trained, or when `out`
    was made from other photographs, of another bundle or under other conditions, or another process measures into it.
    """
    default, own = product.rules
    windows = {"default": asdict(default), "products": {name: asdict(rule) for name, rule in own.items()}}
    name = product.records[0].product
    conditions = conditions_of(asdict(plan.comparison)) | {"windows": windows, "product": name}
    if product.others:
        conditions["donors"] = dict(sorted(Counter(f"{r.product}/{r.defect}" for r in product.others).items()))
    with only_process_in(out):
        store = ComparisonStore(out / RESULTS, conditions)
        samples = _open(bundle, plan.comparison, out, budget.guard(report)) if bundle else None
        trainings = Trainings(_folds(product), store, plan.detector, samples, budget, report)
        unavailable = _unavailable(plan, trainings)
        photographs = _photographs(product, list(trainings.folds.values()))
        for note in notes(photographs, samples.problem(product.pairs) if samples else None):
            tell(note)
        found = _findings(
            product, plan, trainings, photographs, unavailable, samples, bundle is None or not bundle.fair
        )
        request = request_of(found, product, plan.comparison.sampler_steps)
        write_document(found, request, conditions, out)
        write_page(found, plan.comparison, plan.detector, out, request)
    return found


def _open(bundle: BundleFile, plan: ComparisonPlan, out: Path, report: Progress) -> BundleSamples:
    saw = "all but the photographs for confirming" if bundle.fair else "all photographs, as far as can be known"
    return BundleSamples(bundle.path, saw, bundle.precision, plan, out, report)


def _folds(product: Product) -> list[Fold]:
    """None with too few photographs: then nothing is trained, and the advice says so."""
    try:
        return divide_into_folds(product)
    except TooFew:
        return []


def _unavailable(plan: AdvicePlan, trainings: Trainings) -> dict[Candidate, str]:
    """The candidates that have nothing to train on, and why. Raises ValueError when that leaves nothing to compare."""
    made: dict[Candidate, str] = {}
    for kind, candidates in zip(KINDS, candidates_of(plan.methods), strict=True):
        reasons = {each: reason for each in candidates if (reason := trainings.reason_without_figures(each))}
        if len(reasons) == len(candidates):
            said = "; ".join(f"{each.name}: {reason}" for each, reason in reasons.items())
            raise ValueError(f"methods has none {kind} that can be trained ({said})")
        made |= reasons
    return made


def _findings(
    product: Product,
    plan: AdvicePlan,
    trainings: Trainings,
    photographs: Photographs,
    unavailable: dict[Candidate, str],
    bundle: BundleSamples | None,
    bundle_saw_all: bool,
) -> Findings:
    advice = Advice(trainings, plan.comparison)
    kinds = with_samples, without = candidates_of(plan.methods)
    available = [[each for each in kind if each not in unavailable] for kind in kinds]
    ours, theirs = advice.choose(*available) if trainings.folds else (None, None)
    plain = next((each for each in without if not each.sources), None)
    tried = advice.tried()
    compared: list[Candidate] = []
    if ours and theirs:
        compared = list(dict.fromkeys((ours, theirs, *((plain,) if plain else ()))))
        advice.measure(compared)
    figures = advice.figures(compared) if compared else {}
    if figures:  # not by the choice, where a baseline can be lucky, too
        theirs = max(compared[1:], key=lambda each: figures[each.name])
    both = (ours, theirs, compared) if ours and theirs else None
    seen = {each.candidate for each in tried}
    without_time = {each.name: NO_TIME for each in [*with_samples, *without] if each not in seen and trainings.folds}
    return Findings(
        product=product.records[0].product,
        headline=DETECTORS[plan.detector].headline,
        photographs=photographs,
        tried=tried,
        skipped=without_time | {each.name: reason for each, reason in unavailable.items()},
        ours=ours,
        theirs=theirs,
        plain=plain,
        gain=advice.gain(*both) if both else {},
        figures=figures,
        curve=advice.curve(*both) if both else [],
        bundle=bundle.model_name if bundle else None,
        bundle_saw_all=bundle_saw_all,
        trainings=len(trainings.store.trainings),
        minutes=trainings.seconds() / 60,
        given=trainings.budget.seconds / 60,
        needed=None if (needed := advice.fewest_seconds()) is None else needed / 60,
        samples=_samples(trainings, ours, len(product.pairs), plan.comparison) if ours else {},
        lowest_scores=_lowest_scores(trainings, ours) if ours else {},
    )


def _photographs(product: Product, folds: list[Fold]) -> Photographs:
    counts = Counter(record.defect for record in product.records)
    normal = counts.pop(GOOD)
    measured = {record.defect for fold in folds for record in fold.product.test}

    def sources(part: str) -> int:
        held_out = [record for fold in folds if fold.part == part for record in fold.product.test]
        return len({source_of(record, product.sources) for record in held_out if record.defect != GOOD})

    unmeasured = sorted(set(counts) - measured)
    return Photographs(dict(counts), normal, sources(CHOICE), sources(CONFIRMATION), unmeasured)


def _samples(trainings: Trainings, ours: Candidate, pairs: int, plan: ComparisonPlan) -> dict[str, int]:
    """Samples per pair that a training of `ours` saw, by source: those that a bundle drew, or the fresh ones of the
    batches until the step whose weights were kept."""
    steps = [entry["best_step"] for entry in trainings.entries_of(ours)]
    synthetic = composition(replace(plan, synthetic_share=ours.share), True, True).synthetic / len(ours.sources)
    fresh = math.ceil(np.mean(steps) * synthetic / pairs) if steps else 0
    return {source: plan.samples if SOURCES[source].needs_bundle else fresh for source in ours.samples_from}


def _lowest_scores(trainings: Trainings, ours: Candidate) -> dict[str, float]:
    """The lowest score that the better half kept in any training, by pair."""
    made: dict[str, float] = {}
    for entry in trainings.entries_of(ours):
        for pair, score in entry["lowest_scores"].items():
            made[pair] = min(score, made.get(pair, score))
    return made
