"""Algorithm 1 (condition dropout), and the training target of a sample whose defect was dropped."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conftest import TINY

from defectdiffu.config import LossConfig, TextConfig, TrainingConfig
from defectdiffu.model.tdia import TDIA, Prediction
from defectdiffu.training.batches import BatchBuilder
from defectdiffu.training.condition_dropout import drop_conditions
from defectdiffu.training.latent_cache import LatentCache

MANY = 100_000


@pytest.fixture(scope="module")
def draws() -> dict[str, float]:
    rng = np.random.default_rng(0)
    null_d, good_d = drop_conditions(np.ones(MANY, bool), 0.2, 0.2, rng)
    null_n, good_n = drop_conditions(np.zeros(MANY, bool), 0.2, 0.2, rng)
    return {
        "null | defective": null_d.mean(),
        "null | normal": null_n.mean(),
        "good | defective": good_d.mean(),
        "both | defective": (null_d & good_d).mean(),
        "made good | normal": good_n.mean(),
    }


@pytest.mark.parametrize(
    ("event", "probability"),
    [("null | defective", 0.36), ("null | normal", 0.2), ("good | defective", 0.2), ("both | defective", 0.36 * 0.2)],
)
def test_probabilities_of_algorithm_1(draws, event, probability):
    assert draws[event] == pytest.approx(probability, abs=0.006)  # more than four standard deviations of 100 000 draws


def test_a_normal_sample_cannot_be_made_good(draws):
    assert draws["made good | normal"] == 0


def test_without_dropout_nothing_is_dropped():
    null, good = drop_conditions(np.ones(1000, bool), 0.0, 0.0, np.random.default_rng(0))
    assert not null.any() and not good.any()


@pytest.fixture
def builder() -> BatchBuilder:
    torch.manual_seed(0)
    cache = LatentCache(
        pairs=[("tin", "dent"), ("tin", "good")],
        pair=torch.tensor([0, 1]),
        latent=torch.randn(2, 4, 8, 8).half(),
        mask_latent=torch.stack([torch.full((4, 8, 8), 3.0), torch.full((4, 8, 8), -1.0)]).half(),
        mask=torch.stack([torch.ones(8, 8), torch.zeros(8, 8)]).half(),
        black=torch.full((4, 8, 8), -1.0),
    )
    config = TrainingConfig(
        image_size=64, denoiser=TINY, text=TextConfig(projection=16), loss=LossConfig(drop_defect=0.5)
    )
    denoiser = TDIA(TINY)
    denoiser.adapt_mask.latent_mean.fill_(1.0)
    denoiser.adapt_mask.latent_std.fill_(2.0)
    return BatchBuilder(config, cache, denoiser)


def test_a_sample_made_good_has_a_black_mask_and_no_defect_term(builder):
    batch = builder.make(np.zeros(400, int), step=1)
    said = [builder.phrases[i] for i in batch.phrases[1].tolist()]
    made_good = torch.tensor([phrase == "a photo of good" for phrase in said])
    assert 120 < made_good.sum() < 280
    assert not batch.mask[made_good].any() and (batch.mask[~made_good] == 1).all()
    assert (batch.mask_latent[made_good] == (-1 - 1) / 2).all()  # the black mask's latent, normalised
    assert (batch.mask_latent[~made_good] == (3 - 1) / 2).all()

    only = type(batch)(*(t[:, made_good] if t.shape[0] == 3 else t[made_good] for t in batch))
    n = int(made_good.sum())
    wrong = Prediction(batch.target[made_good] + 1, None, only.mask_latent, torch.full((n, 16), 1 / 16))
    losses = builder.loss(wrong, only, 4)
    assert losses.defect.item() == 0 and losses.mask.item() == 0 and losses.noise.item() == pytest.approx(1)


def test_the_fusion_prompt_follows_the_dropped_conditions(builder):
    batch = builder.make(np.zeros(400, int), step=2)
    for background, defect, fusion in batch.phrases.T.tolist():
        product = builder.phrases[background].removeprefix("a photo of ")
        word = builder.phrases[defect].removeprefix("a photo of ")
        assert product in ("tin", "industry") and word in ("dent", "good")
        assert builder.phrases[fusion] == f"a photo of {word} {product}"


def test_a_normal_window_is_shown_as_good_with_a_black_mask(builder):
    batch = builder.make(np.ones(50, int), step=3)
    assert {builder.phrases[i] for i in batch.phrases[1].tolist()} == {"a photo of good"}
    assert not batch.mask.any()


def test_a_batch_follows_from_its_step_alone(builder):
    indices = np.array([0, 1, 0, 1, 0, 0])
    builder.make(indices, step=6)
    again, other = builder.make(indices, step=7), builder.make(indices, step=8)
    first = builder.make(indices, step=7)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.latent, other.latent) and not torch.equal(first.timestep, other.timestep)


def test_the_noised_latent_and_its_target_fit_together(builder):
    batch = builder.make(np.zeros(8, int), step=4)
    ab = builder.alpha_bar[batch.timestep][:, None, None, None]
    clean = (batch.latent - (1 - ab).sqrt() * batch.target) / ab.sqrt()
    late = batch.timestep < 700  # where √ᾱ is not too small to divide by
    assert torch.allclose(clean[late], builder.cache.latent[:1].float().expand_as(clean[late]), atol=1e-3)
