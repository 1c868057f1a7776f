"""Transplants harmonised by a model: only the region changes, and more at a higher denoising strength."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import texture

from defectdiffu.checkpoints.runs import Run
from defectdiffu.checkpoints.trained_model import load_trained
from defectdiffu.sampling.generator import Generator
from defectdiffu.sampling.guidance import SampleRequest
from defectdiffu.transplant.harmonise import harmonise

SIZE = 32
IMAGE = texture(np.random.default_rng(3), 150, SIZE)
REQUEST = SampleRequest("tin", "dent", seed=0, steps=10, guidance="PRODUCT_RELATIVE")
REGION = np.zeros((SIZE, SIZE), bool)
REGION[6:20, 9:23] = True


@pytest.fixture(scope="module")
def generator(trained) -> Generator:
    return load_trained(Run(trained / "run")).generator()


def change(generator: Generator, request: SampleRequest, denoising_strength: float) -> np.ndarray:
    image = harmonise(generator, IMAGE[None], REGION[None], [request], denoising_strength)[0]
    return np.abs(image.astype(int) - IMAGE).mean(2)


def test_only_the_region_changes(generator):
    changed = change(generator, REQUEST, 0.5)
    assert changed[REGION].mean() > 0.5 and not changed[~REGION].any()


def test_a_lower_denoising_strength_changes_less(generator):
    mean = [
        np.mean([change(generator, replace(REQUEST, seed=seed), strength).mean() for seed in range(4)])
        for strength in (0.2, 0.9)
    ]
    assert mean[0] < mean[1]


def test_each_sample_of_a_batch_is_what_it_is_alone(generator):
    other = replace(REQUEST, seed=4, defect="scratch")
    together = harmonise(
        generator, np.stack([IMAGE, IMAGE[::-1]]), np.stack([REGION, REGION[::-1]]), [REQUEST, other], 0.5
    )
    alone = harmonise(generator, IMAGE[::-1][None], REGION[::-1][None], [other], 0.5)
    assert np.abs(together[1].astype(int) - alone[0]).max() <= 1


@pytest.mark.parametrize("strength", [0, 1.5])
def test_a_denoising_strength_outside_its_range_is_an_error(generator, strength):
    with pytest.raises(ValueError, match=f"denoising_strength is {strength}"):
        harmonise(generator, IMAGE[None], REGION[None], [REQUEST], strength)
