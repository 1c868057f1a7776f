"""Makes the pictures of the README and of docs/default-model.md by asking a running service, as any client would.

    DEFECTDIFFU_API_KEY=… training/.venv/bin/python training/scripts/make_pictures.py --data <folder in the layout>

Real photographs are shown only for products whose licence lets them be shown again (SHOWN); the README names them.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import time
import urllib.request
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from defectdiffu.data.layout import read_layout
from defectdiffu.data.windows import WindowCutter, read_rules
from defectdiffu.sampling.image_grids import grid, outlined

TRAINING = Path(__file__).resolve().parent.parent
PRESETS = TRAINING / "presets"
IMAGES = TRAINING.parent / "docs" / "images"
SHOWN = {
    "fabric": "stain",
    "ball screw": "pitting",
    "concrete": "crack",
    "masonry": "crack",
}
STRENGTHS = (0.0, 1.0, 2.0, 3.0)
LABEL_WIDTH, TEXT_HEIGHT = 150, 16


class Service:
    def __init__(self, url: str, key: str):
        self.url, self.key = url, key

    def ask(self, query: str, **variables) -> dict:
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {self.key}",
        }
        with urllib.request.urlopen(urllib.request.Request(self.url, body, headers)) as response:
            answer = json.load(response)
        if "errors" in answer:
            raise SystemExit(f"{self.url}: {answer['errors'][0]['message']}")
        return answer["data"]

    def pairs(self) -> list[tuple[str, str, str]]:
        """(part number, defect code, coverage), trained pairs first."""
        query = """{ products(first: 100) { edges { node { partNumber defects { defect { code } coverage } } } } }"""
        nodes = [edge["node"] for edge in self.ask(query)["products"]["edges"]]
        found = [(n["partNumber"], d["defect"]["code"], d["coverage"]) for n in nodes for d in n["defects"]]
        return sorted(found, key=lambda pair: (pair[2] != "TRAINED", pair))

    def draw(self, requests: list[dict]) -> list[tuple[np.ndarray, np.ndarray]]:
        """(image, mask) of each request of one sample."""
        made = self.ask(
            "mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }",
            input=requests,
        )
        return [self._picture(generation["id"]) for generation in made["generateDefects"]]

    def _picture(self, generation: str) -> tuple[np.ndarray, np.ndarray]:
        state = self.over(
            generation, "error { message } samples(first: 1) { edges { node { image { url } mask { url } } } }"
        )
        if state["status"] != "SUCCEEDED":
            raise SystemExit(f"generation {generation}: {state['status']} {state['error']}")
        node = state["samples"]["edges"][0]["node"]
        return fetch(node["image"]["url"]), fetch(node["mask"]["url"])[..., 0] > 127

    def over(self, generation: str, fields: str) -> dict:
        """The generation's status and fields when it is over, however it ended."""
        query = f"query ($id: ID!) {{ generation(id: $id) {{ status {fields} }} }}"
        while True:
            state = self.ask(query, id=generation)["generation"]
            if state["status"] not in ("QUEUED", "RUNNING"):
                return state
            time.sleep(0.3)


def fetch(url: str) -> np.ndarray:
    with urllib.request.urlopen(url) as response:
        return np.asarray(Image.open(io.BytesIO(response.read())).convert("RGB"))


