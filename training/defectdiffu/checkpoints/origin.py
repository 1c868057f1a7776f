"""The origin of a run's weights when it starts from a bundle or a checkpoint, for the manifest of the new bundle.

Weights inherit the terms of whatever they were trained on, so the licence and the sources of a bundle that is trained
on, or of a published checkpoint, always belong in the new manifest, whatever the user's provenance file says.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..files.atomic import write_text
from ..files.bundle_manifest import read_manifest
from ..files.json_files import read_json
from .runs import Run

KINDS = {
    "started_from": (str, "text"),
    "license": (dict | None, "an object with id, terms and sources, or null"),
    "aliases": (dict, "an object"),
    "defaults": (dict, "an object"),
}


@dataclass(frozen=True)
class Origin:
    """The origin of a run's weights, in the manifest's terms."""

    started_from: str
    license: dict[str, Any] | None = None  # id, terms and sources
    aliases: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, Any] = field(default_factory=dict)  # that the weights ask for


def origin_of_bundle(directory: Path) -> Origin:
    manifest = read_manifest(directory, "name", "version", "license", "vocabulary", "defaults.guidance")
    return Origin(
        f"{manifest['name']} {manifest['version']}",
        manifest["license"],
        manifest["vocabulary"].get("aliases", {}),
        {"guidance": manifest["defaults"]["guidance"]},
    )


def save_origin(run: Run, origin: Origin) -> None:
    run.directory.mkdir(parents=True, exist_ok=True)
    write_text(run.origin, json.dumps(asdict(origin), indent=2, ensure_ascii=False))


def load_origin(run: Run) -> Origin | None:
    """Returns None for a run that was trained from scratch."""
    if not run.origin.exists():
        return None
    document = read_json(run.origin, "started_from")
    for key, value in document.items():
        if key not in KINDS:
            raise ValueError(f"{run.origin}: unknown key {key!r}; known: {', '.join(KINDS)}")
        kind, words = KINDS[key]
        if not isinstance(value, kind):
            raise ValueError(f"{run.origin}: {key} is {value!r}, must be {words}")
    if document.get("license") is not None:
        read_json(run.origin, "license.id", "license.terms", "license.sources")
    return Origin(**document)


def with_origin(provenance: dict[str, Any], origin: Origin | None) -> dict[str, Any]:
    """The user's provenance combined with the origin of the weights. Both licences, both terms and all sources apply;
    the user's aliases and defaults take precedence."""
    if origin is None:
        return provenance
    joined = provenance | {
        "aliases": origin.aliases | provenance.get("aliases", {}),
        "defaults": origin.defaults | provenance.get("defaults", {}),
    }
    if old := origin.license:
        joined["license"] = both(old["id"], provenance["license"])
        joined["terms"] = _both_terms(old["terms"], provenance["terms"], origin.started_from)
        joined["sources"] = old["sources"] + [each for each in provenance["sources"] if each not in old["sources"]]
    return joined


def both(old: str, new: str) -> str:
    """The SPDX expression that says that both licences hold: "CC-BY-SA-4.0 AND LicenseRef-mine"."""
    if old == new:
        return new
    parts = [part for expression in (old, new) for part in _parts(expression)]
    return " AND ".join(dict.fromkeys(parts))


def _parts(expression: str) -> list[str]:
    return [f"({expression})"] if " OR " in expression else expression.split(" AND ")


def _both_terms(old: str, new: str, started_from: str) -> str:
    if old.startswith(new):  # the old text already states the new terms
        return old
    return f"{new} Trained on from {started_from}, whose terms hold as well: {old}"
