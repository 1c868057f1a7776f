"""Draws on a photograph, and on a normal twin, with the training package's reference, for the engine to be compared with.

    training/.venv/bin/python test/inference/golden/make_photograph_samples.py models/surfaces-small/0.5.0 [first]

With `first`, only the samples from this number on.

Writes golden/photographs/<name>@<version>/<n>.json, <n>.image.png and <n>.mask.png from test/photographs/fabric.png, its
top left window of the model's size, so that no resizing is compared along. Of a sample on its twin, <n>.twin.png too.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "training"))
from defectdiffu.checkpoints.from_bundle import load_bundle  # noqa: E402
from defectdiffu.sampling.photograph import Photograph, draw_on_photographs, draw_on_twins  # noqa: E402
from defectdiffu.sampling.composition import MaskConvention  # noqa: E402
from defectdiffu.sampling.placement import Shape, region_in_area, region_of  # noqa: E402
from defectdiffu.sampling.guidance import SampleRequest  # noqa: E402
from written import asked, write  # noqa: E402

CASES = [
    # region, product, defect, strength, freedom, sampler, steps, guidance
    ("MASK", "fabric", "stain", 2.0, 0.8, "DPM_SOLVER_PP", 20, "PRODUCT_RELATIVE"),
    ("SHAPE", "fabric", "stain", 1.5, 0.7, "DDIM", 16, "DOUBLE_FREE"),
    ("CHOSEN", "fabric", "hole", 2.5, 1.0, "DPM_SOLVER_PP", 12, "DOUBLE_FREE"),
    ("TWIN", "steel strip", "scratch", 1.5, 0.8, "DPM_SOLVER_PP", 20, "DOUBLE_FREE"),
    ("TWIN", "masonry", "crack", 1.0, 1.0, "DDIM", 16, "PRODUCT_RELATIVE"),
    ("SHAPE 2", "fabric", "stain", 2.0, 0.8, "DPM_SOLVER_PP", 20, "PRODUCT_RELATIVE"),
    ("SHAPE 2", "steel strip", "scratch", 2.0, 0.8, "DPM_SOLVER_PP", 20, "PRODUCT_RELATIVE"),
]
#: Written from the second placement on.
OUTLINED = MaskConvention.OUTLINE


def main() -> None:
    folder, first = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    manifest = json.loads((folder / "bundle.json").read_text())
    generator = load_bundle(folder).generator()
    size = manifest["image"]["width"]
    photograph = np.asarray(Image.open(HERE.parents[1] / "photographs" / "fabric.png").convert("RGB"))[:size, :size]
    out = HERE / "photographs" / f"{manifest['name']}@{manifest['version']}"
    out.mkdir(parents=True, exist_ok=True)
    y, x = np.mgrid[:size, :size] / size
    ellipse = ((x - 0.55) / 0.25) ** 2 + ((y - 0.45) / 0.3) ** 2 <= 1
    Image.fromarray(photograph).save(out / "photograph.png")
    Image.fromarray(ellipse.astype(np.uint8) * 255).save(out / "region.png")
    for n, (kind, product, defect, strength, denoising_strength, sampler, steps, guidance) in enumerate(CASES):
        seed = 500 + n
        if n < first:
            continue
        shapes = [Shape(*shape) for shape in manifest["placement"]["shapes"].get(f"{product}/{defect}", [])]
        everywhere = np.ones_like(ellipse)
        region = {
            "MASK": lambda: ellipse,
            "CHOSEN": lambda everywhere=everywhere: everywhere,
            "SHAPE": lambda shapes=shapes, seed=seed: region_of(shapes, seed, size),
            "SHAPE 2": lambda shapes=shapes, seed=seed, area=everywhere: region_in_area(shapes, seed, area).region,
            "TWIN": lambda everywhere=everywhere: everywhere,
        }[kind]()
        convention = OUTLINED if kind == "SHAPE 2" else MaskConvention.CHANGE
        request = SampleRequest(product, defect, seed, strength, 1.0, steps, sampler, guidance)
        if kind == "TWIN":
            (drawn,) = draw_on_twins(generator, [request], denoising_strength)
            Image.fromarray(drawn.before).save(out / f"{n}.twin.png")
        else:
            ground = Photograph(photograph, region, kind == "CHOSEN", denoising_strength, convention)
            (drawn,) = draw_on_photographs(generator, [ground], [request])
        composed = drawn.composition
        scores = {name: getattr(composed, name) for name in ("visibility", "agreement", "seam", "confidence")}
        document = {"request": asked(request), "region": kind, "freedom": denoising_strength, "scores": scores}
        write(out, n, document, drawn.image, drawn.mask)
        if convention is OUTLINED:
            Image.fromarray(composed.ignore.astype(np.uint8) * 255).save(out / f"{n}.ignore.png")
        print(kind, defect, scores, f"mask {drawn.mask.mean():.3f}")


if __name__ == "__main__":
    main()
