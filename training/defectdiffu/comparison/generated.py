"""Samples of a bundle, drawn once per pair, mode and seed, and kept on disk."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from ..checkpoints.from_adapter import load_model
from ..checkpoints.trained_model import TrainedModel
from ..data.layout import Pair
from ..data.windows import resized_pair
from ..evaluation.context import stem_of
from ..evaluation.generated_samples import BATCH, FIRST_SEED, draw_pair
from ..evaluation.on_photographs import (
    FIRST_DRAWING,
    GUIDANCE,
    PhotographDrawing,
    draw_pair_on_photographs,
    draw_pair_on_twins,
    shapes_of,
)
from ..evaluation.on_photographs import STRENGTHS as STRENGTHS_ON_PHOTOGRAPHS
from ..evaluation.plan import EvaluationPlan
from ..evaluation.real_windows import Windows
from ..progress import Progress
from ..quantisation.graph_generator import bundle_generator
from ..sampling.generator import Generator
from ..sampling.guidance import SampleRequest
from ..transplant.donor import widened
from ..transplant.harmonise import harmonise
from .plan import ComparisonPlan

SEED_DISTANCE = 100_000  # between the first seeds of two trainings, so that their samples differ
DONORS = 12  # samples per pair whose defects are transferred to other products
HARMONISING = 0.3  # denoising strength
BORDER = 4  # pixels around the mask that are harmonised, too
STRENGTHS = EvaluationPlan().strengths
Scored = tuple[Windows, np.ndarray]  # and the confidence or agreement of each
MAX_STRENGTH = 5.0  # of the bundles' ranges


@dataclass(frozen=True)
class DrawSettings:
    """How samples are drawn, beyond the plan."""

    strength_factor: float = 1.0  # of the strengths of the mode
    better_half: bool = False  # draws twice as many; keeps those with the most confidence or agreement

    def strengths(self, usual: tuple[float, float]) -> tuple[float, float]:
        low, high = (min(MAX_STRENGTH, self.strength_factor * strength) for strength in usual)
        return low, high

    @property
    def stem(self) -> str:
        """Part of the name of a file of samples; empty for the usual drawing."""
        factor = "" if self.strength_factor == 1 else f"-strength-{self.strength_factor:g}"
        return factor + ("-better-half" if self.better_half else "")


USUAL = DrawSettings()


class BundleSamples:
    """`saw`: the defective photographs that the bundle was trained on, in words."""

    def __init__(self, bundle: Path, saw: str, precision: str, plan: ComparisonPlan, out: Path, report: Progress):
        """Raises ValueError for a damaged bundle."""
        self.model: TrainedModel = load_model(bundle)
        self.saw, self.samples, self.drawing = saw, plan.samples, USUAL
        #: The lowest confidence or agreement that the better half kept, of each pair that was drawn last.
        self.lowest_scores: dict[Pair, float] = {}
        self._bundle, self._precision, self._plan, self._report = bundle, precision, plan, report
        config = self.model.config
        self.model_name = f"{config.name}@{config.version}"
        self.name = f"{self.model_name} {precision}"
        self.size: int = config.image_size  # of its pictures, which show as much as a window of the plan's size
        self._folder = out / "drawn" / f"{config.name}-{config.version}-{precision}"

    def drawn_as(self, drawing: DrawSettings) -> BundleSamples:
        """Other samples of the same bundle, which is opened once."""
        made = copy.copy(self)
        made.drawing, made.lowest_scores, made._generator = drawing, {}, self._generator
        return made

    def problem(self, pairs: list[Pair]) -> str | None:
        unknown = [pair for pair in pairs if pair not in self.model.vocabulary.trained_pairs]
        return f"the bundle was not trained on {', '.join(map('/'.join, unknown))}" if unknown else None

    @cached_property
    def _generator(self) -> Generator:
        return bundle_generator(self._bundle, self.model, self._precision, 0)

    def on_plan_size(self, made: Windows) -> Windows:
        return resized_windows(made, self._plan.size)

    def from_noise(self, pair: Pair, seed: int) -> Windows:
        strengths = self.drawing.strengths(STRENGTHS)
        return self._once(pair, f"from-noise-{seed}", partial(self._drawn, pair, self._to_draw, strengths, seed))

    def _drawn(self, pair: Pair, count: int, strengths: tuple[float, float], seed: int) -> Scored:
        made = draw_pair(
            self._generator, *pair, count, strengths, self._plan.sampler_steps,
            report=self._bar(pair), twins=False, first_seed=_first_seed(seed),
        )  # fmt: skip
        return made.windows(), made.confidence

    def donors(self, pairs: list[Pair]) -> dict[Pair, Windows]:
        """DONORS samples of each pair, in the bundle's size."""
        made = {}
        for pair in pairs:
            draw = lambda pair=pair: self._drawn(pair, DONORS, STRENGTHS, 0)[0]._asdict()  # noqa: E731
            made[pair] = Windows(**self._kept(f"{stem_of(pair)}-donors", draw))
        return made

    def on_twins(self, pair: Pair, seed: int) -> Windows:
        def draw() -> Scored:
            plan, generator = self._plan, self._generator
            made = draw_pair_on_twins(
                generator, *pair, self.size, self._to_draw, self.drawing.strengths(STRENGTHS), plan.sampler_steps,
                GUIDANCE, self._bar(pair), first_seed=_first_seed(seed),
            )  # fmt: skip
            return made.windows(), made.agreement

        return self._once(pair, f"on-twins-{seed}", draw)

    def on_photographs(
        self,
        pair: Pair,
        seed: int,
        photographs: str,
        normal: np.ndarray,
        masks: Windows,
        drawing: PhotographDrawing = FIRST_DRAWING,
    ) -> Windows:
        """On windows `normal` uint8 [n, S, S, 3] of the bundle's size, in regions shaped as `masks`. `photographs`
        names both."""

        def draw() -> Scored:
            plan, generator = self._plan, self._generator
            made = draw_pair_on_photographs(
                generator, *pair, normal, shapes_of(masks), self._to_draw, plan.sampler_steps, self._bar(pair),
                first_seed=_first_seed(seed), strengths=self.drawing.strengths(STRENGTHS_ON_PHOTOGRAPHS),
                drawing=drawing,
            )  # fmt: skip
            return made.windows(), made.agreement

        return self._once(pair, f"on-photographs{drawing.stem}-{photographs}-{seed}", draw)

    def harmonised(self, pair: Pair, seed: int, photographs: str, transplants: Windows) -> Windows:
        """`transplants`, windows of the bundle's size, harmonised at HARMONISING. `photographs` names the donors."""

        def draw() -> Scored:
            images, report = [], self._bar(pair)
            for start in range(0, len(transplants), BATCH):
                part = transplants.take(np.arange(start, min(start + BATCH, len(transplants))))
                requests = [
                    SampleRequest(
                        *pair, _first_seed(seed) + start + i, steps=self._plan.sampler_steps, guidance=GUIDANCE
                    )
                    for i in range(len(part))
                ]
                regions = np.stack([widened(mask, BORDER) for mask in part.mask])
                images.append(harmonise(self._generator, part.image, regions, requests, HARMONISING))
                report(start + len(part), len(transplants))
            made = Windows(np.concatenate(images), transplants.mask, transplants.source)
            return made, np.ones(len(transplants))

        return self._once(pair, f"harmonised-{photographs}-{seed}", draw)

    def _bar(self, pair: Pair) -> Callable[[int, int], None]:
        return lambda done, total: self._report(f"draw {'/'.join(pair)}", done, total, {})

    @property
    def _to_draw(self) -> int:
        return self.samples * (2 if self.drawing.better_half else 1)

    def _once(self, pair: Pair, mode: str, draw: Callable[[], Scored]) -> Windows:
        kept = self._kept(f"{stem_of(pair)}-{mode}{self.drawing.stem}-{self.samples}", lambda: self._best(*draw()))
        if self.drawing.better_half:
            self.lowest_scores[pair] = float(kept["lowest_score"])
        return self.on_plan_size(Windows(*(kept[name] for name in Windows._fields)))

    def _best(self, made: Windows, scores: np.ndarray) -> dict[str, np.ndarray]:
        chosen = np.sort(np.argsort(-scores, kind="stable")[: self.samples])
        return made.take(chosen)._asdict() | {"lowest_score": scores[chosen].min()}

    def _kept(self, name: str, draw: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        path = self._folder / f"{name}-{self._plan.sampler_steps}.npz"
        if not path.exists():
            made = draw()
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_suffix(".partial.npz")
            np.savez_compressed(temporary, **made)  # type: ignore[arg-type]
            temporary.replace(path)
        with np.load(path) as kept:
            return dict(kept)


def resized_windows(made: Windows, size: int) -> Windows:
    """Resized as crops of photographs are."""
    if made.image.shape[1] == size:
        return made
    resized = [resized_pair(image, mask, (size, size)) for image, mask in zip(made.image, made.mask, strict=True)]
    images, masks = zip(*resized, strict=True)
    return Windows(np.stack(images), np.stack(masks), made.source)


def _first_seed(seed: int) -> int:
    return FIRST_SEED + SEED_DISTANCE * seed
