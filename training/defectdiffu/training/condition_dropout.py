"""Condition dropout (Algorithm 1): chooses the conditions of a training sample."""

from __future__ import annotations

import numpy as np


def drop_conditions(
    defective: np.ndarray, drop_product: float, drop_defect: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(product becomes null, defect becomes good), bool [B] each, for `defective` bool [B].

    Literally Algorithm 1: line 1 drops the product with p₁ for every sample; for a defective one, line 3 turns the
    defect into "good" with p₂ and line 4 drops the product with p₁ once more, so P(null | defective) = 1 - (1 - p₁)².
    """
    n = len(defective)
    null_product = rng.random(n) < drop_product
    made_good = defective & (rng.random(n) < drop_defect)
    null_product |= defective & (rng.random(n) < drop_product)
    return null_product, made_good
