"""Rows share the background part without changing the result, and no row depends on another."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from defectdiffu.model.tdia import Rows


def same(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Equality up to float32 rounding, which changes with the batch shape."""
    return a.shape == b.shape and bool((a - b).abs().max() <= 1e-5 * b.abs().max())


@pytest.fixture
def texts():
    generator = torch.Generator().manual_seed(3)
    return lambda n: F.normalize(torch.randn(n, 16, generator=generator), dim=-1)


@pytest.fixture(params=[{}, {"locality": True}, {"learn_sigma": True}], ids=["plain", "locality", "learned sigma"])
def denoiser(awake, request):
    return awake(**request.param)


def outputs(prediction) -> list[torch.Tensor]:
    return [tensor for tensor in prediction if tensor is not None]


@torch.no_grad()
def test_shared_background_rows_equal_unshared_evaluation(denoiser, texts):
    """The rows of Eq. 4 for two samples: (g,∅), (g,p), (d,∅) with two background rows per sample."""
    latent, timestep = torch.randn(2, 4, 8, 8), torch.tensor([999, 40])
    background, defect, fusion = texts(4), texts(6), texts(6)
    row_background = torch.tensor([0, 1, 0, 2, 3, 2])
    shared = denoiser(latent, timestep, Rows(torch.tensor([0, 0, 1, 1]), background, row_background, defect, fusion))
    each = torch.tensor([0, 0, 0, 1, 1, 1])
    unshared = denoiser(latent, timestep, Rows(each, background[row_background], torch.arange(6), defect, fusion))
    for a, b in zip(outputs(shared), outputs(unshared), strict=True):
        assert len(a) == 6 and same(a, b)


@torch.no_grad()
def test_a_row_does_not_depend_on_its_company(denoiser, texts):
    latent, timestep = torch.randn(3, 4, 8, 8), torch.tensor([999, 500, 3])
    each = torch.arange(3)
    rows = Rows(each, texts(3), each, texts(3), texts(3))
    together = denoiser(latent, timestep, rows)
    for i in range(3):
        one = Rows(
            each[:1],
            rows.background_text[i : i + 1],
            each[:1],
            rows.defect_text[i : i + 1],
            rows.fusion_text[i : i + 1],
        )
        alone = denoiser(latent[i : i + 1], timestep[i : i + 1], one)
        for a, b in zip(outputs(together), outputs(alone), strict=True):
            assert same(a[i : i + 1], b)


@torch.no_grad()
def test_rows_are_returned_in_the_requested_order(denoiser, texts):
    latent, timestep = torch.randn(2, 4, 8, 8), torch.tensor([300, 600])
    rows = Rows(torch.tensor([0, 1]), texts(2), torch.tensor([0, 1, 1]), texts(3), texts(3))
    order = torch.tensor([2, 0, 1])
    turned = rows._replace(
        row_background=rows.row_background[order],
        defect_text=rows.defect_text[order],
        fusion_text=rows.fusion_text[order],
    )
    for a, b in zip(
        outputs(denoiser(latent, timestep, rows)), outputs(denoiser(latent, timestep, turned)), strict=True
    ):
        assert same(a[order], b)


@torch.no_grad()
def test_each_attention_map_sums_to_one_over_the_positions(denoiser, texts):
    maps = []
    for cross in denoiser.cross_defect:
        cross.register_forward_hook(lambda _, __, out: maps.append(out[1]))
    each = torch.arange(3)
    prediction = denoiser(
        torch.randn(3, 4, 8, 8) * 5, torch.tensor([1, 500, 999]), Rows(each, texts(3), each, texts(3), texts(3))
    )
    for m in maps:
        assert m.shape == (3, 16, 2) and m.min() > 0
        assert torch.allclose(m.sum(1), torch.ones(3, 2), atol=1e-5)
    assert torch.allclose(prediction.attention.sum(1), torch.ones(3), atol=1e-5)
    assert torch.allclose(prediction.attention, torch.stack(maps).mean((0, 3)), atol=1e-7)  # Eq. 7


@torch.no_grad()
def test_learned_sigma_gives_a_variance_in_the_shape_of_the_latent(awake, texts):
    each = torch.arange(2)
    rows = Rows(each, texts(2), each, texts(2), texts(2))
    latent, timestep = torch.randn(2, 4, 8, 8), torch.tensor([1, 500])
    assert awake(learn_sigma=True)(latent, timestep, rows).variance.shape == latent.shape
    assert awake()(latent, timestep, rows).variance is None
