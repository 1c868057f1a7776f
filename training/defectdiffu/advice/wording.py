"""The sentences of an advice, in words for somebody who has never trained a detector."""

from __future__ import annotations

import math

from ..comparison.methods import METHODS
from ..comparison.statistics import Interval
from .candidates import Candidate
from .findings import (
    FEWEST_SEEDS,
    FEWEST_SOURCES,
    NOT_MEASURED,
    NOT_TOLD_APART,
    SAMPLES_DO_NOT_HELP,
    SAMPLES_HELP,
    Findings,
    Photographs,
)
from .request import REQUESTS

AUGMENTATION = "augmentation"
AUGMENT = "Augment all windows online (geometry, tone, blur, noise) while the detector trains."
HEADINGS = {"miou": "mIoU", "balanced_accuracy": "balanced accuracy"}


def verdict_sentence(found: Findings) -> str:
    """The answer to "does it help me?", in one or two sentences."""
    interval = found.gain.get(found.headline)
    if found.verdict == SAMPLES_HELP:
        assert interval is not None and found.theirs is not None
        proof = " The bundle may have seen the photographs that this was measured on: see below." * found.flattered
        return f"Samples help here: {points(interval)} over the best method without them ({found.theirs.name}).{proof}"
    if found.verdict == SAMPLES_DO_NOT_HELP:
        assert interval is not None and found.ours is not None
        return (
            f"Samples do not help here; use {without(found)}. The best method with samples ({found.ours.name}) differs "
            f"from it by {points(interval)}."
        )
    if found.verdict == NOT_TOLD_APART:
        assert interval is not None
        return (
            f"No gain from samples was shown here; use {without(found)}. The difference is {points(interval)}: it may "
            "be either way. More photographs, or more minutes, could tell."
        )
    return f"This cannot be told yet; use {without(found)} until it can. {reason_not_measured(found)}"


def reason_of_photographs(photographs: Photographs) -> str:
    """Why fewer than FEWEST_SOURCES photographs give no answer."""
    if photographs.confirming == 0:
        return (
            "No defect has two source photographs. A detector that was trained on a photograph cannot be measured on "
            "it, so nothing is trained. Mark 5 photographs of a defect or more."
        )
    return (
        f"The gain rests on {count(photographs.confirming, 'photograph')} with a defect, and {FEWEST_SOURCES} are the "
        "fewest that say anything: mark more photographs (5 of a defect or more)."
    )


def reason_not_measured(found: Findings) -> str:
    if found.photographs.confirming < FEWEST_SOURCES:
        return reason_of_photographs(found.photographs)
    if not found.trainings:
        return f"No training was finished within {count(round(found.given, 1), 'minute')}: give more minutes."
    more = f"give more minutes (about {math.ceil(found.needed)} in all)" if found.needed else "give more minutes"
    if found.ours is None or found.theirs is None:
        missing = "with samples" if found.ours is None else "without samples"
        return f"No method {missing} was trained: {more}."
    return f"The time did not suffice for {FEWEST_SEEDS} trainings of each method in each fold: {more}."


def short(found: Findings) -> str:
    """The advice for a terminal."""
    return f"{found.product}: {verdict_sentence(found)}"


def what_to_do(found: Findings) -> list[str]:
    """What to generate, how much, and what to mix."""
    advised = found.advised
    if advised is None:
        return [f"{AUGMENT} Nothing that was measured speaks for more, or against it."]
    lines = [AUGMENT]
    if not advised.sources:
        lines.append("Train on your real photographs alone. Half of the windows of a batch should show a defect.")
    if found.verdict == SAMPLES_DO_NOT_HELP:
        lines.append("Generate no samples for this detector.")
    if not advised.sources:
        return lines
    share = advised.share
    of_samples = ", ".join(f"*{source}*" for source in advised.sources)
    each = f", {share / len(advised.sources):.0%} of each" if len(advised.sources) > 1 else ""
    lines.append(
        f"Of the windows with a defect in a batch, take {share:.0%} from {of_samples}{each}, and {1 - share:.0%} from "
        "your real photographs. Half of the windows of a batch should show a defect."
    )
    return lines + [line for line in (_how_many(found, advised), _strength(advised), _filter(advised)) if line]


def without(found: Findings) -> str:
    """The method without samples to use, in words: the best one, or augmentation alone until one was measured."""
    baseline = found.plain or found.theirs if found.verdict == NOT_MEASURED else found.theirs
    if baseline is None or not baseline.sources:
        return AUGMENTATION
    return f"{AUGMENTATION} with {', '.join(baseline.sources)}"


def points(interval: Interval) -> str:
    """ "+4.1 points of mIoU (1.2 … 7.0)" without the figure's name."""
    return f"{100 * interval.mean:+.1f} points ({100 * interval.low:+.1f} … {100 * interval.high:+.1f})"


def count(number: float, what: str) -> str:
    return f"{number:g} {what}{'' if number == 1 else 's'}"


def described(candidate: Candidate) -> str:
    return METHODS[candidate.method].description


def _how_many(found: Findings, advised: Candidate) -> str | None:
    if not advised.samples_from:
        return None
    numbers = " and ".join(f"{found.samples[source]} samples ({source})" for source in advised.samples_from)
    unknown = [source for source in advised.samples_from if source not in REQUESTS]
    by_hand = (
        f" The service does not draw *{', '.join(unknown)}*: your training has to make them, as `compare` does."
        if unknown
        else ""
    )
    return f"Generate {numbers} of each defect, or more: so many were in the trainings that were measured.{by_hand}"


def _strength(advised: Candidate) -> str | None:
    factor = advised.drawing.strength_factor
    return None if factor == 1 else f"Draw the defects with {factor:g} times the usual strengths."


def _filter(advised: Candidate) -> str | None:
    if not advised.drawing.better_half:
        return None
    return "Draw twice as many samples, and keep the half with the most confidence (or agreement)."
