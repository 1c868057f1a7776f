"""Transplants defects with the training package's reference, for the engine to be compared with.

    training/.venv/bin/python test/inference/golden/make_transplants.py

Writes golden/transplants/<n>.json, <n>.image.png and <n>.mask.png. The photographs are windows of test/photographs/fabric.png, with a defect made up by a formula.
"""

from pathlib import Path
from typing import NamedTuple
import sys

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "training"))
from defectdiffu.transplant.place import Area  # noqa: E402
from defectdiffu.transplant.transplant import lay_anywhere, transplant, vary_defect  # noqa: E402
from defectdiffu.transplant.variation import VariationLimits  # noqa: E402
from written import write  # noqa: E402

FREE = VariationLimits(
    turn=30, quarter_turns=True, half_turns=True, mirrors=True, scale=(0.7, 1.5), bend=0.1, contrast=0.5
)


class Case(NamedTuple):
    window: tuple[int, int, int, int]  # of the photograph: left, top, right, bottom
    donor_window: tuple[int, int, int, int]
    spot: tuple[int, int, int, int]  # of the donor: center and semi-axes, in pixels
    seed: int
    strength: float = 1.0
    limits: VariationLimits = VariationLimits()
    allowed: tuple[int, int, int, int] | None = None
    anywhere: bool = False
    least: float | None = None  # share of the defect in `allowed`; None: its middle


CASES = [
    Case((0, 0, 128, 96), (100, 90, 220, 200), (60, 50, 12, 7), 1),
    Case((20, 30, 150, 130), (0, 0, 90, 110), (40, 60, 18, 5), 2, 0.6),
    Case((0, 0, 128, 96), (100, 90, 220, 200), (60, 50, 12, 7), 3, 1.7, FREE),
    Case((0, 0, 140, 120), (30, 20, 130, 110), (30, 40, 9, 14), 4, 1.0, FREE, (80, 40, 130, 90)),
    Case((10, 10, 120, 110), (100, 90, 220, 200), (2, 50, 12, 9), 5),  # at the left border
    Case((10, 10, 120, 110), (0, 0, 120, 100), (60, 50, 80, 6), 6, 1.2, FREE),  # from border to border
    Case((0, 0, 250, 200), (30, 20, 130, 110), (30, 40, 5, 4), 8, 0.9, FREE, (121, 93, 124, 95)),  # hardly a place
    Case((0, 0, 40, 36), (100, 90, 220, 200), (60, 50, 25, 15), 7),  # wider than the photograph
    Case((0, 0, 128, 96), (100, 90, 220, 200), (60, 50, 12, 7), 9, 1.0, FREE, None, True),  # anywhere
    Case((0, 0, 128, 96), (100, 90, 220, 200), (60, 50, 12, 7), 10, 1.0, FREE, (20, 20, 60, 60), True),
    Case((0, 0, 140, 120), (30, 20, 130, 110), (30, 40, 9, 14), 11, 1.0, FREE, (60, 30, 110, 80), False, 0.95),
    Case((0, 0, 140, 120), (30, 20, 130, 110), (30, 40, 9, 14), 12, 1.0, FREE, (60, 30, 110, 80), True, 0.6),
    Case((0, 0, 140, 120), (30, 20, 130, 110), (30, 40, 20, 26), 13, 1.0, FREE, (70, 40, 84, 60), False, 0.95),  # too small
]


def main() -> None:
    fabric = np.asarray(Image.open(HERE.parents[1] / "photographs" / "fabric.png").convert("RGB"))
    out = HERE / "transplants"
    out.mkdir(exist_ok=True)
    for n, case in enumerate(CASES):
        left, top, right, bottom = case.window
        photograph = fabric[top:bottom, left:right]
        donor, mask = defective(fabric, case)
        area = None
        if case.allowed is not None:
            area = Area(np.zeros(photograph.shape[:2], bool), case.least)
            area.pixels[case.allowed[1] : case.allowed[3], case.allowed[0] : case.allowed[2]] = True
        if case.anywhere:
            variants = vary_defect(donor, mask, case.seed, case.limits)
            made = lay_anywhere(photograph, variants[0], case.strength, area)
        else:
            made = transplant(photograph, donor, mask, case.seed, case.strength, case.limits, area)
        write(out, n, document(case, made), made.image, made.mask)
        print(n, made.place, f"mask {made.mask.mean():.3f}")


def defective(fabric: np.ndarray, case: Case) -> tuple[np.ndarray, np.ndarray]:
    """The donor: dark inside the ellipse, as the engine's test makes it too."""
    left, top, right, bottom = case.donor_window
    x, y, major, minor = case.spot
    rows, columns = np.mgrid[: bottom - top, : right - left]
    mask = ((columns - x) / major) ** 2 + ((rows - y) / minor) ** 2 <= 1
    return np.where(mask[..., None], fabric[top:bottom, left:right] // 3, fabric[top:bottom, left:right]), mask


def document(case: Case, made) -> dict:
    limits = case.limits
    return {
        "window": box(case.window),
        "donorWindow": box(case.donor_window),
        "spot": dict(zip(("x", "y", "major", "minor"), case.spot, strict=True)),
        "seed": case.seed,
        "strength": case.strength,
        "limits": {
            "turn": limits.turn,
            "quarterTurns": limits.quarter_turns,
            "halfTurns": limits.half_turns,
            "mirrors": limits.mirrors,
            "scale": {"min": limits.scale[0], "max": limits.scale[1]},
            "bend": limits.bend,
            "contrast": limits.contrast,
        },
        "allowed": None if case.allowed is None else box(case.allowed),
        "least": case.least,
        "anywhere": case.anywhere,
        "place": made.place._asdict(),
    }


def box(corners: tuple[int, int, int, int]) -> dict[str, int]:
    return dict(zip(("left", "top", "right", "bottom"), corners, strict=True))


if __name__ == "__main__":
    main()
