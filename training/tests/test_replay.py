"""Replay from samples: a pair of which none has a mask is drawn once more, and is only a word if that is in vain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from conftest import invoke
from onboarding_command import make_brass, options

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.checkpoints.runs import Run
from defectdiffu.sampling.generator import Generator
from defectdiffu.training.latent_cache import load_latent_cache
from defectdiffu.training.replay import generated_latent_cache

WITHOUT = ("felt", "hole")
FEW = 2  # samples of each pair


def draw_without_masks(monkeypatch: pytest.MonkeyPatch, seeds: range) -> None:
    """Samples of WITHOUT from these seeds have no mask; all others have one."""
    drawn = Generator.draw

    def draw(self, requests):
        for request, sample in zip(requests, drawn(self, requests), strict=True):
            without = (request.product, request.defect) == WITHOUT and request.seed in seeds
            yield replace(sample, mask=np.full_like(sample.mask, not without))

    monkeypatch.setattr(Generator, "draw", draw)


def test_a_pair_whose_samples_have_no_mask_is_drawn_once_more(exported, monkeypatch):
    draw_without_masks(monkeypatch, range(FEW))
    cache = generated_latent_cache(load_bundle(exported), FEW, lambda *_: None)
    assert all(int((cache.pair == i).sum()) == FEW for i in range(len(cache.pairs)))


def test_onboarding_goes_on_without_windows_of_a_pair_that_never_has_a_mask(exported, tmp_path, monkeypatch):
    draw_without_masks(monkeypatch, range(2 * FEW))
    run, brass = Run(tmp_path / "run"), make_brass(tmp_path / "brass")
    result = invoke(*options(exported, brass, run.directory), "--samples-per-pair", FEW, "--steps", 30)
    assert result.exit_code == 0, result.output
    cache = load_latent_cache(run.latent_cache)
    assert WITHOUT in cache.pairs and WITHOUT not in cache.pairs_with_windows
