"""What is known before the first training: what will limit the answer."""

from __future__ import annotations

from .findings import FEWEST_SOURCES, Photographs
from .wording import reason_of_photographs


def notes(photographs: Photographs, bundle_problem: str | None) -> list[str]:
    """`bundle_problem`: why no method with samples of the bundle can be tried, as BundleSamples.problem tells it."""
    made = []
    if bundle_problem is not None:
        made.append(
            f"note: {bundle_problem}, so methods with its samples are left out. To try them, onboard the product first."
        )
    if photographs.confirming < FEWEST_SOURCES:
        outcome = "Figures follow, and no answer." if photographs.confirming else ""
        made.append(f"note: {reason_of_photographs(photographs)} {outcome}".rstrip())
    return made
