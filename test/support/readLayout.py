"""Prints what the training package reads of a folder in another layout: python readLayout.py FOLDER [PRODUCT]."""

import json
import sys
from pathlib import Path

import numpy as np
from defectdiffu.convert.formats import read_source
from defectdiffu.convert.found import Options
from defectdiffu.data.image_files import load_image

root, product = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
_, found = read_source(root, None, Options(product=product))
photographs = {}
for each in found.photographs:
    height, width, _ = load_image(each.image).shape
    marked = [] if each.mask is None else np.flatnonzero(each.mask(height, width)).tolist()
    photographs[each.image.relative_to(root).as_posix()] = {
        "product": each.product,
        "defect": None if each.defect == "good" else each.defect,
        "marked": marked,
        "split": each.split and each.split.upper(),
    }
print(json.dumps(photographs))
