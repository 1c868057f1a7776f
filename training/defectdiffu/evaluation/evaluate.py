"""The evaluation of a trained model on a data set in the MVTec AD layout. Nothing is trained on the
split that is measured: the test split or the validation part."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from ..checkpoints.trained_model import TrainedModel
from ..config import LEARNT
from ..config.choices import require_choices
from ..data.layout import read_data_set, read_layout
from ..data.source_photographs import read_sources
from ..data.validation_split import RULE, as_test_split
from ..data.windows import Rules
from ..progress import Progress
from ..sampling.generator import Generator
from .context import EvaluationContext
from .downstream import DRAWN, METHODS
from .measured_settings import measured_settings
from .plan import VALIDATION, EvaluationPlan
from .results_store import ResultsStore
from .sections import DETECTOR_SECTIONS, MEASURES


def evaluate(
    model: TrainedModel,
    data: Path,
    rules: Rules,
    plan: EvaluationPlan,
    sections: list[str],
    out: Path,
    progress: Progress,
    baselines: Path | None = None,
    graphs: tuple[str, Generator] | None = None,
    methods: tuple[str, ...] = METHODS,
) -> ResultsStore:
    """Measures the sections (keys of MEASURES) into out/figures.json and returns it.

    `baselines` is another model's figures.json: the detectors trained without samples are not trained again. `graphs`
    are their precision and the generator that draws with them instead of the model's own network. `methods` are those
    that detectors are trained with; a later call may add others.

    Raises DataError for a bad data set. Raises ValueError for an unknown section or method, for none of them, if
    nothing is held out, if the model knows none of the pairs, or if `out` holds the figures of other settings,
    photographs, windows, or weights.
    """
    require_choices("sections", sections, MEASURES)
    require_choices("methods", methods, METHODS)
    settings = asdict(plan) | {"model": f"{model.config.name}@{model.config.version}", "step": model.step}
    if graphs:
        settings["graphs"] = graphs[0]
    if plan.split == VALIDATION:
        settings["validation_part"] = RULE
        known = settings["validation"] = model.config.validation
        if known == LEARNT:
            raise ValueError(
                f"split is {plan.split}, but {settings['model']} has learnt it: train with --without-validation"
            )
    records = read_data_set(data, list(plan.products) or None)
    if plan.split == VALIDATION:
        records = as_test_split(records, read_layout(data), read_sources(data))
    if not any(record.split == "test" for record in records):
        raise ValueError(f"{data}: nothing is held out to measure on; manifest.csv names the images of the test split")
    results = ResultsStore(out / "figures.json", settings | measured_settings(model, records, rules))
    if baselines:
        results.adopt(baselines, DETECTOR_SECTIONS, lambda key: key.split("/")[1] not in DRAWN)
    context = EvaluationContext(model, records, rules, plan, out, progress, graphs[1] if graphs else None, methods)
    if not context.pairs:
        raise ValueError(f"{data}: none of its pairs is in the model's vocabulary: {model.vocabulary.trained_pairs}")
    for section in sections:
        MEASURES[section](context, results)
    return results
