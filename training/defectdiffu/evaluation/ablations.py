"""The ablations of the paper: the same training without one component each, measured in the same way.

fusion part    each block is conditioned on the product or the defect; none on both (Fig. 2's third part)
adaptive loss  R = 3 for every sample instead of Eq. 8-9
prompts        one phrase, "a photo of {defect} {product}", for all three parts
strength       every sample at w_d = 1 instead of a range of strengths
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..checkpoints.runs import Run
from ..checkpoints.trained_model import load_autoencoder, load_trained
from ..config import TrainingConfig, changes
from ..data.windows import Rules, pair_weights
from ..files.atomic import write_text
from ..progress import Progress
from ..training.devices import build_accelerator
from ..training.latent_cache import load_latent_cache
from ..training.schedule import StepSchedule
from ..training.train import train_denoiser
from .evaluate import evaluate
from .plan import EvaluationPlan
from .results_store import ResultsStore
from .tables import columned, mean_of

WHOLE, ONE_STRENGTH = "whole", "one strength"
FIXED_RATIO = 3.0
SECTIONS = ["quality", "masks", "judgement"]


def without_fusion(config: TrainingConfig) -> TrainingConfig:
    """The same depth, but the fusion blocks become blocks of the other parts; the last layer gets the defect."""
    denoiser = config.denoiser
    more = denoiser.fusion_blocks // 2
    background = denoiser.background_blocks + more
    defect = denoiser.depth - background
    return replace(
        config,
        denoiser=replace(denoiser, background_blocks=background, defect_blocks=defect, fusion_blocks=0),
        prompts=replace(config.prompts, fusion=config.prompts.defect),
    )


def fixed_ratio(config: TrainingConfig) -> TrainingConfig:
    return replace(config, loss=replace(config.loss, ratio_min=FIXED_RATIO, ratio_max=FIXED_RATIO))


def one_prompt(config: TrainingConfig) -> TrainingConfig:
    phrase = config.prompts.fusion
    return replace(config, prompts=replace(config.prompts, background=phrase, defect=phrase))


VARIANTS: dict[str, Callable[[TrainingConfig], TrainingConfig]] = {
    WHOLE: lambda config: config,
    "no fusion part": without_fusion,
    "R = 3": fixed_ratio,
    "one prompt": one_prompt,
}

INTERVALS = (60, 1e9)  # seconds between checkpoints and between sample grids


def ablate(
    base: Run, config: TrainingConfig, data: Path, rules: Rules, plan: EvaluationPlan, out: Path, progress: Progress
) -> Path:
    """Trains every variant of `config` from scratch on the autoencoder and the latent cache of `base`, for the same
    number of steps. Measures it on the test split into out/<variant>/figures.json, writes out/README.md and returns it.

    A repeated call continues where the last one stopped. Raises FileNotFoundError if `base` has no latent cache yet,
    and ValueError if its autoencoder is not the one of `config`.
    """
    if differing := changes(base.config().autoencoder, config.autoencoder, "autoencoder."):
        raise ValueError(f"{base.directory}: the preset's autoencoder is not that of the base: {'; '.join(differing)}")
    cache = load_latent_cache(base.latent_cache)
    weights = pair_weights(rules, cache.pairs)
    all_results: dict[str, ResultsStore] = {}
    for name, change in VARIANTS.items():
        run = Run(out / folder(name) / "run")
        changed = run.open(change(config))
        if not run.autoencoder.exists():
            shutil.copyfile(base.autoencoder, run.autoencoder)
        autoencoder = load_autoencoder(run, changed)
        accelerator = build_accelerator(changed.optimiser.mixed_precision)
        schedule = StepSchedule(changed.optimiser, changed.optimiser.total_steps)
        train_denoiser(run, changed, cache, autoencoder, weights, schedule, INTERVALS, accelerator, progress)
        model = load_trained(run)
        all_results[name] = evaluate(model, data, rules, plan, SECTIONS, out / folder(name), progress)
        if name == WHOLE:
            single = replace(plan, strengths=(1.0, 1.0))
            all_results[ONE_STRENGTH] = evaluate(
                model, data, rules, single, SECTIONS, out / folder(ONE_STRENGTH), progress
            )
    return _write(all_results, config, out)


def folder(variant: str) -> str:
    return variant.replace(" ", "-").replace("=", "is")


FIGURES = {
    "Fréchet distance": ("quality", "frechet"),
    "perceptual diversity": ("quality", "diversity"),
    "mask IoU on real defects": ("masks on real defects", "iou"),
    "mask IoU with the change": ("masks of samples", "agreement"),
    "change inside : outside": ("masks of samples", "localisation"),
    "found by a segmenter": ("judgement", "found"),
}


def _cell(head: str) -> Callable[[dict], str]:
    return lambda figures: "" if figures[head] is None else f"{figures[head]:.3g}"


def _write(all_results: dict[str, ResultsStore], config: TrainingConfig, out: Path) -> Path:
    """Means over the pairs."""
    rows = {
        name: {head: mean_of(results.section(section), [key]).get(key) for head, (section, key) in FIGURES.items()}
        for name, results in all_results.items()
    }
    cells = {head: _cell(head) for head in FIGURES}
    seen = config.optimiser.total_steps * config.optimiser.batch_size
    lines = [
        "# Ablations",
        "",
        f"Each trained from scratch on {seen} windows, else alike. Means over the pairs, measured on the test split.",
        "",
        *columned("variant", cells, rows),
        "",
    ]
    path = out / "README.md"
    write_text(path, "\n".join(lines))
    return path
