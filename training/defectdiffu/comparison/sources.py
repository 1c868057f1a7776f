"""Where the synthetic windows of a method come from. A new kind of sample joins by one entry in SOURCES."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..data.layout import Pair
from ..evaluation.on_photographs import FIRST_DRAWING, NEWEST_DRAWING, PhotographDrawing
from ..evaluation.real_windows import Windows, join
from ..evaluation.synthesis import copy_paste, cut_paste, perlin
from .batches import Draw
from .crops import Crops
from .generated import BundleSamples
from .photographs import TooFew
from .plausibility import draw_filtered, filtered, train_on_real
from .transplanted import DrawnDonors, TransplantedCrops, by_pair


@dataclass(frozen=True)
class SourceContext:
    """What one training may make synthetic windows from: photographs of its training part alone."""

    defective: Crops | None  # None: zero-shot
    normal: Crops
    pairs: list[Pair]
    bundle: BundleSamples | None
    donors: Crops | None  # defective photographs of other products
    photographs: str  # names the drawn photographs in the files of samples that depend on them
    seed: int
    strength_factor: float = 1.0  # of the usual strengths of transplanted defects


@dataclass(frozen=True)
class Source:
    make: Callable[[SourceContext], Draw]
    needs_defective: bool  # real defective photographs
    needs_bundle: bool = False
    needs_donors: bool = False  # defective photographs of other products
    knows_product: bool = True  # whether the bundle has to


def _copy_paste(context: SourceContext) -> Draw:
    defective = context.defective
    assert defective is not None

    def draw(rng: np.random.Generator, count: int) -> Windows:
        return copy_paste(defective.draw(rng, count), context.normal.draw(rng, count), count, rng)

    return draw


def _transplanted(context: SourceContext) -> Draw:
    defective = context.defective
    assert defective is not None
    return TransplantedCrops(defective, context.normal, strength_factor=context.strength_factor).draw


def _transplanted_anywhere(context: SourceContext) -> Draw:
    defective = context.defective
    assert defective is not None
    factor = context.strength_factor
    return TransplantedCrops(defective, context.normal, anywhere=True, strength_factor=factor).draw


def _harmonised(context: SourceContext) -> Draw:
    bundle, defective = _bundle(context), context.defective
    assert defective is not None
    rng = np.random.default_rng((context.seed, 52))
    pools = []
    for pair in context.pairs:
        donors, normal = defective.of_defect(pair[1]).of_size(bundle.size), context.normal.of_size(bundle.size)
        made = TransplantedCrops(donors, normal, strength_factor=context.strength_factor).draw(rng, bundle.samples)
        pools.append(bundle.harmonised(pair, context.seed, context.photographs, made))
    return from_pool(join(pools), "transplanted and harmonised")


def _transferred(context: SourceContext) -> Draw:
    assert context.donors is not None
    return TransplantedCrops(
        context.donors, context.normal, anywhere=True, of_others=True, strength_factor=context.strength_factor
    ).draw


def _photographs_of_others(context: SourceContext) -> Draw:
    """The control of transferred defects: the same photographs as they are. Each pair comes as often."""
    donors = context.donors
    assert donors is not None
    pairs = by_pair(donors.pairs)

    def draw(rng: np.random.Generator, count: int) -> Windows:
        chosen = [rng.choice(pairs[i]) for i in rng.integers(len(pairs), size=count)]
        return donors.cut(np.array(chosen, int), rng)

    return draw


def _drawn_and_transferred(context: SourceContext) -> Draw:
    bundle, own = _bundle(context), {defect for _, defect in context.pairs}
    others = [pair for pair in bundle.model.vocabulary.trained_pairs if pair[0] != context.pairs[0][0]]
    drawn = bundle.donors([pair for pair in others if pair[1] in own] or others)
    return TransplantedCrops(DrawnDonors(drawn), context.normal, anywhere=True, of_others=True).draw


def _cut_paste(context: SourceContext) -> Draw:
    return _from_normal(context, cut_paste)


def _perlin(context: SourceContext) -> Draw:
    return _from_normal(context, perlin)


def _from_normal(context: SourceContext, synthesise: Callable[..., Windows]) -> Draw:
    def draw(rng: np.random.Generator, count: int) -> Windows:
        normal = context.normal.draw(rng, 2 * count)  # what is pasted comes from another window, too
        return synthesise(normal, normal, count, rng)

    return draw


def _from_noise(context: SourceContext) -> Draw:
    bundle = _bundle(context)
    return from_pool(join([bundle.from_noise(pair, context.seed) for pair in context.pairs]), "from noise")


def _from_noise_filtered(context: SourceContext) -> Draw:
    bundle = _bundle(context)
    return _filtered(context, join([bundle.from_noise(pair, context.seed) for pair in context.pairs]))


def _on_twins(context: SourceContext) -> Draw:
    bundle = _bundle(context)
    return from_pool(join([bundle.on_twins(pair, context.seed) for pair in context.pairs]), "on twins")


def _on_photographs(context: SourceContext) -> Draw:
    return from_pool(_photograph_pool(context), "on photographs")


def _on_photographs_outlined(context: SourceContext) -> Draw:
    return from_pool(_photograph_pool(context, NEWEST_DRAWING), "on photographs")


def _on_photographs_filtered(context: SourceContext) -> Draw:
    return _filtered(context, _photograph_pool(context, NEWEST_DRAWING))


def _filtered(context: SourceContext, samples: Windows) -> Draw:
    assert context.defective is not None
    segmenter = train_on_real(context.defective, context.normal, context.seed)
    return draw_filtered(filtered(samples, segmenter))


def _photograph_pool(context: SourceContext, drawing: PhotographDrawing = FIRST_DRAWING) -> Windows:
    bundle, defective = _bundle(context), context.defective
    assert defective is not None
    rng = np.random.default_rng((context.seed, 51))
    normal = context.normal.of_size(bundle.size).in_turn(rng, bundle.samples).image
    masks = defective.of_size(bundle.size).in_turn(rng, max(len(defective), bundle.samples))
    shown = np.array([defective.records[i].defect for i in masks.source])
    pools = []
    for pair in context.pairs:
        own = masks.take(np.flatnonzero(shown == pair[1]))
        pools.append(bundle.on_photographs(pair, context.seed, context.photographs, normal, own, drawing))
    return join(pools)


def from_pool(samples: Windows, name: str) -> Draw:
    """Draws from the samples that have a mask. Raises TooFew when none has."""
    marked = np.flatnonzero(samples.mask.any((1, 2)))
    if not len(marked):
        raise TooFew(f"none of {len(samples)} samples {name} has a mask")

    def draw(rng: np.random.Generator, count: int) -> Windows:
        return samples.take(rng.choice(marked, count))

    return draw


def _bundle(context: SourceContext) -> BundleSamples:
    assert context.bundle is not None
    return context.bundle


SOURCES = {
    "copy-paste": Source(_copy_paste, needs_defective=True),
    "transplanted": Source(_transplanted, needs_defective=True),
    "transplanted anywhere": Source(_transplanted_anywhere, needs_defective=True),
    "harmonised": Source(_harmonised, needs_defective=True, needs_bundle=True),
    "transferred": Source(_transferred, needs_defective=False, needs_donors=True),
    "photographs of others": Source(_photographs_of_others, needs_defective=False, needs_donors=True),
    "drawn, transferred": Source(_drawn_and_transferred, needs_defective=False, needs_bundle=True, knows_product=False),
    "CutPaste": Source(_cut_paste, needs_defective=False),
    "Perlin": Source(_perlin, needs_defective=False),
    "from noise": Source(_from_noise, needs_defective=False, needs_bundle=True),
    "on twins": Source(_on_twins, needs_defective=False, needs_bundle=True),
    "on photographs": Source(_on_photographs, needs_defective=True, needs_bundle=True),
    "on photographs, outlined": Source(_on_photographs_outlined, needs_defective=True, needs_bundle=True),
    "on photographs, filtered": Source(_on_photographs_filtered, needs_defective=True, needs_bundle=True),
    "from noise, filtered": Source(_from_noise_filtered, needs_defective=True, needs_bundle=True),
}
