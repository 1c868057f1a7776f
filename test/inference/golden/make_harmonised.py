"""Transplants defects and harmonises them with the training package's reference, for the engine to be compared with.

    training/.venv/bin/python test/inference/golden/make_harmonised.py models/surfaces-small/0.5.0

Writes golden/harmonised/donor.png and donor-mask.png, and <n>.json, <n>.image.png and <n>.mask.png. The photograph is the top left window of
test/photographs/fabric.png, of the model's size, so that no resizing is compared along.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "training"))
from defectdiffu.checkpoints.from_bundle import load_bundle  # noqa: E402
from defectdiffu.sampling.guidance import SampleRequest  # noqa: E402
from defectdiffu.transplant.blend import feathered  # noqa: E402
from defectdiffu.transplant.harmonise import harmonise  # noqa: E402
from defectdiffu.transplant.transplant import transplant  # noqa: E402
from make_transplants import Case, defective  # noqa: E402
from written import asked, write  # noqa: E402

DONOR = Case((0, 0, 0, 0), (100, 90, 220, 200), (60, 50, 12, 7), 0)
CASES = [
    # defect, strength, share of the noise levels, sampler, steps, guidance
    ("stain", 1.0, 0.3, "DPM_SOLVER_PP", 20, "PRODUCT_RELATIVE"),
    ("hole", 1.4, 0.5, "DDIM", 16, "DOUBLE_FREE"),
]


def main() -> None:
    model = load_bundle(Path(sys.argv[1]))
    generator, size = model.generator(), model.config.image_size
    fabric = np.asarray(Image.open(HERE.parents[1] / "photographs" / "fabric.png").convert("RGB"))
    photograph, (donor, mask) = fabric[:size, :size], defective(fabric, DONOR)
    out = HERE / "harmonised"
    out.mkdir(exist_ok=True)
    Image.fromarray(photograph).save(out / "photograph.png")
    Image.fromarray(donor).save(out / "donor.png")
    Image.fromarray(mask.astype(np.uint8) * 255).save(out / "donor-mask.png")
    for n, (defect, strength, denoised, sampler, steps, guidance) in enumerate(CASES):
        request = SampleRequest("fabric", defect, 600 + n, strength, 1.0, steps, sampler, guidance)
        laid = transplant(photograph, donor, mask, request.seed, strength)
        region = feathered(laid.mask) > 0
        (image,) = harmonise(generator, laid.image[None], region[None], [request], denoised)
        change = np.abs(image.astype(float) - laid.image)[region].mean()
        write(out, n, {"request": asked(request), "denoisingStrength": denoised, "change": change}, image, laid.mask)
        print(defect, laid.place, f"change by the model: {change:.2f} of 255")


if __name__ == "__main__":
    main()
