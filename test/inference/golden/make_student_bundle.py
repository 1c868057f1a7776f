"""Writes test/inference/student/models/student/1.0.0: a tiny bundle with a student, both of random weights.

    training/.venv/bin/python test/inference/golden/make_student_bundle.py

Beside it, golden/samples/student@1.0.0: what the training package draws with the sampler TURBO from the same weights.
"""

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "training"))
from defectdiffu.checkpoints.from_bundle import load_bundle  # noqa: E402
from defectdiffu.checkpoints.trained_model import TrainedModel  # noqa: E402
from defectdiffu.config import config_from_dict  # noqa: E402
from defectdiffu.data.vocabulary import Vocabulary  # noqa: E402
from defectdiffu.distillation.turbo_component import add_turbo, read_turbo  # noqa: E402
from defectdiffu.export.bundle import export_bundle  # noqa: E402
from defectdiffu.model.autoencoder import build_autoencoder  # noqa: E402
from defectdiffu.model.training_module import build_training_module  # noqa: E402
from defectdiffu.model.turbo_modulation import TurboModulation  # noqa: E402
from defectdiffu.sampling.guidance import SampleRequest  # noqa: E402
from written import asked, write  # noqa: E402

PRESET = {
    "name": "student",
    "version": "1.0.0",
    "image_size": 64,
    "autoencoder": {"width": 8, "deep_width": 8, "blocks": 1, "deep_blocks": 1},
    "denoiser": {
        "latent_size": 8,
        "hidden_size": 32,
        "heads": 2,
        "cross_heads": 2,
        "background_blocks": 1,
        "defect_blocks": 1,
        "fusion_blocks": 1,
        "text_dim": 16,
        "prediction": "v",
        "locality": True,
        "local_width": 8,
    },
    "text": {"hidden_size": 16, "heads": 2, "projection": 16},
}
VOCABULARY = Vocabulary(sorted([("felt", "good"), ("felt", "hole"), ("tin", "dent"), ("tin", "good")]))
PROVENANCE = """
description = "Random weights, for tests."
license = "CC0-1.0"
terms = "Anything."
dataset = "none"
sources = []
"""
CASES = [
    SampleRequest("tin", "dent", 31, 1.5, 1.2, 4, "TURBO"),
    SampleRequest("felt", "dent", 32, 2.0, 1.0, 2, "TURBO", "PRODUCT_RELATIVE"),
    SampleRequest("felt", "hole", 33, 0.5, 0.8, 8, "TURBO"),
]


def moved(module: torch.nn.Module, by: float = 0.1) -> None:
    """Every weight off its initial value, so that no part that begins at zero is without effect."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.requires_grad:
                parameter.add_(by * torch.randn_like(parameter))


def main() -> None:
    torch.manual_seed(0)
    models, samples = HERE.parent / "student" / "models", HERE / "samples" / "student@1.0.0"
    for folder in (models, samples):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    config = config_from_dict(PRESET)
    module, autoencoder = build_training_module(config, VOCABULARY), build_autoencoder(config.autoencoder)
    moved(module)
    moved(autoencoder, 0.02)
    with tempfile.TemporaryDirectory() as temporary:
        provenance = Path(temporary) / "provenance.toml"
        provenance.write_text(PROVENANCE)
        made = TrainedModel(config, VOCABULARY, module.eval(), autoencoder.eval(), 0, 0)
        bundle = export_bundle(made, models, provenance)
    model = load_bundle(bundle)
    turbo = TurboModulation(model.module.denoiser)
    moved(turbo)
    add_turbo(bundle, turbo, config.denoiser.text_dim, {"trainingSteps": 0, "trajectories": 0})
    draw_cases(bundle, samples, CASES)


def draw_cases(bundle: Path, out: Path, cases: list[SampleRequest], first: int = 0) -> None:
    """What the student of a bundle draws, from number `first` on."""
    model = load_bundle(bundle)
    generator = model.generator(turbo=read_turbo(bundle, model.module.denoiser))
    for n, request in enumerate(cases, first):
        (drawn,) = generator.draw([request])
        write(out, n, asked(request) | {"confidence": drawn.confidence}, drawn.image, drawn.mask)
        (other,) = generator.draw([replace(request, strength=request.strength - 0.5)])
        print(n, drawn.image.std().round(1), drawn.mask.mean().round(3), abs(drawn.latent - other.latent).mean())


if __name__ == "__main__":
    main()
