"""Requests for `work`, and the lines that it answers with."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import jsonschema
from onboarding_command import make_brass
from referencing import Registry
from referencing.jsonschema import DRAFT7

from defectdiffu.advice import onboarding_verdict
from defectdiffu.evaluation.plan import EvaluationPlan
from defectdiffu.export.manifest import SCHEMA as BUNDLE_SCHEMA
from defectdiffu.trainer.lines import SCHEMA as LINE_SCHEMA
from defectdiffu.trainer.lines import Lines
from defectdiffu.trainer.request import SCHEMA, read_request
from defectdiffu.trainer.work import work

OF_PHOTOGRAPHS = {"description": "Brass.", "license": "CC-BY-4.0", "terms": "Name us.", "dataset": "Rings",
                  "sources": [{"product": "brass ring", "source": "made up", "license": "CC-BY-4.0"}]}  # fmt: skip


def read_schema(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def validator(schema: Path) -> jsonschema.Draft7Validator:
    bundle = DRAFT7.create_resource(read_schema(BUNDLE_SCHEMA))
    return jsonschema.Draft7Validator(
        read_schema(schema), registry=Registry().with_resource(BUNDLE_SCHEMA.name, bundle)
    )


def lines_of(text: str) -> list[dict[str, Any]]:
    """Every line, checked by the schema."""
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        validator(LINE_SCHEMA).validate(line)
    return lines


def write_request(exported: Path, tmp_path: Path) -> Path:
    """For tenths of a minute on one thread, with a window that the photographs have room for."""
    request = {
        "formatVersion": 1, "kind": "ADAPTER", "bundle": str(exported), "data": str(make_brass(tmp_path / "data")),
        "name": "brass", "version": "1.0.0", "minutes": 0.1, "threads": 1, "batch_size": 4, "adapter_rank": 2,
        "windows": {"brass ring": {"window": 32, "flips": "left-right"}}, "provenance": OF_PHOTOGRAPHS,
    }  # fmt: skip
    validator(SCHEMA).validate(request)
    path = tmp_path / "request.json"
    path.write_text(json.dumps(request))
    return path


def make_quick(monkeypatch) -> None:
    plan = EvaluationPlan(samples=2, windows=4, steps=2, segmenter_steps=2)
    monkeypatch.setattr(onboarding_verdict, "PLAN", plan)
    monkeypatch.setattr("defectdiffu.trainer.work.GRID_SECONDS", 0)


def changed(request_file: Path, **changes: Any) -> Path:
    request_file.write_text(json.dumps(json.loads(request_file.read_text()) | changes))
    return request_file


def worked(request_file: Path, run: Path, output: io.StringIO | None = None) -> list[dict[str, Any]]:
    """Its minutes are of the processor: on a busy machine, those of a clock may be over too soon."""
    output = output or io.StringIO()
    work(read_request(request_file), run, Lines(output), clock=time.process_time)
    return lines_of(output.getvalue())
