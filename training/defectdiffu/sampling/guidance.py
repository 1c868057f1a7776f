"""Double-free guidance: denoiser evaluations whose weighted sum is the guided noise (Eq. 4; zero-shot: Eq. 12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

GUIDANCES = ("DOUBLE_FREE", "PRODUCT_RELATIVE")
DPM_SOLVER_PP: Final = "DPM_SOLVER_PP"
TURBO: Final = "TURBO"  # the sampler of a student (distillation/), which hears the guidance and evaluates one row


@dataclass(frozen=True)
class SampleRequest:
    product: str
    defect: str
    seed: int
    strength: float = 1.0
    product_scale: float = 1.0
    steps: int = 25
    sampler: str = DPM_SOLVER_PP
    guidance: str = "DOUBLE_FREE"


class PlanRow(NamedTuple):
    """One evaluation of the denoiser: ε(defect, product), weighted."""

    defect: str
    product: str | None
    coefficient: float


def guidance_plan(request: SampleRequest, normal: str) -> list[PlanRow]:
    """Rows whose weighted sum is the guided noise; rows of coefficient 0 are left out.

    DOUBLE_FREE, Eq. 4: ε(g,∅) + w_p[ε(g,p) - ε(g,∅)] + w_d[ε(d,∅) - ε(g,∅)].
    PRODUCT_RELATIVE: ε(g,p) + w_d[ε(d,p) - ε(g,p)].
    A student's one row, ε(d,p), is guided as it is.
    """
    g, d, p, w_p, w_d = normal, request.defect, request.product, request.product_scale, request.strength
    if d == normal:
        w_d = 0.0
    if request.sampler == TURBO:
        rows = [PlanRow(g if w_d == 0 else d, p, 1.0)]
    elif request.guidance == "DOUBLE_FREE":
        rows = [PlanRow(g, None, 1 - w_p - w_d), PlanRow(g, p, w_p), PlanRow(d, None, w_d)]
    elif request.guidance == "PRODUCT_RELATIVE":
        rows = [PlanRow(g, p, 1 - w_d), PlanRow(d, p, w_d)]
    else:
        raise ValueError(f"guidance is {request.guidance!r}, must be {' or '.join(GUIDANCES)}")
    return [row for row in rows if row.coefficient != 0]


def turbo_guidance(request: SampleRequest, normal: str) -> tuple[float, float, float]:
    """Strength, product scale, and 1 for PRODUCT_RELATIVE, as a student hears them. What has no effect has its usual
    value: the strength of the normal state, and the product scale of PRODUCT_RELATIVE."""
    relative = request.guidance == "PRODUCT_RELATIVE"
    strength = 0.0 if request.defect == normal else request.strength
    return strength, 1.0 if relative else request.product_scale, float(relative)
