"""Makes docs/images/on-twins.png: defects on the samples' own normal twins, asked of a running service.

    DEFECTDIFFU_API_KEY=… training/.venv/bin/python training/scripts/make_twin_pictures.py

Each row: the normal twin, the sample on it at three strengths, and the mask of the last. The seed is that of the first
sample that the service itself accepts at strength 2; nothing is chosen by hand.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from make_photograph_pictures import STRENGTHS, finished
from make_pictures import IMAGES, Service, fetch, labelled, white

ROWS = [
    # product, defect
    ("ASPHALT", "CRACK"),
    ("BALL_SCREW", "PITTING"),
    ("FABRIC", "STAIN"),
    ("FABRIC", "HOLE"),
    ("MAGNETIC_TILE", "HOLE"),
    ("MASONRY", "CRACK"),
    ("PCB", "SPUR"),
    ("STEEL_STRIP", "SCRATCH"),
]
SAMPLES = "coverage samples(first: 10) { edges { node { seed image { url } mask { url } twin { url } } } }"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:4000/graphql")
    service = Service(parser.parse_args().url, os.environ["DEFECTDIFFU_API_KEY"])
    rows = []
    for part, code in ROWS:
        wish = {"partNumber": part, "defectCode": code, "reference": {"twin": True}}
        first = finished(
            service, wish | {"seed": 1, "strength": {"value": 2}, "quality": {"maximumAttempts": 8}}, SAMPLES
        )
        seed = first["samples"][0]["seed"] if first["samples"] else 1
        sweep = finished(service, wish | {"seed": seed, "strength": {"sweep": list(STRENGTHS)}}, SAMPLES)
        samples = sweep["samples"]
        pictures = [fetch(samples[0]["twin"]["url"]), *(fetch(sample["image"]["url"]) for sample in samples)]
        mask = white(fetch(samples[-1]["mask"]["url"])[..., 0] > 127)
        notes = [part.replace("_", " ").lower(), code.lower()]
        notes += ["(zero-shot)"] if sweep["coverage"] == "ZERO_SHOT" else []
        notes += [] if first["samples"] else ["not accepted"]
        rows.append(("\n".join(notes), [*pictures, mask]))
        print(part, code, sweep["coverage"], "seed", seed, first["status"])
    heads = ["normal twin", *(f"w_d = {w:g}" for w in STRENGTHS), "mask at 3"]
    labelled(rows, heads).save(IMAGES / "on-twins.png", optimize=True)


if __name__ == "__main__":
    main()
