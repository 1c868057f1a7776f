"""Finds the foregrounds of photographs with the training package's reference, for the engine to be compared with.

    training/.venv/bin/python test/inference/golden/make_foregrounds.py

Writes golden/foregrounds/<folder>-<photograph>.png from examples/cookie.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "training"))
from defectdiffu.sampling.foreground import foreground_of  # noqa: E402

COOKIES = HERE.parents[2] / "examples" / "cookie" / "data" / "cookie"
PHOTOGRAPHS = ("train/good/002.jpg", "train/good/004.jpg", "test/broken/001.jpg", "test/broken/003.jpg")


def main() -> None:
    out = HERE / "foregrounds"
    out.mkdir(exist_ok=True)
    for place in map(Path, PHOTOGRAPHS):
        found = foreground_of(np.asarray(Image.open(COOKIES / place).convert("RGB")))
        Image.fromarray(found.astype(np.uint8) * 255).convert("1").save(out / f"{place.parent.name}-{place.stem}.png")
        print(place, f"{found.mean():.3f}")


if __name__ == "__main__":
    main()
