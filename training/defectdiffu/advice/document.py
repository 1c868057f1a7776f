"""advice.json: the same for programs. docs/training.md describes it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ..comparison.statistics import Interval
from ..files.atomic import write_text
from .candidates import Candidate
from .findings import Findings
from .wording import verdict_sentence, what_to_do

DOCUMENT, REQUEST = "advice.json", "generate.json"
FORMAT_VERSION = 1


def write_document(found: Findings, request: dict[str, Any] | None, conditions: dict[str, Any], folder: Path) -> Path:
    """Writes advice.json and, where the service can draw what is advised, generate.json."""
    write_text(folder / DOCUMENT, json.dumps(document_of(found, request, conditions), indent=1) + "\n")
    if request is None:
        (folder / REQUEST).unlink(missing_ok=True)
    else:
        write_text(folder / REQUEST, json.dumps(request, indent=1) + "\n")
    return folder / DOCUMENT


def document_of(found: Findings, request: dict[str, Any] | None, conditions: dict[str, Any]) -> dict[str, Any]:
    return {
        "formatVersion": FORMAT_VERSION,
        "product": found.product,
        "verdict": found.verdict,
        "text": verdict_sentence(found),
        "advice": what_to_do(found),
        "advised": _candidate(found.advised),
        "request": request,
        "gain": {
            "of": _candidate(found.ours),
            "over": _candidate(found.theirs),
            "figure": found.headline,
            "intervals": _intervals(found.gain),
            "flattered": found.flattered,
        },
        "figures": found.figures,
        "curve": [{"shots": point.shots, "intervals": _intervals(point.gain)} for point in found.curve],
        "photographs": found.photographs._asdict(),
        "tried": [
            {
                **(_candidate(each.candidate) or {}),
                "trainings": each.trainings,
                "mean": each.mean,
                "chosenMean": each.leader,
                "outcome": each.outcome,
            }
            for each in found.tried
        ],
        "skipped": found.skipped,
        "bundle": found.bundle,
        "trainings": found.trainings,
        "minutes": round(found.minutes, 1),
        "minutesNeeded": None if found.needed is None else math.ceil(found.needed),
        "conditions": conditions,
    }


def _candidate(candidate: Candidate | None) -> dict[str, Any] | None:
    if candidate is None:
        return None
    return {
        "name": candidate.name,
        "method": candidate.method,
        "sources": list(candidate.sources),
        "share": candidate.share,
        "strengthFactor": candidate.drawing.strength_factor,
        "betterHalf": candidate.drawing.better_half,
    }


def _intervals(gain: dict[str, Interval]) -> dict[str, dict[str, Any]]:
    return {
        figure: {"mean": i.mean, "low": i.low, "high": i.high, "seeds": i.seeds, "verdict": i.verdict}
        for figure, i in gain.items()
    }
