"""The adaptive attention-enhanced loss (paper §3.5, Eq. 6 and 8–11). All terms are means, not sums."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..config import LossConfig

MIN_SHARE = 0.01  # a defect smaller than this share of the mask is not weighted up further


class Losses(NamedTuple):
    total: Tensor
    noise: Tensor
    defect: Tensor
    mask: Tensor
    ratio: Tensor  # mean R over the defective samples


def attention_ratio(attention: Tensor, mask: Tensor, alpha: float) -> Tensor:
    """Rat, Eq. 8. attention [B, N] (sums to 1), mask [B, N] in {0, 1} → [B]."""
    outside = ((1 - mask) * attention).sum(1)
    inside = (mask * attention).sum(1)
    return outside / (inside + alpha)


def token_mask(mask: Tensor, grid: int) -> Tensor:
    """Soft mask on the latent grid [B, h, w] → {0, 1} on the token grid [B, grid²]: 1 where anything is defective."""
    return (F.adaptive_max_pool2d(mask[:, None], grid) > 0).float().flatten(1)


def mask_feature_loss(feature: Tensor, target: Tensor, mask: Tensor, balanced: bool) -> Tensor:
    """Eq. 6 as a mean, [B]. feature, target [B, C, h, w] (normalised mask latents), mask [B, h, w] soft.

    Balanced: defect and background weigh the same within each defective sample, however small the defect is.
    """
    squared = (feature - target).square().mean(1)  # [B, h, w]
    if not balanced:
        return squared.mean((1, 2))
    share = mask.mean((1, 2))[:, None, None]
    weight = 0.5 * mask / share.clamp(min=MIN_SHARE) + 0.5 * (1 - mask) / (1 - share).clamp(min=MIN_SHARE)
    weight = torch.where(share > 0, weight, torch.ones_like(weight))
    return (weight * squared).mean((1, 2))


def defect_diffusion_loss(
    output: Tensor,
    target: Tensor,
    mask_feature: Tensor,
    mask_target: Tensor,
    attention: Tensor,
    mask: Tensor,
    alpha_bar: Tensor,
    grid: int,
    config: LossConfig,
) -> Losses:
    """Eq. 11: ‖ε̂-ε‖² + R·‖mask·(ε̂-ε)‖² + λ·‖M_f - Mask_f‖².

    output, target [B, C, h, w]; mask [B, h, w] soft, all zero for normal samples, whose defect term is zero;
    alpha_bar [B]. R is not detached: between its bounds (Eq. 9) the gradient pulls attention into the mask.

    A weight that depends on where the defect is makes the network overrate, wherever it cannot know yet, the chance
    that it is here: with R = 8 it takes one chance in 20 for one in 3. With `fade_defect` the weight is R·ᾱ_t: none
    while all is noise, R where the place is settled and the detail is drawn.
    """
    difference = output - target
    noise = difference.square().mean((1, 2, 3))
    ratio = attention_ratio(attention, token_mask(mask, grid), config.alpha).clamp(config.ratio_min, config.ratio_max)
    defect = ratio * (mask[:, None] * difference).square().mean((1, 2, 3))  # Eq. 10
    if config.fade_defect:
        defect = alpha_bar * defect
    masks = mask_feature_loss(mask_feature, mask_target, mask, config.balanced_mask)
    defective = (mask.amax((1, 2)) > 0).float()
    mean_ratio = (ratio.detach() * defective).sum() / defective.sum().clamp(min=1)
    total = (noise + defect + config.mask_weight * masks).mean()
    return Losses(total, noise.mean().detach(), defect.mean().detach(), masks.mean().detach(), mean_ratio)
