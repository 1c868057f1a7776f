"""The page of an advice, for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..comparison.page import wrapped
from ..comparison.plan import ComparisonPlan
from ..files.atomic import write_text
from .findings import NOT_MEASURED, Findings
from .wording import HEADINGS, count, described, points, verdict_sentence, what_to_do

PAGE = "advice.md"


def write_page(
    found: Findings, plan: ComparisonPlan, detector: str, folder: Path, request: dict[str, Any] | None
) -> Path:
    """Writes advice.md and returns its path."""
    lines = [part for line in _lines(found, plan, detector, request) for part in wrapped(line)]
    write_text(folder / PAGE, "\n".join(lines) + "\n")
    return folder / PAGE


def _lines(found: Findings, plan: ComparisonPlan, detector: str, request: dict[str, Any] | None) -> list[str]:
    return [
        f"# Do samples help on {found.product}?",
        "",
        "_For those who train a detector of this product. `defectdiffu-train advise` wrote this page from"
        f" {count(found.trainings, 'training')}, which took {count(round(found.minutes, 1), 'minute')}."
        f" The last call was given {count(round(found.given, 1), 'minute')}._",
        "",
        f"**{verdict_sentence(found)}**",
        "",
        "## What to do",
        "",
        *[f"- {line}" for line in what_to_do(found)],
        *(_send(request) if request else []),
        *_gain(found, plan),
        *_curve(found),
        *_limits(found),
        *_tried(found),
        *_method(found, plan, detector),
    ]


def _send(request: dict[str, Any]) -> list[str]:
    inputs = request["variables"]["input"]
    uploads = ["photographs of good parts"] if any("anyOfProduct" in i.get("reference", {}) for i in inputs) else []
    uploads += ["photographs of defects with their masks"] if any("defectReference" in i for i in inputs) else []
    before = f" Upload {' and '.join(uploads)} as references first." if uploads else ""
    return [
        "",
        f"`generate.json` asks the service for these samples, as it is.{before} Part numbers and defect codes are those"
        " that the service gives to the words of a bundle; change them if your catalog has others.",
        "",
        "```bash",
        'curl -H "authorization: Bearer $DEFECTDIFFU_API_KEY" -H "content-type: application/json" \\',
        "    --data @generate.json http://127.0.0.1:4000/graphql",
        "```",
    ]


def _gain(found: Findings, plan: ComparisonPlan) -> list[str]:
    if not found.gain or found.ours is None or found.theirs is None:
        return []
    heading, interval = HEADINGS[found.headline], found.gain[found.headline]
    return [
        "",
        "## The gain",
        "",
        f"| | method | {heading} |",
        "| --- | --- | --- |",
        *[f"| {_rank(found, name)} | {name} | {100 * figure:.1f} |" for name, figure in found.figures.items()],
        "",
        f"The difference is {points(interval)} of {heading}, and {points(found.gain['ap'])} of AP. In brackets: the"
        f" interval that holds {plan.confidence:.0%} of {plan.bootstrap_resamples} resamples of photographs and seeds."
        f" It rests on {count(found.photographs.confirming, 'photograph')} with a defect and"
        f" {count(interval.seeds, 'seed')}. The choice of the two methods used none of these photographs to measure,"
        " and none of these seeds: what wins a choice is partly lucky, and its figures in the choice flatter it."
        " Of the methods without samples, the one that is better here counts."
        + " So few figures are no answer."
        * (found.verdict == NOT_MEASURED),
    ]


def _rank(found: Findings, name: str) -> str:
    if found.ours is not None and name == found.ours.name:
        return "best with samples"
    return "best without samples" if found.theirs is not None and name == found.theirs.name else "without samples"


def _curve(found: Findings) -> list[str]:
    if not found.curve:
        return []
    rows = [(f"{point.shots}", point.gain[found.headline]) for point in found.curve]
    if found.headline in found.gain:
        rows.append(("all", found.gain[found.headline]))
    return [
        "",
        "## With fewer photographs",
        "",
        f"The same two methods with fewer photographs of each defect, in points of {HEADINGS[found.headline]}.",
        "",
        "| photographs | difference | verdict |",
        "| --- | --- | --- |",
        *[f"| {shots} | {points(interval)} | {interval.verdict} |" for shots, interval in rows],
    ]


def _limits(found: Findings) -> list[str]:
    lines = []
    if found.flattered and found.gain:
        gained = found.gain[found.headline].mean > 0
        proof = "their gain is then too high" if gained else "and they still show no gain"
        lines.append(
            f"- **{found.bundle} may have been trained on the photographs that its samples were measured on;** {proof}."
            " For a figure without this doubt, write the other photographs with `--photographs`, onboard on them, and"
            " pass the new bundle with `--fair-bundle`."
        )
    if found.photographs.unmeasured:
        lines.append(
            f"- {', '.join(found.photographs.unmeasured)}: one source photograph each. They were trained on, and"
            " nothing was measured on them."
        )
    if found.curve and min(point.gain[found.headline].seeds for point in found.curve) < 2:
        lines.append("- Some points of the curve rest on one seed, which tells nothing apart: give more minutes.")
    if found.curve and found.ours is not None and found.ours.needs_bundle:
        lines.append(
            "- The bundle saw more photographs than the detectors of the curve, so that its samples are worth more"
            " there than they would be to somebody who has so few."
        )
    lines.append(
        "- The detector of the test is a small one. A large one that is trained for days can gain less, or nothing."
    )
    return ["", "## What this does not tell", "", *lines]


def _tried(found: Findings) -> list[str]:
    lines = ["", "## What was tried"]
    if found.tried:
        lines += [
            "",
            f"The choice, with the mean {HEADINGS[found.headline]} of each, and beside it that of the chosen one of its"
            " kind (with samples, or without) in the same trainings. Weak candidates were given up early.",
            "",
            "| method | what it adds | trainings | mean | chosen one | |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        lines += [
            f"| {each.candidate.name} | {described(each.candidate)} | {each.trainings} | {100 * each.mean:.1f} |"
            f" {100 * each.leader:.1f} | {each.outcome} |"
            for each in found.tried
        ]
    if found.skipped:
        lines += ["", "Not tried:", ""]
        for reason in sorted(set(found.skipped.values())):
            names = sorted(name for name, own in found.skipped.items() if own == reason)
            lines.append(f"- {'; '.join(names)}: {reason}.")
    return lines if len(lines) > 2 else []


def _method(found: Findings, plan: ComparisonPlan, detector: str) -> list[str]:
    photographs = found.photographs
    defective = ", ".join(f"{number} {defect}" for defect, number in photographs.defective.items())
    return [
        "",
        "## How it was measured",
        "",
        f"- Photographs: {defective}, {photographs.normal} normal. The test split was not touched.",
        "- Cross-validation: some source photographs are held out, a detector trains on the rest, and is measured on"
        " those that are held out. "
        f"{count(photographs.choosing, 'photograph')} with a defect served to choose the methods,"
        f" {photographs.confirming} others to measure the gain.",
        f"- Detector: {detector}, windows of {plan.size} pixels, trained until the loss on validation photographs no"
        f" longer falls, for {plan.max_steps} steps at most. All methods see the same share of windows with defects,"
        " and the same augmentation.",
        f"- {HEADINGS['miou']}: how well the marked pixels agree with the masks, from 0 to 100."
        if found.headline == "miou"
        else f"- {HEADINGS['balanced_accuracy']}: the mean of the shares of defective and normal windows that are told"
        " right.",
    ]
