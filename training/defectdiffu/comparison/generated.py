"""Samples of a bundle, drawn once per pair, mode and seed, and kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from PIL import Image

from ..checkpoints.from_adapter import load_model
from ..checkpoints.trained_model import TrainedModel
from ..data.layout import Pair
from ..evaluation.context import stem_of
from ..evaluation.generated_samples import BATCH, FIRST_SEED, draw_pair
from ..evaluation.on_photographs import GUIDANCE, draw_pair_on_photographs, draw_pair_on_twins, shapes_of
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


class BundleSamples:
    """`saw`: the defective photographs that the bundle was trained on, in words."""

    def __init__(self, bundle: Path, saw: str, precision: str, plan: ComparisonPlan, out: Path, report: Progress):
        """Raises ValueError for a damaged bundle."""
        self.model: TrainedModel = load_model(bundle)
        self.saw, self.samples = saw, plan.samples
        self._bundle, self._precision, self._plan, self._report = bundle, precision, plan, report
        config = self.model.config
        self.name = f"{config.name}@{config.version} {precision}"
        self.size: int = config.image_size  # of its pictures, which show as much as a window of the plan's size
        self._folder = out / "drawn" / f"{config.name}-{config.version}-{precision}"

    def problem(self, pairs: list[Pair]) -> str | None:
        unknown = [pair for pair in pairs if pair not in self.model.vocabulary.trained_pairs]
        return f"the bundle was not trained on {', '.join(map('/'.join, unknown))}" if unknown else None

    @cached_property
    def _generator(self) -> Generator:
        return bundle_generator(self._bundle, self.model, self._precision, 0)

    def on_plan_size(self, made: Windows) -> Windows:
        """Resized as crops of photographs are."""
        size = self._plan.size
        if size == self.size:
            return made
        images = [Image.fromarray(one).resize((size, size), Image.Resampling.BICUBIC) for one in made.image]
        grey = [Image.fromarray(one.astype(np.uint8) * 255) for one in made.mask]
        masks = [np.asarray(one.resize((size, size), Image.Resampling.BILINEAR)) > 127 for one in grey]
        return Windows(np.stack([np.asarray(one) for one in images]), np.stack(masks), made.source)

    def from_noise(self, pair: Pair, seed: int) -> Windows:
        return self._once(f"{stem_of(pair)}-from-noise-{seed}", lambda: self._drawn(pair, self._plan.samples, seed))

    def _drawn(self, pair: Pair, count: int, seed: int) -> Windows:
        made = draw_pair(
            self._generator, *pair, count, STRENGTHS, self._plan.sampler_steps,
            report=self._bar(pair), twins=False, first_seed=_first_seed(seed),
        )  # fmt: skip
        return made.windows()

    def donors(self, products: set[str]) -> dict[Pair, Windows]:
        """DONORS samples of each pair that the bundle was trained on, without `products`, in the bundle's size."""
        made = {}
        for pair in self.model.vocabulary.trained_pairs:
            if pair[0] not in products:
                made[pair] = self._kept(f"{stem_of(pair)}-donors", partial(self._drawn, pair, DONORS, 0))
        return made

    def on_twins(self, pair: Pair, seed: int) -> Windows:
        def draw() -> Windows:
            plan, generator = self._plan, self._generator
            made = draw_pair_on_twins(
                generator, *pair, self.size, plan.samples, STRENGTHS, plan.sampler_steps, GUIDANCE,
                self._bar(pair), first_seed=_first_seed(seed),
            )  # fmt: skip
            return made.windows()

        return self._once(f"{stem_of(pair)}-on-twins-{seed}", draw)

    def on_photographs(self, pair: Pair, seed: int, photographs: str, normal: np.ndarray, masks: Windows) -> Windows:
        """On windows `normal` uint8 [n, S, S, 3] of the bundle's size, in regions shaped as `masks`. `photographs`
        names both."""

        def draw() -> Windows:
            plan, generator = self._plan, self._generator
            made = draw_pair_on_photographs(
                generator, *pair, normal, shapes_of(masks), plan.samples, plan.sampler_steps,
                self._bar(pair), first_seed=_first_seed(seed),
            )  # fmt: skip
            return made.windows()

        return self._once(f"{stem_of(pair)}-on-photographs-{photographs}-{seed}", draw)

    def harmonised(self, pair: Pair, seed: int, photographs: str, transplants: Windows) -> Windows:
        """`transplants`, windows of the bundle's size, harmonised at HARMONISING. `photographs` names the donors."""

        def draw() -> Windows:
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
            return transplants._replace(image=np.concatenate(images))

        return self._once(f"{stem_of(pair)}-harmonised-{photographs}-{seed}", draw)

    def _bar(self, pair: Pair) -> Callable[[int, int], None]:
        return lambda done, total: self._report(f"draw {'/'.join(pair)}", done, total, {})

    def _once(self, name: str, draw: Callable[[], Windows]) -> Windows:
        return self.on_plan_size(self._kept(f"{name}-{self._plan.samples}", draw))

    def _kept(self, name: str, draw: Callable[[], Windows]) -> Windows:
        path = self._folder / f"{name}-{self._plan.sampler_steps}.npz"
        if path.exists():
            with np.load(path) as kept:
                return Windows(**kept)
        made = draw()
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".partial.npz")
        np.savez_compressed(temporary, **made._asdict())
        temporary.replace(path)
        return made


def _first_seed(seed: int) -> int:
    return FIRST_SEED + SEED_DISTANCE * seed
