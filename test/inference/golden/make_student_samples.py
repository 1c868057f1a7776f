"""Draws with the student of the default bundle, in the training package, for the engine to be compared with.

    training/.venv/bin/python test/inference/golden/make_student_samples.py models/surfaces-small/0.5.0

Writes golden/samples/<name>@<version>/<n>.json, <n>.image.png and <n>.mask.png, numbered after those of make_samples.py.
"""

import json
import sys
from pathlib import Path

from make_student_bundle import HERE, SampleRequest, draw_cases

FIRST = 3
CASES = [
    SampleRequest("steel strip", "scratch", 201, 1.5, 1.0, 4, "TURBO"),
    SampleRequest("masonry", "crack", 202, 2.5, 1.2, 8, "TURBO", "PRODUCT_RELATIVE"),
    SampleRequest("fabric", "hole", 203, 3.0, 1.0, 2, "TURBO"),
]


def main() -> None:
    bundle = Path(sys.argv[1])
    manifest = json.loads((bundle / "bundle.json").read_text())
    draw_cases(bundle, HERE / "samples" / f"{manifest['name']}@{manifest['version']}", CASES, FIRST)


if __name__ == "__main__":
    main()
