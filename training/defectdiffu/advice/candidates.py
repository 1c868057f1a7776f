"""What an advice chooses between: a method of the comparison with its share, strength and filter of samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..comparison.generated import USUAL, DrawSettings
from ..comparison.methods import METHODS
from ..comparison.plan import ComparisonPlan

WITHOUT_SAMPLES = ("copy-paste", "CutPaste", "Perlin")  # sources that every toolbox has
KINDS = ("with samples", "without samples")  # chosen separately
SCORED = ("from noise", "on twins", "on photographs")  # samples that come with a confidence or an agreement
SHARES = (0.25, 0.75)  # tried beside the usual one
STRENGTH_FACTORS = {0.6: "weaker", 1.5: "stronger"}
ADVISABLE = tuple(name for name, method in METHODS.items() if method.share is None)  # shares are tried as variants
USUAL_SHARE = ComparisonPlan().synthetic_share
# Tried before the others, for the time may end: what won on other products (docs/evaluation/comparison.md), best first.
PROMISING = (
    "transplanted anywhere, transferred, photographs of others + augmentation",
    "transplanted anywhere, transferred + augmentation",
    "transplanted anywhere + augmentation",
)


@dataclass(frozen=True)
class Candidate:
    method: str  # in METHODS
    share: float = USUAL_SHARE  # of the defective windows of a batch that are synthetic
    drawing: DrawSettings = USUAL

    @property
    def name(self) -> str:
        """Its words on the page and in the store."""
        words = [self.method]
        if self.share != USUAL_SHARE:
            words.append(f"share {self.share:g}")
        if self.drawing.strength_factor != 1:
            words.append(f"{STRENGTH_FACTORS[self.drawing.strength_factor]} defects")
        if self.drawing.better_half:
            words.append("better half")
        return ", ".join(words)

    @property
    def sources(self) -> tuple[str, ...]:
        return METHODS[self.method].sources

    @property
    def samples_from(self) -> tuple[str, ...]:
        """The sources that are samples of this software."""
        return tuple(source for source in self.sources if source not in WITHOUT_SAMPLES)

    @property
    def needs_bundle(self) -> bool:
        return METHODS[self.method].needs_bundle

    def variants(self) -> list[Candidate]:
        """Itself with one of share, strength and filter changed."""
        made = [replace(self, share=share) for share in SHARES if self.sources and share != self.share]
        if self.samples_from:
            drawings = [replace(self.drawing, strength_factor=factor) for factor in STRENGTH_FACTORS]
            made += [replace(self, drawing=drawing) for drawing in drawings]
        if any(source in SCORED for source in self.sources):
            made.append(replace(self, drawing=replace(self.drawing, better_half=True)))
        return made


def candidates_of(methods: Iterable[str]) -> tuple[list[Candidate], list[Candidate]]:
    """Those with samples and those without, of the methods that augment: PROMISING, then the others as in METHODS.

    Raises ValueError when one of the two is empty: there would be nothing to advise.
    """
    order = dict.fromkeys((*PROMISING, *METHODS))
    chosen = [Candidate(name) for name in order if name in set(methods) and METHODS[name].augmented]
    with_samples = [candidate for candidate in chosen if candidate.samples_from]
    without = [candidate for candidate in chosen if not candidate.samples_from]
    for kind, there in zip(KINDS, (with_samples, without), strict=True):
        if not there:
            raise ValueError(f"methods has none {kind} and with augmentation, must have at least one")
    return with_samples, without
