"""What an advice has measured, and the verdict that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ..comparison.statistics import Interval
from .candidates import Candidate

SAMPLES_HELP = "SAMPLES_HELP"
SAMPLES_DO_NOT_HELP = "SAMPLES_DO_NOT_HELP"
NOT_TOLD_APART = "NOT_TOLD_APART"
NOT_MEASURED = "NOT_MEASURED"

USEFUL = 0.01  # of the headline figure: an interval that ends below it holds no gain that is worth the work
FEWEST_SOURCES = 3  # with a defect, in the confirmation: an interval over fewer photographs says nothing
FEWEST_SEEDS = 2
CHOSEN, GIVEN_UP, OUT_OF_TIME = "chosen", "weaker", "not decided: the time ended"  # outcomes of the choice


class Tried(NamedTuple):
    """One candidate in the choice."""

    candidate: Candidate
    trainings: int
    mean: float  # headline figure, over its trainings
    leader: float  # the mean of the one that was chosen of its kind, in the same conditions
    outcome: str


class CurvePoint(NamedTuple):
    """The gain with fewer defective photographs."""

    shots: str  # per defect
    gain: dict[str, Interval]  # by figure


class Photographs(NamedTuple):
    """Of the train split."""

    defective: dict[str, int]  # by defect
    normal: int
    choosing: int  # source photographs with a defect that the choice is measured on
    confirming: int  # and the gain
    unmeasured: list[str]  # defects that have one source photograph: trained on, never measured


@dataclass(frozen=True)
class Findings:
    product: str
    headline: str  # the figure that the verdict goes by
    photographs: Photographs
    tried: list[Tried]
    skipped: dict[str, str]  # candidate → why it has no figure
    ours: Candidate | None  # the best with samples; None: none was trained
    theirs: Candidate | None  # the best without: where the gain is measured, by that measurement
    plain: Candidate | None  # augmentation alone; None: it is not among the methods
    gain: dict[str, Interval]  # of `ours` over `theirs`, by figure; empty: not measured
    figures: dict[str, float]  # headline figure of those that the gain was measured with, by candidate
    curve: list[CurvePoint]
    bundle: str | None  # name@version
    bundle_saw_all: bool  # also the photographs that the gain is measured on, as far as can be known
    trainings: int
    minutes: float  # that they took
    given: float  # minutes that the user gave to this call
    needed: float | None  # the fewest minutes in all that an answer takes, by the longest training; None: not known
    samples: dict[str, int]  # per pair that `ours` trained with, by source
    lowest_scores: dict[str, float]  # of the better half of `ours`, by pair ("product/defect")

    @property
    def verdict(self) -> str:
        interval = self.gain.get(self.headline)
        if interval is None or interval.seeds < FEWEST_SEEDS or self.photographs.confirming < FEWEST_SOURCES:
            return NOT_MEASURED
        if interval.low > 0:
            return SAMPLES_HELP
        return SAMPLES_DO_NOT_HELP if interval.high < USEFUL else NOT_TOLD_APART

    @property
    def flattered(self) -> bool:
        """Whether the samples may have been learnt from the photographs that their gain is measured on."""
        return self.ours is not None and self.ours.needs_bundle and self.bundle_saw_all

    @property
    def advised(self) -> Candidate | None:
        """What to train the detector with."""
        if self.verdict == SAMPLES_HELP:
            return self.ours
        return self.theirs if self.verdict != NOT_MEASURED else self.plain or self.theirs
