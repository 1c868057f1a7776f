"""The adaptive attention-enhanced loss (Eq. 6, 8–11) against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from conftest import plain_rows

from defectdiffu.config import LossConfig
from defectdiffu.training.loss import attention_ratio, defect_diffusion_loss, mask_feature_loss, token_mask

PLAIN = LossConfig(balanced_mask=False)


def lay(inside: float, masked_tokens: int) -> tuple[torch.Tensor, torch.Tensor]:
    """attention [1, 4] with `inside` of its weight on the first tokens, and the mask [1, 4, 4] on these tokens.

    Tokens are 2×2 patches of a 4×4 latent: token 0 top left, 1 top right, 2 bottom left, 3 bottom right.
    """
    attention = torch.full((1, 4), (1 - inside) / (4 - masked_tokens))
    attention[:, :masked_tokens] = inside / masked_tokens
    mask = torch.zeros(1, 2, 2)
    mask.view(1, 4)[:, :masked_tokens] = 1
    return attention, mask.repeat_interleave(2, 1).repeat_interleave(2, 2)


def losses(attention, mask, config=PLAIN, error=0.5, mask_error=2.0, alpha_bar=0.5):
    """Everything constant: the noise is off by `error` everywhere, the mask feature by `mask_error`."""
    shape = (len(mask), 4, 4, 4)
    target, feature = torch.zeros(shape), torch.zeros(shape)
    level = torch.full((len(mask),), alpha_bar)
    return defect_diffusion_loss(
        target + error, target, feature + mask_error, feature, attention, mask, level, 2, config
    )


def test_the_ratio_is_attention_outside_over_inside():
    attention, mask = torch.tensor([[0.1, 0.2, 0.3, 0.4]]), torch.tensor([[1.0, 0, 0, 1]])
    assert attention_ratio(attention, mask, 0.0).item() == pytest.approx(0.5 / 0.5)
    assert attention_ratio(attention, torch.tensor([[1.0, 0, 0, 0]]), 1e-3).item() == pytest.approx(0.9 / 0.101)


def test_a_token_is_defective_if_any_part_of_it_is():
    mask = torch.zeros(1, 4, 4)
    mask[0, 0, 3] = 0.01
    assert token_mask(mask, 2).tolist() == [[0, 1, 0, 0]]


def test_all_terms_by_hand():
    attention, mask = lay(inside=0.2, masked_tokens=1)
    result = losses(attention, mask, error=0.5, mask_error=2.0)
    ratio = 0.8 / 0.201
    assert result.noise.item() == pytest.approx(0.25)
    assert result.ratio.item() == pytest.approx(ratio)
    assert result.defect.item() == pytest.approx(
        ratio * 0.25 / 4
    )  # a quarter of the latent is masked; a mean, not a sum
    assert result.mask.item() == pytest.approx(4.0)
    assert result.total.item() == pytest.approx(0.25 + ratio * 0.25 / 4 + 0.2 * 4)


def test_a_fading_defect_term_is_weighted_by_the_signal_share():
    attention, mask = lay(inside=0.2, masked_tokens=1)
    fading = replace(PLAIN, fade_defect=True)
    whole, faded = losses(attention, mask), losses(attention, mask, fading, alpha_bar=0.3)
    assert faded.defect.item() == pytest.approx(0.3 * whole.defect.item())
    assert faded.total.item() == pytest.approx(whole.total.item() - 0.7 * whole.defect.item())
    assert losses(attention, mask, fading, alpha_bar=1.0).total.item() == pytest.approx(whole.total.item())
    assert losses(attention, mask, alpha_bar=0.3).total.item() == pytest.approx(whole.total.item())


def test_the_soft_mask_weights_the_error_before_squaring():
    attention, mask = lay(inside=0.25, masked_tokens=1)
    ratio = 0.75 / 0.251
    assert losses(attention, mask / 2).defect.item() == pytest.approx(ratio * 0.25 * 0.25 / 4)


@pytest.mark.parametrize(("inside", "expected"), [(0.9, 2.0), (0.02, 8.0), (0.25, 0.75 / 0.251)])
def test_the_ratio_is_clamped_between_two_and_eight(inside, expected):
    attention, mask = lay(inside, 1)
    assert losses(attention, mask).ratio.item() == pytest.approx(expected)


def test_a_normal_image_has_no_defect_term_and_does_not_count_in_the_mean_ratio():
    attention, mask = lay(0.25, 1)
    normal = losses(attention, torch.zeros_like(mask))
    assert normal.defect.item() == 0 and normal.ratio.item() == 0
    assert normal.total.item() == pytest.approx(0.25 + 0.2 * 4)
    both = losses(attention.repeat(2, 1), torch.cat([mask, torch.zeros_like(mask)]))
    assert both.ratio.item() == pytest.approx(0.75 / 0.251)
    assert both.defect.item() == pytest.approx(losses(attention, mask).defect.item() / 2)


def test_terms_are_means_over_the_batch():
    attention, mask = lay(0.25, 1)
    one, three = losses(attention, mask), losses(attention.repeat(3, 1), mask.repeat(3, 1, 1))
    assert three.total.item() == pytest.approx(one.total.item())


def test_the_mask_loss_is_balanced_between_defect_and_background():
    mask = torch.zeros(1, 4, 4)
    mask[0, 0, :2] = 1  # an eighth of the latent
    target = torch.zeros(1, 4, 4, 4)
    wrong_inside, wrong_outside = mask[:, None].expand_as(target), (1 - mask)[:, None].expand_as(target)
    assert mask_feature_loss(wrong_inside, target, mask, balanced=False).item() == pytest.approx(1 / 8)
    assert mask_feature_loss(wrong_inside, target, mask, balanced=True).item() == pytest.approx(0.5)
    assert mask_feature_loss(wrong_outside, target, mask, balanced=True).item() == pytest.approx(0.5)


def test_the_balanced_mask_loss_of_a_normal_image_is_the_plain_one():
    feature, target, black = torch.full((1, 4, 4, 4), 3.0), torch.zeros(1, 4, 4, 4), torch.zeros(1, 4, 4)
    assert mask_feature_loss(feature, target, black, balanced=True).item() == pytest.approx(9.0)


def test_the_weight_of_a_very_small_defect_is_bounded():
    mask = torch.zeros(1, 64, 64)
    mask[0, 0, 0] = 1  # 0.02 % of the latent
    feature = torch.zeros(1, 4, 64, 64)
    feature[..., 0, 0] = 1
    at_one_percent = 0.5 / 0.01 / 64**2
    assert mask_feature_loss(feature, torch.zeros_like(feature), mask, balanced=True).item() == pytest.approx(
        at_one_percent
    )


def test_between_the_bounds_the_gradient_pulls_attention_into_the_mask():
    attention, mask = lay(0.25, 1)
    attention.requires_grad_()
    losses(attention, mask).total.backward()
    # ∂(R·D)/∂A, D = 0.0625: outside 1/(0.25 + α), inside -0.75/(0.25 + α)².
    assert attention.grad[0, 1:].tolist() == pytest.approx([0.0625 / 0.251] * 3, rel=1e-5)
    assert attention.grad[0, 0].item() == pytest.approx(-0.0625 * 0.75 / 0.251**2, rel=1e-5)


@pytest.mark.parametrize("inside", [0.9, 0.02], ids=["at the lower bound", "at the upper bound"])
def test_at_the_bounds_no_gradient_flows_through_the_ratio(inside):
    attention, mask = lay(inside, 1)
    attention.requires_grad_()
    losses(attention, mask).total.backward()
    assert not attention.grad.any()


@pytest.mark.parametrize(("share", "flows"), [(0.25, True), (0.75, False)])
def test_through_the_ratio_alone_the_loss_reaches_queries_and_keys(awake, share, flows):
    """Nearly even attention: a quarter masked gives R ≈ 3, between the bounds; three quarters R ≈ 1/3, below them."""
    denoiser = awake()
    mask = torch.zeros(1, 8, 8)
    mask[:, : int(8 * share)] = 1
    prediction = denoiser(torch.randn(1, 4, 8, 8), torch.tensor([500]), plain_rows(1))
    output, feature = prediction.output.detach(), prediction.mask_feature.detach()
    result = defect_diffusion_loss(
        output, output + 1, feature, feature, prediction.attention, mask, torch.ones(1), denoiser.grid, PLAIN
    )
    assert (2 < result.ratio.item() < 8) == flows
    result.total.backward()
    for block in denoiser.cross_defect:
        for layer in (block.cross_attention.to_q, block.cross_attention.to_k):
            assert (layer.weight.grad.abs().max() > 1e-6) == flows
