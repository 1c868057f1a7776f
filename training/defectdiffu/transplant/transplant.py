"""Lays a real defect, varied, onto a photograph of a good part. Nothing is trained for it.

The mask of the sample is the varied mask of the defect, so it keeps the convention of whoever annotated it. This is
the reference for the service's engine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..sampling.seeded_noise import seeded_uniforms
from .blend import lay
from .donor import Donor, vary
from .place import Area, Place, any_place, find_place, refine_place
from .variation import TRANSPLANT_STREAM, VariationLimits, draw_variation

TRIALS = 3  # variations that are tried; the one whose surroundings fit best is laid


class Transplant(NamedTuple):
    image: np.ndarray  # uint8 [H, W, 3]; the photograph's own bytes beyond the feathered border
    mask: np.ndarray  # bool [H, W]
    place: Place


class GoodPhotograph(NamedTuple):
    """A photograph to lay a defect onto."""

    photograph: np.ndarray  # uint8 [H, W, 3]
    area: Area | None = None  # None: all of it


class Variant(NamedTuple):
    """One varied form of a defect, before it has a place."""

    donor: Donor
    contrast: float
    choice: float  # in (0, 1), among the places that are as good


class Fit(NamedTuple):
    variant: Variant
    place: Place


class NoPlaceError(ValueError):
    """No place is allowed, or the defect is so small that it vanished when it was scaled."""


def transplant(
    photograph: np.ndarray,
    donor_image: np.ndarray,
    donor_mask: np.ndarray,
    seed: int,
    strength: float = 1.0,
    limits: VariationLimits | None = None,
    area: Area | None = None,
) -> Transplant:
    """photograph uint8 [H, W, 3], donor_image uint8 [h, w, 3], donor_mask bool [h, w].

    `strength`, 0 or more, is the defect's opacity up to 1; above, it exaggerates the defect's contrast.
    Raises ValueError for an empty mask, NoPlaceError when the defect cannot be laid.
    """
    variants = vary_defect(donor_image, donor_mask, seed, limits or VariationLimits())
    found = best_fit(photograph, variants, area)
    if found is None:
        raise NoPlaceError("the allowed area leaves the defect no place")
    return lay_fit(photograph, found, strength, area)


def vary_defect(donor_image: np.ndarray, donor_mask: np.ndarray, seed: int, limits: VariationLimits) -> list[Variant]:
    """TRIALS variants, less those that vanish because the defect is so small."""
    if not donor_mask.any():
        raise ValueError("donor_mask is empty: it marks no defect")
    variants = []
    for trial, choice in enumerate(seeded_uniforms(seed, TRANSPLANT_STREAM, TRIALS)):
        variation = draw_variation(limits, seed, trial)
        donor = vary(donor_image, donor_mask, variation)
        if donor.mask.any():
            variants.append(Variant(donor, variation.contrast, float(choice)))
    return variants


def best_fit(photograph: np.ndarray, variants: list[Variant], area: Area | None = None) -> Fit | None:
    """The variant whose surroundings fit best, at its place, yet to be refined. None when none has a place."""
    best: Fit | None = None
    for variant in variants:
        place = find_place(photograph, variant.donor, area, variant.choice)
        if place is not None and (best is None or place.difference < best.place.difference):
            best = Fit(variant, place)
    return best


def best_photograph(grounds: Iterable[GoodPhotograph], variants: list[Variant]) -> tuple[int, Fit] | None:
    """Which of the photographs has the best fit, and that fit. None when none has one."""
    found = ((i, best_fit(ground.photograph, variants, ground.area)) for i, ground in enumerate(grounds))
    fits = [(i, fit) for i, fit in found if fit is not None]
    return min(fits, key=lambda one: one[1].place.difference, default=None)


def lay_fit(photograph: np.ndarray, found: Fit, strength: float = 1.0, area: Area | None = None) -> Transplant:
    donor, contrast, _ = found.variant
    place = refine_place(photograph, donor, area, found.place)
    return Transplant(*lay(photograph, donor, place, strength, contrast), place)


def lay_anywhere(
    photograph: np.ndarray, variant: Variant, strength: float = 1.0, area: Area | None = None
) -> Transplant | None:
    """Without regard to the surroundings: for training, where variety can be worth more than realism."""
    donor, contrast, choice = variant
    place = any_place(photograph, donor, area, choice)
    return Transplant(*lay(photograph, donor, place, strength, contrast), place) if place is not None else None


def lay_on_best(
    grounds: list[GoodPhotograph], variants: list[Variant], strength: float, anywhere: bool
) -> tuple[int, Transplant] | None:
    """Which photograph was chosen, and the transplant on it: where the surroundings fit best, or, `anywhere`, the first
    variant on the first photograph. None when there is no place."""
    if anywhere:
        laid = lay_anywhere(grounds[0].photograph, variants[0], strength, grounds[0].area) if variants else None
        return (0, laid) if laid is not None else None
    best = best_photograph(grounds, variants)
    if best is None:
        return None
    photograph, area = grounds[best[0]]
    return best[0], lay_fit(photograph, best[1], strength, area)
