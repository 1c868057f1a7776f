"""The request of a training; its contract is models/training-request.schema.json."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..export.manifest import schema_problems
from ..files.json_files import read_json
from ..training.onboarding_plan import OnboardingPlan

SCHEMA = Path(__file__).resolve().parents[3] / "models" / "training-request.schema.json"
FORMAT_VERSION = 1
Kind = Literal["ADAPTER", "FINE_TUNE", "FROM_SCRATCH"]
REPLAYED, REPLAYED_PER_MINUTE = (2, 16), 0.25  # samples of each known pair: drawing them takes a part of the minutes
PLAN_KEYS = {"adapter_rank": "adapter_rank", "batch_size": "batch_size", "windows_per_pair": "new_windows_per_pair"}


@dataclass(frozen=True)
class TrainingRequest:
    kind: Kind
    bundle: Path  # of FROM_SCRATCH, the one whose architecture the new model has
    data: Path
    minutes: float
    plan: OnboardingPlan
    provenance: dict[str, Any]
    windows: dict[str, dict[str, Any]] = field(default_factory=dict)  # per prompt name of a product
    threads: int = 0
    detectors: bool = True  # whether the verdict compares them

    def write_windows(self, path: Path) -> Path:
        """Writes the windows file that the stages of training read."""
        lines = []
        for product, rule in sorted(self.windows.items()):
            lines.append(f"[products.{json.dumps(product, ensure_ascii=False)}]")
            lines += [f"{name} = {json.dumps(value)}" for name, value in rule.items()]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path


def read_request(path: Path) -> TrainingRequest:
    """Raises ValueError that names the place, the bound, and the value of everything that the schema does not allow."""
    document = read_json(path)
    version = document.get("formatVersion")
    if version != FORMAT_VERSION:  # before the schema, whose problems with an unknown format would mislead
        raise ValueError(f"formatVersion is {version!r}, this version of the package reads {FORMAT_VERSION}")
    if problems := schema_problems(document, SCHEMA):
        raise ValueError("; ".join(problems))
    least, most = REPLAYED
    plan = OnboardingPlan(
        name=document["name"],
        version=document["version"],
        seed=document.get("seed"),
        adapter=document["kind"] == "ADAPTER",
        samples_per_pair=max(least, min(most, round(REPLAYED_PER_MINUTE * document["minutes"]))),
        **{ours: document[key] for key, ours in PLAN_KEYS.items() if key in document},
    )
    return TrainingRequest(
        document["kind"],
        Path(document["bundle"]),
        Path(document["data"]),
        document["minutes"],
        plan,
        document["provenance"],
        document.get("windows", {}),
        document.get("threads", 0),
        document.get("detectors", True),
    )
