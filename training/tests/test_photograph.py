"""Defects drawn on photographs: only the region changes, and the model chooses it within an allowed area."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import texture

from defectdiffu.checkpoints.runs import Run
from defectdiffu.checkpoints.trained_model import load_trained
from defectdiffu.sampling.composition import dilated
from defectdiffu.sampling.generator import Generator
from defectdiffu.sampling.guidance import SampleRequest
from defectdiffu.sampling.photograph import (
    Photograph,
    cells_of,
    draw_on_photographs,
    draw_on_twins,
    noised,
    upsampled,
)
from defectdiffu.sampling.schedulers import make_scheduler
from defectdiffu.sampling.seeded_noise import seeded_noise

SIZE = 32
PHOTOGRAPH = texture(np.random.default_rng(3), 150, SIZE)
REQUEST = SampleRequest("tin", "dent", seed=0, strength=4.0, steps=4, guidance="PRODUCT_RELATIVE")


@pytest.fixture(scope="module")
def generator(trained) -> Generator:
    return load_trained(Run(trained / "run")).generator()


def rectangle(top: int, left: int, height: int, width: int) -> np.ndarray:
    region = np.zeros((SIZE, SIZE), bool)
    region[top : top + height, left : left + width] = True
    return region


REGION = rectangle(5, 9, 18, 16)  # along no border of a cell


def draw(generator: Generator, *requests: SampleRequest, region: np.ndarray = REGION, **settings):
    photographs = [Photograph(PHOTOGRAPH, region, **settings) for _ in requests]
    return draw_on_photographs(generator, photographs, list(requests))


@pytest.mark.parametrize("sampler", ["DPM_SOLVER_PP", "DDIM"])
def test_the_photograph_is_unchanged_outside_the_region_and_changes_inside(generator, sampler):
    drawn = draw(generator, *(replace(REQUEST, seed=seed, sampler=sampler) for seed in range(8)))
    for sample in drawn:
        assert np.array_equal(sample.image[~REGION], PHOTOGRAPH[~REGION])
        assert not sample.mask[~REGION].any() and np.array_equal(sample.region, REGION)
    assert any(sample.mask.any() and (sample.image != PHOTOGRAPH).any() for sample in drawn)


def test_a_sample_differs_from_its_twin_only_by_the_defect(generator):
    requests = [replace(REQUEST, seed=seed) for seed in range(8)]
    drawn = draw_on_twins(generator, requests)
    normal = generator.draw([replace(request, strength=0.0) for request in requests])
    for sample, twin in zip(drawn, normal, strict=True):
        assert np.array_equal(sample.before, twin.image)
        for kept in (~sample.region, ~dilated(sample.mask, 8)):  # the change ends softly
            assert np.array_equal(sample.image[kept], twin.image[kept])
    assert any(sample.mask.any() and (sample.image != sample.before).any() for sample in drawn)


def test_the_region_on_a_twin_is_where_the_noise_places_the_defect(generator, monkeypatch):
    monkeypatch.setattr("defectdiffu.sampling.photograph._probe", shown_at((2, 1)))
    (sample,) = draw_on_twins(generator, [REQUEST])
    assert np.array_equal(sample.region, rectangle(8, 0, 24, 24))  # that cell of 4×4 and those about it


def test_the_same_request_gives_the_same_image_and_another_seed_gives_another(generator):
    one, same = (draw(generator, *(replace(REQUEST, seed=s) for s in range(8))) for _ in range(2))
    for a, b in zip(one, same, strict=True):
        assert np.array_equal(a.image, b.image) and np.array_equal(a.mask, b.mask)
    assert len({sample.image.tobytes() for sample in one}) > 2


def test_a_sample_does_not_depend_on_the_others_in_its_batch(generator):
    beside = draw(generator, *(replace(REQUEST, seed=s) for s in range(3)))
    alone = [draw(generator, replace(REQUEST, seed=s))[0] for s in range(3)]
    for a, b in zip(beside, alone, strict=True):
        assert np.abs(a.image.astype(int) - b.image).max() <= 1


def test_an_allowed_area_is_narrowed_to_the_same_region_at_all_strengths(generator):
    area = rectangle(0, 0, SIZE, 20)
    for seed in range(4):
        weak, strong = draw(
            generator, *(replace(REQUEST, seed=seed, strength=s) for s in (1.0, 4.0)), region=area, choose=True
        )
        assert np.array_equal(weak.region, strong.region)
        assert weak.region.any() and not weak.region[~area].any()
        assert np.array_equal(strong.image[~strong.region], PHOTOGRAPH[~strong.region])


class Watched:
    """Records what passes through a generator: latents and features of the denoiser, and the decoded latents."""

    def __init__(self, generator: Generator, monkeypatch):
        self.latents: list[tuple[int, torch.Tensor]] = []
        self.features: list[torch.Tensor] = []
        self.decoded: list[torch.Tensor] = []
        evaluate, decode = generator.evaluate, generator.autoencoder.decode

        def watched_evaluate(x, t, rows, turbo=None):
            answer = evaluate(x, t, rows, turbo)
            self.latents.append((t, x.clone()))
            self.features.append(answer[2])
            return answer

        def watched_decode(latent):
            self.decoded.append(latent.clone())
            return decode(latent)

        monkeypatch.setattr(generator, "evaluate", watched_evaluate)
        monkeypatch.setattr(generator.autoencoder, "decode", watched_decode)


CORNER = rectangle(17, 17, 15, 15)  # the last four of the 4×4 cells
IN_CORNER = torch.from_numpy(cells_of(CORNER, 4))


def test_at_every_step_the_latent_outside_is_the_photograph_with_the_initial_noise(generator, monkeypatch):
    watched = Watched(generator, monkeypatch)
    draw(generator, replace(REQUEST, sampler="DDIM"), region=CORNER)
    latent, known = watched.decoded[-3][0], watched.decoded[-2][0]
    assert torch.equal(latent[:, ~IN_CORNER], known[:, ~IN_CORNER])
    assert not torch.isclose(latent[:, IN_CORNER], known[:, IN_CORNER]).any()
    noises = []
    for t, x in watched.latents[-3:]:  # the denoising strength leaves 3 of 4 steps
        ab = generator.component.alpha_bar[t]
        noises.append(((x[0] - ab.sqrt() * known) / (1 - ab).sqrt())[:, ~IN_CORNER])
    assert watched.latents[-1][0] == 0  # where next to nothing of the noise is left to measure
    assert torch.allclose(noises[0], noises[1], atol=1e-4) and torch.allclose(noises[1], noises[2], atol=1e-2)


def test_the_mask_is_read_from_the_row_that_carries_the_defect(generator, monkeypatch):
    watched = Watched(generator, monkeypatch)
    draw(generator, REQUEST, replace(REQUEST, seed=1))
    defects = watched.features[-1][[1, 3]]  # rows (good, dent) of two samples; of four steps the last alone is late
    assert torch.allclose(watched.decoded[-1], defects)


def test_the_probe_pass_is_the_same_for_every_strength(generator, monkeypatch):
    watched = Watched(generator, monkeypatch)
    draw(generator, *(replace(REQUEST, strength=strength) for strength in (1.0, 4.0)))
    (_, first), (_, second) = watched.latents[:2]
    assert torch.equal(first[0], first[1]) and torch.allclose(second[0], second[1], atol=1e-5)
    last = watched.latents[-1][1]
    assert not torch.allclose(last[0], last[1], atol=1e-3)  # though not drawn alike


def shown_at(cell: tuple[int, int]):
    """A probe pass that sees the defect in one cell of 4×4."""
    salience = np.zeros((4, 4))
    salience[cell] = 0.9
    return lambda generator, known, noise, requests: np.stack([salience] * len(requests))


def test_the_noise_is_rolled_to_the_region(generator, monkeypatch):
    monkeypatch.setattr("defectdiffu.sampling.photograph._probe", shown_at((0, 1)))
    watched = Watched(generator, monkeypatch)
    draw(generator, REQUEST, region=rectangle(8, 24, 8, 8))  # the cell (1, 3)
    t, x = watched.latents[0]
    noise = np.roll(seeded_noise(REQUEST.seed, 0, tuple(x.shape[1:])), (1, 2), (1, 2))
    known = watched.decoded[-2]
    assert torch.allclose(
        x, noised(known, torch.from_numpy(noise)[None], make_scheduler("DPM_SOLVER_PP"), t), atol=1e-5
    )


def test_the_model_chooses_part_of_an_allowed_area_and_uses_all_of_a_region(generator, monkeypatch):
    monkeypatch.setattr("defectdiffu.sampling.photograph._probe", shown_at((0, 0)))
    area = rectangle(0, 0, SIZE, SIZE - 2)
    chosen, all_of_it = (draw(generator, REQUEST, region=area, choose=choose)[0] for choose in (True, False))
    assert np.array_equal(chosen.region, rectangle(0, 0, 16, 16))
    assert np.array_equal(all_of_it.region, area)


@pytest.mark.parametrize(
    ("settings", "changes", "message"),
    [
        ({"denoising_strength": 0.0}, {}, "denoising_strength is 0.0, must be above 0 and at most 1"),
        ({"denoising_strength": 1.5}, {}, "denoising_strength is 1.5, must be above 0 and at most 1"),
        ({"denoising_strength": 0.01}, {}, "denoising_strength 0.01 leaves none of 4 steps; raise either"),
        ({"region": rectangle(0, 0, 0, 0)}, {}, "region is empty"),
        ({}, {"sampler": "DDPM"}, "sampler is 'DDPM', must be DDIM, DPM_SOLVER_PP or TURBO on a photograph"),
        ({}, {"sampler": "EULER"}, "sampler is 'EULER'"),
    ],
)
def test_an_impossible_request_is_refused(generator, settings, changes, message):
    with pytest.raises(ValueError, match=message):
        draw(generator, replace(REQUEST, **changes), **settings)


def test_requests_of_one_call_must_share_the_settings_of_the_loop(generator):
    with pytest.raises(ValueError, match="must share sampler, steps and denoising_strength"):
        draw(generator, REQUEST, replace(REQUEST, steps=5))
    photographs = [
        Photograph(PHOTOGRAPH, REGION, denoising_strength=denoising_strength) for denoising_strength in (0.5, 0.8)
    ]
    with pytest.raises(ValueError, match="must share sampler, steps and denoising_strength"):
        draw_on_photographs(generator, photographs, [REQUEST, REQUEST])


def test_a_region_frees_every_cell_that_it_touches():
    cells = cells_of(rectangle(7, 15, 2, 2), 4)  # cells of 8 pixels
    assert np.argwhere(cells).tolist() == [[0, 1], [0, 2], [1, 1], [1, 2]]
    assert np.array_equal(upsampled(cells, SIZE), rectangle(0, 8, 16, 16))
