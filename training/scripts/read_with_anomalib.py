"""Loads an export in the MVTec AD layout with anomalib, which needs torchvision and so an environment of its own.

python read_with_anomalib.py ../tests/exports/mvtec_ad.zip
"""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from anomalib.data import MVTecAD
from PIL import Image


def main(archive: str) -> None:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(archive) as file:
        file.extractall(folder)
        for product in sorted(path for path in Path(folder).iterdir() if path.is_dir()):
            data = MVTecAD(root=folder, category=product.name, num_workers=0)
            data.setup()
            for item in data.test_data:
                check(Path(item.image_path), bool(item.gt_label), np.asarray(item.gt_mask))
            print(f"{product.name}: {len(data.train_data)} to train on, {len(data.test_data)} to test")


def check(image: Path, defective: bool, mask: np.ndarray) -> None:
    """The mask that anomalib paired with the picture is the one that was exported with it."""
    assert defective == (image.parent.name != "good"), image
    if defective:
        path = image.parents[2] / "ground_truth" / image.parent.name / f"{image.stem}_mask.png"
        assert (np.asarray(Image.open(path)) > 0).tolist() == (mask > 0).tolist(), image


if __name__ == "__main__":
    main(sys.argv[1])
