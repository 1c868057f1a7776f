"""The bundle that an adapter belongs to, known by the SHA-256 of its graphs: an adapter fits no other weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files.bundle_manifest import read_manifest


@dataclass(frozen=True)
class BaseBundle:
    name: str
    version: str
    graphs: dict[str, str]  # component → SHA-256 of its fp32 graph


def base_of(directory: Path) -> BaseBundle:
    """Raises ValueError for a bundle whose denoiser computes the modulations itself (version 0.3 and before)."""
    manifest = read_manifest(directory, "name", "version", "components")
    components: dict[str, Any] = manifest["components"]
    if "modulation" not in components:
        raise ValueError(f"{directory}: has no component modulation, which adapters change; export the model again")
    fp32 = {name: [v for v in part["variants"] if v["precision"] == "fp32"] for name, part in components.items()}
    return BaseBundle(
        manifest["name"], manifest["version"], {name: found[0]["sha256"] for name, found in fp32.items() if found}
    )


def require_base(directory: Path, base: BaseBundle, adapter: Path) -> None:
    """Raises ValueError that names the graph in which the bundle is not the one that the adapter was trained on."""
    there = base_of(directory).graphs
    for name, digest in base.graphs.items():
        if there.get(name) != digest:
            raise ValueError(
                f"{adapter}: belongs to {base.name} {base.version}, but the {name} of {directory} is another: "
                f"its SHA-256 is {there.get(name, 'missing')}, the adapter needs {digest}"
            )
