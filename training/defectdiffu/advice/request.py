"""The advised samples as a request to the service: the body of a GraphQL call over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..comparison.generated import HARMONISING, STRENGTHS, STRENGTHS_ON_PHOTOGRAPHS, DrawSettings
from ..comparison.measurement import Product
from ..comparison.sources import SOURCES
from ..comparison.transplanted import STRENGTHS as STRENGTHS_OF_TRANSPLANTS
from ..data.layout import Pair
from ..data.windows import WindowRule, rule_of
from ..evaluation.on_photographs import GUIDANCE
from ..transplant.limits import limits_of
from .findings import Findings

MUTATION = (
    "mutation Generate($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id status coverage } }"
)

MAX_COUNT = 1000  # that the service accepts, unless its settings say otherwise

Fields = dict[str, Any]


def _from_noise(drawing: DrawSettings, rule: WindowRule) -> Fields:
    return {"strength": _strength(drawing, STRENGTHS), "guidance": "DOUBLE_FREE"}


def _on_twins(drawing: DrawSettings, rule: WindowRule) -> Fields:
    return {"strength": _strength(drawing, STRENGTHS), "guidance": GUIDANCE, "reference": {"twin": True}}


def _on_photographs(drawing: DrawSettings, rule: WindowRule) -> Fields:
    return {
        "strength": _strength(drawing, STRENGTHS_ON_PHOTOGRAPHS),
        "guidance": GUIDANCE,
        "reference": {"anyOfProduct": True},
        "region": {"place": "SHAPE"},
    }


def _transplanted(drawing: DrawSettings, rule: WindowRule) -> Fields:
    limits = limits_of(rule)
    return {
        "strength": _strength(drawing, STRENGTHS_OF_TRANSPLANTS),
        "reference": {"anyOfProduct": True},
        "defectReference": {"anyOfPair": True},
        "variation": {
            "quarterTurns": limits.quarter_turns,
            "halfTurns": limits.half_turns,
            "mirrors": limits.mirrors is True,  # the service knows both mirrors or none
        },
    }


def _transplanted_anywhere(drawing: DrawSettings, rule: WindowRule) -> Fields:
    return _transplanted(drawing, rule) | {"variation": {"place": "ANYWHERE"}}  # whose defaults are the comparison's


def _transferred(drawing: DrawSettings, rule: WindowRule) -> Fields:
    return _transplanted_anywhere(drawing, rule) | {"defectReference": {"ofOtherProducts": True}}


def _harmonised(drawing: DrawSettings, rule: WindowRule) -> Fields:
    return _transplanted(drawing, rule) | {"harmonize": HARMONISING, "guidance": GUIDANCE}


#: How the service is asked for what the sources of a comparison draw.
REQUESTS: dict[str, Callable[[DrawSettings, WindowRule], Fields]] = {
    "transplanted": _transplanted,
    "transplanted anywhere": _transplanted_anywhere,
    "transferred": _transferred,
    "harmonised": _harmonised,
    "from noise": _from_noise,
    "on twins": _on_twins,
    "on photographs": _on_photographs,
}
LOWEST_SCORE = {"from noise": "minimumConfidence"}  # what the better half is chosen by; elsewhere the agreement


def request_of(found: Findings, product: Product, steps: int) -> dict[str, Any] | None:
    """The body that asks for the advised samples of each pair; None where the service draws none of them.

    Part numbers and defect codes are those that the service gives to the words of a bundle.
    """
    candidate = found.advised
    if candidate is None:
        return None
    inputs: list[Fields] = []
    for source in candidate.samples_from:
        if source not in REQUESTS:
            continue
        for pair in product.pairs:
            fields = _what(pair, found.samples[source])
            fields |= REQUESTS[source](candidate.drawing, rule_of(product.rules, pair[0]))
            if SOURCES[source].needs_bundle:
                fields |= {"steps": steps, "model": found.bundle}
            if (lowest := found.lowest_scores.get("/".join(pair))) is not None:
                fields["quality"] = {LOWEST_SCORE.get(source, "minimumAgreement"): lowest}
            inputs.append(fields)
    return {"query": MUTATION, "variables": {"input": inputs}} if inputs else None


def _what(pair: Pair, count: int) -> Fields:
    return {"partNumber": code_of(pair[0]), "defectCode": code_of(pair[1]), "count": min(max(count, 1), MAX_COUNT)}


def code_of(word: str) -> str:
    """ "metal nut" → "METAL_NUT", as the service names what it takes from a bundle into an empty catalog."""
    return word.upper().replace(" ", "_")


def _strength(drawing: DrawSettings, usual: tuple[float, float]) -> Fields:
    low, high = drawing.strengths(usual)
    return {"min": round(low, 3), "max": round(high, 3)}
