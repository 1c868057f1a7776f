"""Prompts and their embeddings."""

from __future__ import annotations

import pytest
import torch
from tokenizers import Tokenizer

from defectdiffu.config import PromptConfig, TextConfig
from defectdiffu.model.text_encoder import Prompts, build_text_encoder

CONFIG = TextConfig(hidden_size=16, heads=2, projection=24, context_length=10)


@pytest.fixture
def prompts() -> Prompts:
    return Prompts(PromptConfig())


@pytest.fixture
def encoder(prompts):
    torch.manual_seed(0)
    return build_text_encoder(CONFIG, prompts.every(["metal nut", "felt"], ["hole"])).eval()


def test_the_three_phrases_are_the_papers_wording(prompts):
    assert prompts.of("hole", "metal nut") == (
        "a photo of metal nut", "a photo of hole", "a photo of hole metal nut",
    )  # fmt: skip
    assert prompts.of("good", None) == ("a photo of industry", "a photo of good", "a photo of good industry")


def test_every_phrase_of_the_vocabulary_is_listed_once(prompts):
    phrases = prompts.every(["felt", "tin"], ["hole"])
    assert len(phrases) == len(set(phrases)) == 3 + 2 + 2 * 3
    assert "a photo of good industry" in phrases and "a photo of hole tin" in phrases


@torch.no_grad()
def test_embeddings_are_pooled_have_unit_length_and_differ_by_phrase(encoder):
    vectors = encoder.encode(["a photo of felt", "a photo of metal nut", "a photo of hole felt"])
    assert vectors.shape == (3, 24)
    assert torch.allclose(vectors.norm(dim=-1), torch.ones(3), atol=1e-6)
    assert (vectors[0] - vectors[1]).abs().max() > 1e-3 and (vectors[0] - vectors[2]).abs().max() > 1e-3


@torch.no_grad()
def test_padding_and_batch_do_not_change_an_embedding(encoder):
    alone = encoder.encode(["a photo of felt"])
    together = encoder.encode(["a photo of hole metal nut", "a photo of felt"])[1:]
    assert torch.allclose(alone, together, atol=1e-6)
    ids = encoder.ids(["a photo of felt"])
    padded = ids.clone()
    padded[ids == encoder.pad] = 1
    assert torch.allclose(encoder(padded), alone, atol=1e-6)


def test_a_word_has_the_same_id_after_saving(encoder, tmp_path):
    encoder.tokenizer.save(str(tmp_path / "tokenizer.json"))
    phrase = "A photo of Metal nut"
    ids = Tokenizer.from_file(str(tmp_path / "tokenizer.json")).encode(phrase).ids
    assert encoder.ids([phrase])[0, : len(ids)].tolist() == ids
    assert len(ids) == 7 and 1 not in ids  # start, five words, end; none unknown


def test_a_prompt_that_is_too_long_is_refused_and_not_cut(encoder):
    assert encoder.ids(["nut " * 8]).shape == (1, 10)
    with pytest.raises(ValueError, match="is too long: at most 10 tokens fit"):
        encoder.ids(["nut " * 9])


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind is 'bert', must be word or clip"):
        build_text_encoder(TextConfig(kind="bert"), [])
