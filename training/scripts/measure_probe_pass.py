r"""Measures the share of samples on photographs that show at the first draw, with and without the probe pass.

    training/.venv/bin/python training/scripts/measure_probe_pass.py --bundle models/surfaces-small/0.5.0 \
        --data <folder> --windows training/presets/surfaces.toml

Without the probe pass the noise stays as the seed gives it. Both use the same photographs, regions and seeds.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from unittest.mock import patch

import torch

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.data.layout import GOOD, read_layout
from defectdiffu.data.windows import read_rules
from defectdiffu.evaluation import on_photographs
from defectdiffu.evaluation.on_photographs import draw_pair_on_photographs, shapes_of
from defectdiffu.evaluation.real_windows import cut_windows, shuffled
from defectdiffu.sampling import photograph


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--windows", type=Path)
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = load_bundle(options.bundle)
    generator, rules, size = model.generator(), read_rules(options.windows), model.config.image_size
    groups: dict[tuple[str, str], list] = {}
    for record in shuffled(read_layout(options.data), 0):
        if record.split == "train":
            groups.setdefault((record.product, record.defect), []).append(record)
    shares = []
    for product, defect in sorted(model.vocabulary.trained_pairs):
        windows = {d: cut_windows(groups[product, d], rules, size, 64, 0) for d in (GOOD, defect)}
        arguments = (generator, product, defect, windows[GOOD].image, shapes_of(windows[defect]), options.count, 20)
        with patch.object(on_photographs, "ATTEMPTS", 1):
            with_probe = draw_pair_on_photographs(*arguments)
            with patch.object(photograph, "best_shift", lambda salience, cells: (0, 0)):
                without = draw_pair_on_photographs(*arguments)
        shares.append([(made.attempts > 0).mean() for made in (with_probe, without)])
        print(f"{product}/{defect}: {shares[-1][0]:.2f} with the probe pass, {shares[-1][1]:.2f} without", flush=True)
    print("mean: {:.2f} with the probe pass, {:.2f} without".format(*torch.tensor(shares).mean(0).tolist()))


if __name__ == "__main__":
    main()
