"""Makes the pictures of docs/photographs.md: defects on photographs of good parts, asked of a running service.

    DEFECTDIFFU_API_KEY=… training/.venv/bin/python training/scripts/make_photograph_pictures.py --data <folder>

Each row: the photograph with its region outlined, the sample at three strengths, and the mask of the last. Place and
seed are those of the first sample that the service itself accepts at strength 2; nothing is chosen by hand.
Photographs whose licence does not let them be shown again are replaced by what the model draws for the normal product.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import urllib.request
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent))
from make_pictures import IMAGES, SHOWN, Service, fetch, labelled, white

from defectdiffu.data.image_files import load_image
from defectdiffu.data.layout import GOOD, read_layout
from defectdiffu.sampling.image_grids import outlined

STRENGTHS = (1.0, 2.0, 3.0)
SIZE = 128
ROWS = [
    # product, defect
    ("ASPHALT", "CRACK"),
    ("BALL_SCREW", "PITTING"),
    ("CONCRETE", "CRACK"),
    ("FABRIC", "STAIN"),
    ("FABRIC", "HOLE"),
    ("FABRIC", "CRACK"),
    ("MAGNETIC_TILE", "HOLE"),
    ("MAGNETIC_TILE", "FRAY"),
    ("MAGNETIC_TILE", "CRACK"),
    ("MASONRY", "CRACK"),
    ("BALL_SCREW", "SCRATCH"),
    ("PCB", "SHORT"),
    ("PCB", "SPUR"),
    ("STEEL_STRIP", "INCLUSION"),
    ("STEEL_STRIP", "PATCH"),
    ("STEEL_STRIP", "SCRATCH"),
]
README = {("BALL_SCREW", "PITTING"), ("FABRIC", "STAIN"), ("FABRIC", "HOLE"), ("BALL_SCREW", "SCRATCH")}
SAMPLES = "coverage samples(first: 10) { edges { node { seed image { url } mask { url } region { url } } } }"


def register(service: Service, part: str, picture: np.ndarray) -> str:
    created = service.ask(
        "mutation ($input: CreateUploadInput!) { createUpload(input: $input) { url } }",
        input={"purpose": "REFERENCE", "partNumber": part},
    )
    body = io.BytesIO()
    Image.fromarray(picture).save(body, "PNG")
    request = urllib.request.Request(created["createUpload"]["url"], body.getvalue(), method="PUT")
    with urllib.request.urlopen(request) as response:
        return json.load(response)["reference"]["id"]


def finished(service: Service, wish: dict, fields: str = SAMPLES) -> dict:
    """The generation when it is over: `fields` of it, its samples as a list."""
    made = service.ask(
        "mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }", input=[wish]
    )
    state = service.over(made["generateDefects"][0]["id"], fields)
    return state | {"samples": [edge["node"] for edge in state["samples"]["edges"]]}


def grounds(service: Service, data: Path) -> dict[str, np.ndarray]:
    """A picture of each product without a defect: a photograph where it may be shown, else the model's own."""
    records, pictures = read_layout(data), {}
    for part in dict.fromkeys(part for part, _ in ROWS):
        product = part.replace("_", " ").lower()
        if product in SHOWN:
            own = [r for r in records if (r.product, r.defect, r.split) == (product, GOOD, "train")]
            picture = load_image(own[len(own) // 2].image)
            pictures[part] = picture[:SIZE, :SIZE] if min(picture.shape[:2]) >= SIZE else picture
        else:
            defect = next(code for p, code in ROWS if p == part)
            wish = {"partNumber": part, "defectCode": defect, "seed": 5, "strength": {"value": 0}}
            pictures[part] = fetch(finished(service, wish)["samples"][0]["image"]["url"])
    return pictures


def fitted(picture: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((SIZE, SIZE), Image.Resampling.NEAREST))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--url", default="http://127.0.0.1:4000/graphql")
    options = parser.parse_args()
    service = Service(options.url, os.environ["DEFECTDIFFU_API_KEY"])
    pictures = grounds(service, options.data)
    rows = []
    for part, code in ROWS:
        wish = {
            "partNumber": part,
            "defectCode": code,
            "reference": {"id": register(service, part, pictures[part])},
        }
        first = finished(service, wish | {"seed": 1, "strength": {"value": 2}, "quality": {"maximumAttempts": 8}})
        seed = first["samples"][0]["seed"] if first["samples"] else 1
        sweep = finished(service, wish | {"seed": seed, "strength": {"sweep": list(STRENGTHS)}})
        drawn = [(fetch(s["image"]["url"]), fetch(s["mask"]["url"])[..., 0] > 127) for s in sweep["samples"]]
        region = fetch(sweep["samples"][0]["region"]["url"])[..., 0] > 127
        row = [outlined(pictures[part], region), *(image for image, _ in drawn), white(drawn[-1][1])]
        notes = [part.replace("_", " ").lower(), code.replace("_", " ").lower()]
        if sweep["coverage"] == "ZERO_SHOT":
            notes.append("(zero-shot)")
        if not first["samples"]:
            notes.append("not accepted")
        rows.append(("\n".join(notes), [fitted(picture) for picture in row]))
        print(part, code, sweep["coverage"], "seed", seed, first["status"])
    heads = ["photograph, region", *(f"w_d = {w:g}" for w in STRENGTHS), "mask at 3"]
    readme = [row for row, pair in zip(rows, ROWS, strict=True) if pair in README]
    labelled(readme, heads).save(IMAGES / "on-photographs.png", optimize=True)
    split = -(-len(rows) // 2)
    for name, part in (("photographs-1", rows[:split]), ("photographs-2", rows[split:])):
        labelled(part, heads).save(IMAGES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
