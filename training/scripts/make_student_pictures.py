"""Makes docs/images/student.jpg: the same seeds drawn by the teacher in 20 steps and by the student in 8, 4 and 2.

    training/.venv/bin/python training/scripts/make_student_pictures.py --bundle models/surfaces-small/0.5.0

Drawn with the bundle's int8 graphs, as the service does on a CPU with PRECISION=int8. The masks are outlined. The
seeds are counted from the first; nothing is chosen by hand.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.quantisation.graph_generator import bundle_generator
from defectdiffu.sampling.guidance import DPM_SOLVER_PP, TURBO, SampleRequest
from defectdiffu.sampling.image_grids import outlined

sys.path.insert(0, str(Path(__file__).resolve().parent))
from make_pictures import IMAGES, labelled

PAIRS = [
    # product, defect, strength
    ("steel strip", "scratch", 1.0),
    ("fabric", "stain", 1.5),
    ("pcb", "short", 2.0),
    ("ball screw", "pitting", 3.0),
    ("magnetic tile", "broken", 1.0),
    ("masonry", "crack", 1.5),
    ("asphalt", "crack", 2.0),
    ("fabric", "hole", 3.0),  # zero-shot
]
WAYS = {
    "teacher\n60 rows": (DPM_SOLVER_PP, 20),
    "student\n8 rows": (TURBO, 8),
    "student\n4 rows": (TURBO, 4),
    "student\n2 rows": (TURBO, 2),
}
FIRST_SEED = 90_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    bundle = parser.parse_args().bundle
    generator = bundle_generator(bundle, load_bundle(bundle), "int8")
    rows = []
    for way, (sampler, steps) in WAYS.items():
        requests = [
            SampleRequest(product, defect, FIRST_SEED + i, strength, steps=steps, sampler=sampler)
            for i, (product, defect, strength) in enumerate(PAIRS)
        ]
        rows.append((way, [outlined(sample.image, sample.mask) for sample in generator.draw(requests)]))
    heads = [f"{product}, {defect}" for product, defect, _ in PAIRS]
    labelled(rows, heads).convert("RGB").save(IMAGES / "student.jpg", quality=88)


if __name__ == "__main__":
    main()