def labelled(rows: list[tuple[str, list[np.ndarray]]], heads: list[str]) -> Image.Image:
    """Rows of pictures with a label at the left of each and a head above each column."""
    pictures = grid([row for _, row in rows])
    step = pictures.shape[0] // len(rows)
    column = pictures.shape[1] // max(len(row) for _, row in rows)
    page = Image.new(
        "RGB",
        (pictures.shape[1] + LABEL_WIDTH, pictures.shape[0] + TEXT_HEIGHT),
        "white",
    )
    page.paste(Image.fromarray(pictures), (LABEL_WIDTH, TEXT_HEIGHT))
    pen = ImageDraw.Draw(page)
    for i, (label, _) in enumerate(rows):
        pen.multiline_text((4, TEXT_HEIGHT + i * step + step // 2 - 14), label, fill="black")
    for i, head in enumerate(heads):
        pen.text((LABEL_WIDTH + i * column + 4, 2), head, fill="black")
    return page


def real_windows(data: Path, count: int) -> dict[str, list[np.ndarray]]:
    default, rules = read_rules(PRESETS / "surfaces.toml")
    records, rng = read_layout(data), np.random.default_rng(3)
    shown = {}
    for product, defect in SHOWN.items():
        own = [r for r in records if (r.product, r.defect, r.split) == (product, defect, "train")]
        chosen = rng.choice(len(own), count, replace=False)
        windows = [WindowCutter(own[i], rules.get(product, default), 128).cut(rng) for i in chosen]
        shown[product] = [outlined(image, mask) for image, mask in windows]
    return shown


def white(mask: np.ndarray) -> np.ndarray:
    return np.repeat(mask[..., None].astype(np.uint8) * 255, 3, axis=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--url", default="http://127.0.0.1:4000/graphql")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument(
        "--readme",
        nargs="*",
        default=["BALL_SCREW/PITTING", "FABRIC/STAIN", "PCB/SPURIOUS_COPPER"],
    )
    options = parser.parse_args()
    service = Service(options.url, os.environ["DEFECTDIFFU_API_KEY"])
    IMAGES.mkdir(parents=True, exist_ok=True)
    pairs = service.pairs()
    names = {(part, code): (part.replace("_", " ").lower(), code.replace("_", " ").lower()) for part, code, _ in pairs}

    rows = []
    for part, code, coverage in pairs:
        if coverage == "UNSUPPORTED" or (coverage == "ZERO_SHOT" and (part, code) != ("MAGNETIC_TILE", "CRACK")):
            continue
        base = {"partNumber": part, "defectCode": code, "count": 1}
        requests = [base | {"seed": options.seeds[0], "strength": {"value": w}} for w in STRENGTHS]
        requests += [base | {"seed": seed, "strength": {"value": 1.5}} for seed in options.seeds[1:]]
        label = "\n".join([*names[part, code], "(zero-shot)" if coverage == "ZERO_SHOT" else ""])
        rows.append((label, [outlined(image, mask) for image, mask in service.draw(requests)]))
    heads = [f"w_d = {w:g}" for w in STRENGTHS] + [f"seed {seed}, w_d = 1.5" for seed in options.seeds[1:]]
    labelled(rows, heads).save(IMAGES / "contact-sheet.png", optimize=True)

    real = real_windows(options.data, 4)
    beside = []
    for product, windows in real.items():
        part, code = product.replace(" ", "_").upper(), SHOWN[product].upper()
        base = {
            "partNumber": part,
            "defectCode": code,
            "count": 1,
            "strength": {"value": 1.5},
        }
        drawn = service.draw([base | {"seed": seed} for seed in options.seeds])
        beside.append(
            (
                f"{product}\n{SHOWN[product]}",
                windows + [outlined(image, mask) for image, mask in drawn],
            )
        )
    labelled(beside, ["real"] * 4 + ["generated"] * 4).save(IMAGES / "real-and-generated.png", optimize=True)

    story = []
    for pair in options.readme:
        part, code = pair.split("/")
        base = {"partNumber": part, "defectCode": code, "count": 1, "seed": options.seeds[0]}
        drawn = service.draw([base | {"strength": {"value": w}} for w in STRENGTHS])
        photograph = real.get(names[part, code][0], [np.full_like(drawn[0][0], 255)])[-1]
        story.append(
            ("\n".join(names[part, code]), [photograph] + [image for image, _ in drawn] + [white(drawn[2][1])])
        )
    heads = ["real", *(f"generated, w_d = {w:g}" for w in STRENGTHS), "its mask at 2"]
    labelled(story, heads).save(IMAGES / "strengths.png", optimize=True)


if __name__ == "__main__":
    main()
