"""Names of which one may give several."""

from __future__ import annotations

from collections.abc import Collection


def require_choices(what: str, names: Collection[str], known: Collection[str]) -> None:
    """Raises ValueError that lists what there is, for none of them or an unknown one."""
    if not names:
        raise ValueError(f"{what} is empty, must name at least one of {', '.join(known)}")
    if unknown := set(names) - set(known):
        raise ValueError(f"{what}: unknown {sorted(unknown)}; known: {', '.join(known)}")
