r"""Makes a run to ablate on: a bundle's autoencoder, and the latent cache of some products under a preset.

    training/.venv/bin/python training/scripts/make_ablation_base.py --bundle models/surfaces-small/0.5.0 \
        --preset small --data <folder> --windows training/presets/surfaces.toml \
        --products ball_screw,fabric,masonry,steel_strip --run base

So an ablation spends its time on what differs between its variants. The preset says how the denoiser is; its latents
are the bundle's. `defectdiffu-train ablate --base base` goes by the base's configuration; give it a data set that has
these products alone, for it measures all that it finds there.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.checkpoints.runs import Run, save
from defectdiffu.config import load_config
from defectdiffu.data.windows import read_rules
from defectdiffu.training.latent_cache import build_latent_cache
from defectdiffu.training.train import training_records


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("bundle", "data", "windows", "run"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--preset", default="small")
    parser.add_argument("--products", required=True)
    options = parser.parse_args()
    run, model = Run(options.run), load_bundle(options.bundle)
    preset, bundle = load_config(options.preset), model.config
    denoiser = replace(preset.denoiser, latent_channels=bundle.denoiser.latent_channels)
    as_made = {"autoencoder": bundle.autoencoder, "autoencoder_training": bundle.autoencoder_training}
    config = run.open(replace(preset, denoiser=denoiser, **as_made))
    save(run.autoencoder, {"model": model.autoencoder.state_dict(), "step": 0, "finished": True})
    records = training_records(options.data, config, options.products.split(","))
    rules, cpu = read_rules(options.windows), torch.device("cpu")
    cache = build_latent_cache(run, config, records, rules, model.autoencoder, cpu, lambda *told: None)
    print(f"{len(cache.pair)} windows of {len(cache.pairs)} pairs in {options.run}")


if __name__ == "__main__":
    main()
