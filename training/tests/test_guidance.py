"""The reference sampler: the same request gives the same image, and no defect gives no mask."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from defectdiffu.config import AutoencoderConfig, PromptConfig, TextConfig
from defectdiffu.model.autoencoder import build_autoencoder
from defectdiffu.model.text_encoder import Prompts, build_text_encoder
from defectdiffu.model.training_module import TrainingModule
from defectdiffu.sampling.generator import Generator
from defectdiffu.sampling.guidance import SampleRequest

BASE = SampleRequest("tin", "dent", seed=5, steps=6)


@pytest.fixture
def generator(awake):
    def build(**changes) -> Generator:
        denoiser = awake(**changes)
        torch.manual_seed(7)
        phrases = Prompts(PromptConfig()).every(["tin", "felt"], ["dent", "hole"])
        text = build_text_encoder(TextConfig(hidden_size=16, heads=2, projection=16), phrases)
        autoencoder = build_autoencoder(AutoencoderConfig(width=8, deep_width=8, blocks=1, deep_blocks=1)).eval()
        return Generator(TrainingModule(denoiser, text).eval(), autoencoder, PromptConfig(), torch.device("cpu"))

    return build


def difference(a, b) -> float:
    return float(np.abs(a.latent - b.latent).max() / np.abs(b.latent).max())


@pytest.mark.parametrize("sampler", ["DDPM", "DDIM", "DPM_SOLVER_PP"])
@pytest.mark.parametrize("changes", [{"prediction": "v"}, {"learn_sigma": True}], ids=["v", "learned sigma"])
def test_a_sample_depends_only_on_its_own_request(generator, sampler, changes):
    draw = generator(**changes).draw
    requests = [
        replace(BASE, sampler=sampler),
        replace(BASE, sampler=sampler, seed=6, strength=0.0),
        replace(BASE, sampler=sampler, product="felt", defect="hole", guidance="PRODUCT_RELATIVE", strength=2.5),
    ]
    together = draw(requests)
    for request, sample in zip(requests, together, strict=True):
        assert difference(draw([request])[0], sample) < 1e-4
    assert np.array_equal(draw(requests[:1])[0].image, draw(requests[:1])[0].image)


def test_seed_strength_and_names_change_the_picture(generator):
    draw = generator().draw
    base = draw([BASE])[0]
    for other in ({"seed": 6}, {"strength": 2.0}, {"product": "felt"}, {"defect": "hole"}, {"product_scale": 2.0}):
        assert difference(draw([replace(BASE, **other)])[0], base) > 1e-3, other


def test_images_have_the_size_of_the_model(generator):
    sample = generator().draw([BASE])[0]
    assert sample.image.shape == (64, 64, 3) and sample.image.dtype == np.uint8
    assert sample.mask.shape == (64, 64) and sample.mask.dtype == bool
    assert sample.soft.min() >= -1 and sample.soft.max() <= 1


def test_strength_zero_and_the_normal_state_give_the_same_image_and_empty_masks(generator):
    draw = generator().draw
    none, good = draw([replace(BASE, strength=0.0)])[0], draw([replace(BASE, defect="good", strength=2.0)])[0]
    assert not none.mask.any() and not good.mask.any()
    assert difference(none, good) < 1e-6


def test_the_mask_averages_the_defect_row_over_the_late_evaluations(generator):
    """Wherever t < 100, and at the last step even where none is, of the row that carries the defect."""
    machine = generator()
    features = []
    machine.denoiser.adapt_mask.register_forward_hook(lambda _, __, out: features.append(out.clone()))
    for steps, late in ((50, 5), (6, 1)):
        features.clear()
        sample = machine.draw([replace(BASE, strength=2.0, product_scale=0.5, sampler="DDIM", steps=steps)])[0]
        assert len(features) == steps and all(len(f) == 3 for f in features)  # (g,∅), (g,p), (d,∅)
        mean = torch.stack([f[2] for f in features[-late:]]).mean(0, keepdim=True)
        image = machine.autoencoder.decode(machine.denoiser.adapt_mask.denormalise(mean))[0]
        assert np.allclose(sample.soft, image.detach().clamp(-1, 1).mean(0).numpy(), atol=1e-5)


def test_guided_noise_is_the_weighted_sum_of_its_rows(generator):
    """With one step of DPM-Solver++ the result is x₀ of the guided noise: linear in the strength."""
    draw = generator().draw
    at = [draw([replace(BASE, sampler="DPM_SOLVER_PP", steps=1, strength=w)])[0].latent for w in (0.0, 1.0, 3.0)]
    moved = np.abs(at[1] - at[0]).max()
    assert moved > 1e-2
    assert np.allclose(at[2] - at[0], 3 * (at[1] - at[0]), atol=1e-3 * moved)


@pytest.mark.parametrize(
    ("sampler", "steps", "bounds"),
    [("DPM_SOLVER_PP", 0, "1 to 999"), ("DPM_SOLVER_PP", 1000, "1 to 999"), ("DDIM", 1, "2 to 1000")],
)
def test_steps_outside_the_range_of_a_sampler_are_refused(generator, sampler, steps, bounds):
    """1000 steps of DPM-Solver++ would visit a timestep twice; one of DDIM begins where it ends, at t = 0."""
    with pytest.raises(ValueError, match=f"steps is {steps}, must be {bounds} for {sampler}"):
        generator().draw([replace(BASE, sampler=sampler, steps=steps)])


@pytest.mark.parametrize("name", ["strength", "product_scale"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_a_scale_that_is_not_a_number_from_zero_is_refused(generator, name, value):
    with pytest.raises(ValueError, match=f"{name} is {value}, must be a number from 0"):
        generator().draw([replace(BASE, **{name: value})])


def test_requests_of_one_call_share_sampler_and_steps(generator):
    with pytest.raises(ValueError, match="must share sampler and steps"):
        generator().draw([BASE, replace(BASE, steps=7)])
