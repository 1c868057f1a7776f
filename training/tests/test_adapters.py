"""Adapters: the base stays as it is, and rows of several adapters share one evaluation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_rows import same

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.config import AdapterConfig
from defectdiffu.data.vocabulary import Vocabulary
from defectdiffu.model.adapter import Adapter, AdapterModule, new_adapter
from defectdiffu.model.text_encoder import Prompts
from defectdiffu.sampling.generator import Generator
from defectdiffu.sampling.guidance import SampleRequest

BRASS = Vocabulary([("brass", "dent"), ("brass", "good"), ("brass", "rust")])
WOOL = Vocabulary([("wool", "good"), ("wool", "hole")])


@pytest.fixture(scope="module")
def model(exported):
    return load_bundle(exported)


def adapter_of(model, words: Vocabulary, seed: int) -> Adapter:
    """An adapter whose every weight is off its initial value, as training leaves it."""
    torch.manual_seed(seed)
    adapter = new_adapter(AdapterConfig(rank=4), model.module, Prompts(model.config.prompts), words, model.vocabulary)
    with torch.no_grad():
        for parameter in adapter.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return adapter


@pytest.fixture(scope="module")
def brass(model):
    return adapter_of(model, BRASS, 1)


@pytest.fixture(scope="module")
def wool(model):
    return adapter_of(model, WOOL, 2)


def generator_with(model, **adapters: Adapter) -> Generator:
    return Generator(model.module, model.autoencoder, model.config.prompts, torch.device("cpu"), adapters)


def requests(*pairs: tuple[str, str]) -> list[SampleRequest]:
    return [SampleRequest(product, defect, seed, steps=3) for seed, (product, defect) in enumerate(pairs)]


def test_known_products_are_drawn_bit_for_bit_as_without_the_adapter(model, brass):
    known = requests(("tin", "dent"), ("felt", "hole"))
    before, after = generator_with(model).draw(known), generator_with(model, brass=brass).draw(known)
    for a, b in zip(before, after, strict=True):
        assert (
            np.array_equal(a.latent, b.latent) and np.array_equal(a.image, b.image) and np.array_equal(a.soft, b.soft)
        )


def test_known_rows_keep_their_bits_beside_rows_of_adapters(model, brass, wool):
    """Of the same batch, in which other rows take adapters or do not."""
    beside = lambda *other: requests(("tin", "dent"), other, ("felt", "hole"))  # noqa: E731
    plain = generator_with(model).draw(beside("tin", "scratch"))
    mixed = generator_with(model, brass=brass, wool=wool).draw(beside("wool", "hole"))
    for index in (0, 2):
        assert np.array_equal(plain[index].latent, mixed[index].latent)


def test_an_adapted_row_does_not_depend_on_its_company(model, brass, wool):
    generator = generator_with(model, brass=brass, wool=wool)
    batch = requests(("brass", "rust"), ("wool", "hole"), ("tin", "dent"), ("brass", "dent"))
    together = generator.draw(batch)
    for request, sample in zip(batch, together, strict=True):
        alone = generator.draw([request])[0]
        assert same(torch.from_numpy(sample.latent), torch.from_numpy(alone.latent))


def test_each_adapter_draws_its_own_product(model, brass, wool):
    noise = [SampleRequest(product, "hole", 7, steps=3) for product in ("brass", "wool")]
    only = generator_with(
        model, brass=adapter_of(model, Vocabulary([("brass", "good"), ("brass", "hole")]), 1), wool=wool
    )
    a, b = only.draw(noise)
    assert np.abs(a.latent - b.latent).max() > 0.01


def test_an_untrained_adapter_changes_no_modulation(model):
    adapter = new_adapter(AdapterConfig(), model.module, Prompts(model.config.prompts), BRASS, model.vocabulary)
    for change in adapter(torch.tensor([3, 900]), adapter.encode(["a photo of brass", "a photo of rust"])):
        assert not change.any()


def test_phrases_of_known_words_begin_as_the_text_encoder_has_them(model):
    adapter = new_adapter(AdapterConfig(), model.module, Prompts(model.config.prompts), BRASS, model.vocabulary)
    known = ["a photo of dent", "a photo of good", "a photo of dent industry"]
    with torch.no_grad():
        assert torch.allclose(adapter.encode(known), model.module.text.encode(known), atol=1e-6)
        none = model.module.text.encode(["a photo of good industry"])
        assert torch.allclose(adapter.encode(["a photo of good brass"]), none, atol=1e-6)


def test_a_phrase_of_other_words_is_refused_by_name(brass):
    with pytest.raises(ValueError, match="does not know 'a photo of tin'"):
        brass.encode(["a photo of tin"])


def test_training_reaches_every_weight_of_the_adapter_and_none_of_the_base(model, brass):
    module = AdapterModule(model.module.denoiser, brass)
    phrases = torch.randint(0, len(brass.phrases), (3, 4), generator=torch.Generator().manual_seed(0))
    prediction = module(phrases, torch.randn(4, 4, 4, 4), torch.tensor([5, 300, 600, 990]))
    (prediction.output.square().mean() + prediction.mask_feature.square().mean()).backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in brass.parameters())
    assert all(parameter.grad is None for parameter in model.module.denoiser.parameters())
