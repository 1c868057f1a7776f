"""What an advice recommends can be sent to the service as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from graphql import build_schema, graphql_sync

from defectdiffu.advice.candidates import Candidate
from defectdiffu.advice.findings import Findings, Photographs
from defectdiffu.advice.request import MAX_COUNT, REQUESTS, request_of
from defectdiffu.comparison.generated import HARMONISING, USUAL, DrawSettings
from defectdiffu.comparison.measurement import Product
from defectdiffu.comparison.plan import ComparisonPlan
from defectdiffu.comparison.statistics import Interval
from defectdiffu.data.record import Record
from defectdiffu.data.windows import WindowRule

SCHEMA = build_schema((Path(__file__).parents[2] / "schema.graphql").read_text())
PRODUCT = Product(
    [Record("metal nut", defect, Path("x.png"), Path("m.png"), "train") for defect in ("scratch", "dent")],
    {},
    (WindowRule(), {"metal nut": WindowRule(half_turn_only=True)}),
    ComparisonPlan(),
)


def found(method: str, helps: bool = True, drawing: DrawSettings = USUAL, **changes) -> Findings:
    ours, sign = Candidate(method, drawing=drawing), 1 if helps else -1
    plain = Findings(
        product="metal nut", headline="miou", photographs=Photographs({}, 9, 4, 4, []), tried=[], skipped={},
        ours=ours, theirs=Candidate("real + augmentation"), plain=None,
        gain={"miou": Interval(sign * 0.2, sign * 0.2, sign * 0.2)},
        figures={}, curve=[], bundle="m@1.0.0", bundle_saw_all=False, trainings=1, minutes=1.0, given=1.0, needed=None,
        samples=dict.fromkeys(ours.samples_from, 32), lowest_scores={},
    )  # fmt: skip
    return replace(plain, **changes)


def inputs_of(findings: Findings) -> list[dict]:
    """The inputs, after the service's schema has accepted them."""
    request = request_of(findings, PRODUCT, steps=12)
    assert request is not None
    answer = graphql_sync(SCHEMA, request["query"], {"generateDefects": []}, variable_values=request["variables"])
    assert answer.errors is None and answer.data == {"generateDefects": []}
    return request["variables"]["input"]


@pytest.mark.parametrize("source", REQUESTS)
def test_the_schema_of_the_service_accepts_the_request(source):
    first, second = inputs_of(found(f"{source} + augmentation"))
    assert (first["partNumber"], first["defectCode"], second["defectCode"]) == ("METAL_NUT", "DENT", "SCRATCH")
    assert first["count"] == 32


def test_the_drawing_that_was_measured_is_requested():
    drawing = DrawSettings(strength_factor=1.5, better_half=True)
    scores = {"metal nut/dent": 0.8}
    dent, scratch = inputs_of(found("from noise + augmentation", drawing=drawing, lowest_scores=scores))
    assert dent["strength"] == {"min": 1.125, "max": 3.0} and dent["steps"] == 12 and dent["model"] == "m@1.0.0"
    assert dent["quality"] == {"minimumConfidence": 0.8} and "quality" not in scratch
    on_photographs = inputs_of(found("on photographs + augmentation", drawing=drawing, lowest_scores=scores))[0]
    assert on_photographs["quality"] == {"minimumAgreement": 0.8}
    assert on_photographs["reference"] == {"anyOfProduct": True}


def test_transplants_vary_as_the_windows_of_the_product_allow():
    plain = inputs_of(found("transplanted + augmentation"))[0]
    assert plain["variation"] == {"quarterTurns": False, "halfTurns": True, "mirrors": False}
    assert plain["strength"] == {"min": 0.6, "max": 1.2} and "model" not in plain
    harmonised = inputs_of(found("harmonised + augmentation"))[0]
    assert harmonised["harmonize"] == HARMONISING and harmonised["model"] == "m@1.0.0"


@pytest.mark.parametrize(("flips", "mirrors"), [(True, True), ("left-right", False), ("up-down", False)])
def test_the_service_mirrors_only_where_both_mirrors_are_plausible(flips, mirrors):
    product = replace(PRODUCT, rules=(WindowRule(flips=flips), {}))
    request = request_of(found("transplanted + augmentation"), product, steps=12)
    assert request is not None
    variation = request["variables"]["input"][0]["variation"]
    assert variation == {"quarterTurns": False, "halfTurns": False, "mirrors": mirrors}


def test_of_a_mix_the_service_draws_what_it_can():
    mixed = inputs_of(found("from noise, copy-paste + augmentation"))
    assert len(mixed) == 2 and all("reference" not in item for item in mixed)


def test_no_request_asks_for_more_than_the_service_accepts():
    many = inputs_of(found("from noise + augmentation", samples={"from noise": 5000}))
    assert many[0]["count"] == MAX_COUNT


def test_without_a_gain_nothing_is_requested():
    assert request_of(found("from noise + augmentation", helps=False), PRODUCT, steps=12) is None
    assert request_of(found("drawn, transferred + augmentation"), PRODUCT, steps=12) is None  # only `compare` has it
