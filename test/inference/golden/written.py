"""How a golden sample lies on disk: what was asked for in the engine's words and what was measured, the picture and its
mask."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def asked(request) -> dict[str, Any]:
    """A SampleRequest of the training package as the engine's SampleRequest, without id and bundle."""
    return {
        "product": request.product,
        "defect": request.defect,
        "seed": request.seed,
        "strength": request.strength,
        "productScale": request.product_scale,
        "steps": request.steps,
        "sampler": request.sampler,
        "guidance": request.guidance,
        "maskMode": "AVERAGE_FEATURES",
    }


def write(out: Path, n: int, document: dict[str, Any], image: np.ndarray, mask: np.ndarray) -> None:
    """<n>.json, <n>.image.png and <n>.mask.png; image uint8 [S, S, 3], mask bool [S, S]."""
    (out / f"{n}.json").write_text(json.dumps(document, indent=2) + "\n")
    Image.fromarray(image).save(out / f"{n}.image.png")
    Image.fromarray(mask.astype(np.uint8) * 255).save(out / f"{n}.mask.png")
