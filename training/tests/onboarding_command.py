"""Photographs of a product to onboard, and the command that does it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from conftest import texture, write_image


def make_brass(root: Path, photographs: int = 3) -> Path:
    """A product that the tests' bundle has never seen, with a defect that it knows and one that it does not,
    and so many photographs of each kind."""
    rng = np.random.default_rng(4)
    for i in range(photographs):
        write_image(root / "brass ring" / "train" / "good" / f"{i}.png", texture(rng, 200, 40))
        for defect in ("dent", "rust"):
            image, mask = texture(rng, 200, 40), np.zeros((40, 40), np.uint8)
            mask[10:20, 12:20] = 255
            image[mask > 0] = 40
            write_image(root / "brass ring" / "test" / defect / f"{i}.png", image)
            write_image(root / "brass ring" / "ground_truth" / defect / f"{i}_mask.png", mask)
    return root


def options(bundle: Path, data: Path, run: Path, version: str = "0.2.0") -> tuple[object, ...]:
    return ("onboard", "--bundle", bundle, "--data", data, "--run", run, "--threads", 1, "--no-verdict",
            "--version", version)  # fmt: skip
