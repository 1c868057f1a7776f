"""An advice on trainings whose results and times a test decides."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest

from defectdiffu.advice.findings import Findings
from defectdiffu.advice.page import PAGE
from defectdiffu.advice.photographs import read_product
from defectdiffu.advice.run import AdvicePlan, advise
from defectdiffu.advice.time_budget import TimeBudget
from defectdiffu.comparison.histograms import BINS, HALF, figures_of, packed
from defectdiffu.comparison.plan import ComparisonPlan
from defectdiffu.data.windows import Rules, WindowRule

RULES: Rules = (WindowRule(window=32), {})
PLAN = ComparisonPlan(size=32, bootstrap_resamples=200)
METHODS = ("real + augmentation", "copy-paste + augmentation", "transplanted + augmentation")
TRANSPLANTED = METHODS[2]


class Workshop:
    """Runs advice with trainings that take a minute each and whose results `quality` tells."""

    def __init__(self, data: Path, out: Path, monkeypatch: pytest.MonkeyPatch):
        self.data, self.out, self.now, self.began = data, out, 0.0, []
        self.quality, self.luck = lambda method, fold, shots: 0.5, 0
        monkeypatch.setattr("defectdiffu.advice.trainings.measure", self._measure)

    def _measure(self, key, data, test, bundle, report) -> dict:
        self.began.append((self.now, key))
        share, strength = data.product.plan.synthetic_share, data.strength_factor
        rng = np.random.default_rng((key.seed, len(key.product), zlib.crc32(key.method.encode()) * self.luck))
        found = self.quality(key.method, key.product, key.shots) - 0.05 * (share != 0.5) - 0.05 * (strength != 1)
        histograms = np.zeros((len(test), 2, BINS), np.uint32)
        shown = test.mask.any((1, 2))
        told = (100 * np.clip(found + rng.normal(0, 0.03, len(test)), 0, 1)).astype(int)
        histograms[shown, 0, -1], histograms[shown, 0, 0] = told[shown], 100 - told[shown]
        histograms[:, 1, 0] = 1000
        self.now += 60
        report(1, 1)
        figures = figures_of(histograms.sum(0), HALF)._asdict()
        return {
            "figures": {name: float(value) for name, value in figures.items()}, "threshold": HALF, "seconds": 60.0,
            "best_step": 40, "bundle": None, "histograms": packed(histograms),
        }  # fmt: skip

    def advise(self, minutes: float, product: str = "tin", methods: tuple[str, ...] = METHODS) -> Findings:
        read = read_product(self.data, RULES, PLAN, product)
        budget, self.told = TimeBudget(minutes, clock=lambda began=self.now: self.now), []
        plan = AdvicePlan(PLAN, methods=methods)
        return advise(read, plan, None, self.out, budget, lambda *_: None, self.told.append)

    @property
    def document(self) -> dict:
        return json.loads((self.out / "advice.json").read_text())

    @property
    def page(self) -> str:
        return (self.out / PAGE).read_text()


def better_with_samples(method: str, fold: str, shots: str) -> float:
    return 0.8 if method == TRANSPLANTED else 0.6
