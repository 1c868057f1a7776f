"""The windows and words of known and new products are joined for onboarding."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from defectdiffu.data.vocabulary import Vocabulary
from defectdiffu.model.text_encoder import with_words, word_tokenizer
from defectdiffu.training.latent_cache import LatentCache, LatentCacheSampler, join_latent_caches
from defectdiffu.training.onboarding import shares

KNOWN = [("a", "dent"), ("a", "hole"), ("b", "dent"), ("a", "good"), ("b", "good")]


def drawn_pairs(pairs, weights):
    pair = torch.arange(len(pairs)).repeat(3)
    empty = torch.zeros(len(pair), 1)
    cache = LatentCache(pairs, pair, empty, empty, empty, torch.zeros(1))
    drawn = LatentCacheSampler(cache, 0.5, weights).draw(20_000, np.random.default_rng(0))
    return Counter(pairs[i] for i in pair[drawn].tolist())


@pytest.mark.parametrize("new_share", [0.25, 0.5])
def test_a_new_product_gets_its_share_of_defective_and_normal_windows(new_share):
    pairs = [*KNOWN, ("c", "rust"), ("c", "good")]
    drawn = drawn_pairs(pairs, shares(pairs, Vocabulary(KNOWN), new_share))
    assert drawn["c", "rust"] / 10_000 == pytest.approx(new_share, abs=0.02)
    assert drawn["c", "good"] / 10_000 == pytest.approx(new_share, abs=0.02)


def test_a_new_defect_of_a_known_product_gets_the_share_of_new_windows():
    pairs = [*KNOWN, ("a", "rust")]
    drawn = drawn_pairs(pairs, shares(pairs, Vocabulary(KNOWN), 0.5))
    assert drawn["a", "rust"] / 10_000 == pytest.approx(0.5, abs=0.02)
    assert drawn["a", "hole"] / 10_000 == pytest.approx(1 / 6, abs=0.02)
    assert drawn["a", "good"] / 10_000 == pytest.approx(0.5, abs=0.02)


def test_a_pair_without_windows_is_a_word_that_is_never_drawn():
    pairs, pair = [("a", "dent"), ("b", "hole"), ("a", "good"), ("c", "rust")], torch.tensor([0, 2, 3])
    empty = torch.zeros(len(pair), 1)
    cache = LatentCache(pairs, pair, empty, empty, empty, torch.zeros(1))
    drawn = LatentCacheSampler(cache, 0.5, {}).draw(1000, np.random.default_rng(0))
    assert set(drawn.tolist()) == {0, 1, 2}
    assert cache.vocabulary.pairs == pairs
    assert cache.pairs_with_windows == [("a", "dent"), ("a", "good"), ("c", "rust")]


def test_joined_caches_keep_every_window_under_its_own_pair():
    one = LatentCache(
        [("b", "x"), ("a", "x")], torch.tensor([0, 1, 1]), *(torch.arange(3.0)[:, None] for _ in range(3)), None
    )
    two = LatentCache(
        [("a", "y"), ("a", "x")], torch.tensor([1, 0]), *(torch.arange(3.0, 5)[:, None] for _ in range(3)), None
    )
    both = join_latent_caches([one, two])
    named = {float(z): both.pairs[i] for z, i in zip(both.latent[:, 0], both.pair.tolist(), strict=True)}
    assert named == {0: ("b", "x"), 1: ("a", "x"), 2: ("a", "x"), 3: ("a", "x"), 4: ("a", "y")}


def test_an_extended_tokenizer_keeps_its_token_ids():
    old = word_tokenizer(["a photo of tin"], 8)
    new = with_words(old, ["a photo of zinc ash", "a photo of tin"])
    assert new.encode("a photo of tin").ids == old.encode("a photo of tin").ids
    assert new.get_vocab_size() == old.get_vocab_size() + 2
    assert new.encode("zinc").ids != new.encode("ash").ids
