"""The mIoU of a comparison at one false positive rate of normal windows."""

from __future__ import annotations

import numpy as np

from defectdiffu.comparison.histograms import (
    BINS,
    FALSE_POSITIVE_RATE,
    HALF,
    LIMIT,
    fpr_threshold,
    score_histograms,
)
from defectdiffu.comparison.statistics import AT_FPR, Group, Measured, differences, mean_figures


def test_at_the_threshold_by_normal_windows_few_of_their_pixels_count_as_defect():
    logits = np.random.default_rng(0).normal(-3, 1.5, (4, 100, 100))
    normal = score_histograms(logits, np.zeros_like(logits, bool)).sum(0)
    threshold = fpr_threshold(normal)
    assert threshold is not None
    share = lambda first: (logits >= first * 2 * LIMIT / BINS - LIMIT).mean()  # noqa: E731
    assert 0 < share(threshold) <= FALSE_POSITIVE_RATE < share(threshold - 1)
    assert fpr_threshold(np.zeros((2, BINS))) is None
    alarming = np.zeros((2, BINS))
    alarming[1, -1] = 1
    assert fpr_threshold(alarming) == BINS - 1


def test_detectors_that_differ_in_their_threshold_alone_are_alike_at_one_false_positive_rate():
    rng = np.random.default_rng(0)
    truth = rng.random((8, 24, 24)) < 0.2
    truth[:4] = False
    logits = rng.normal(np.where(truth, 1.0, -3.0), 1.0)

    def detector(offset: float) -> dict[str, Group]:
        made = score_histograms(logits + offset, truth)
        return {"tin": Group(list("abcdefgh"), {0: Measured(made, HALF, fpr_threshold(made[:4].sum(0)))})}

    made = differences(detector(-2.0), detector(0.0), 50, 0.95, 0)
    assert made["miou"].high < -0.05 and made[AT_FPR].mean == made[AT_FPR].low == made[AT_FPR].high == 0
    assert mean_figures([*detector(-2.0).values()])[AT_FPR] == mean_figures([*detector(0.0).values()])[AT_FPR]
    plain = score_histograms(logits, truth)
    without = {"tin": Group(list("abcdefgh"), {0: Measured(plain, HALF)})}
    assert AT_FPR not in differences(without, without, 50, 0.95, 0) | mean_figures([*without.values()])
