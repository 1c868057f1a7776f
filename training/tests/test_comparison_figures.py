"""The figures of a comparison, its intervals, its store and its page."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from conftest import invoke, run_command
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score

from defectdiffu.comparison.compare import RESULTS
from defectdiffu.comparison.histograms import (
    BINS,
    HALF,
    best_threshold,
    figures_of,
    packed,
    score_histograms,
    unpacked,
)
from defectdiffu.comparison.page import PAGE, write_page
from defectdiffu.comparison.plan import ALL, ComparisonPlan, conditions_of, read_shots
from defectdiffu.comparison.statistics import (
    BETTER,
    SAME,
    WORSE,
    Group,
    Interval,
    Measured,
    differences,
)
from defectdiffu.comparison.store import ComparisonStore, Key
from defectdiffu.evaluation.segmentation_figures import segmentation_figures


@pytest.fixture(scope="module")
def scored() -> tuple[np.ndarray, np.ndarray]:
    """Logits and truth of eight photographs."""
    rng = np.random.default_rng(0)
    truth = rng.random((8, 24, 24)) < 0.2
    return rng.normal(np.where(truth, 1.0, -1.5), 2.0), truth


def test_figures_of_histograms_are_those_of_the_pixels(scored):
    logits, truth = scored
    total = score_histograms(logits, truth).sum(0)
    made, exact = figures_of(total, HALF), segmentation_figures(1 / (1 + np.exp(-logits)), truth)
    assert made.miou == pytest.approx(exact.miou) and made.f1 == pytest.approx(exact.f1)
    flat, score = truth.reshape(-1), logits.reshape(-1)
    assert made.ap == pytest.approx(average_precision_score(flat, score), abs=0.005)
    balanced = balanced_accuracy_score(flat, score >= 0)
    assert made.balanced_accuracy == pytest.approx(balanced)
    assert made.auroc == pytest.approx(roc_auc_score(flat, score), abs=0.002)


def test_the_threshold_is_the_best_on_what_it_is_chosen_on(scored):
    total = score_histograms(*scored).sum(0)
    chosen = best_threshold(total, "miou")
    assert figures_of(total, chosen).miou == max(figures_of(total, t).miou for t in range(1, BINS))


def test_a_set_without_defects_has_no_figures():
    total = score_histograms(np.zeros((1, 4, 4)), np.zeros((1, 4, 4), bool)).sum(0)
    assert np.isnan(figures_of(total, HALF)).all() and best_threshold(total, "miou") == HALF


def test_histograms_survive_the_file(scored):
    made = score_histograms(*scored)
    assert np.array_equal(unpacked(packed(made)), made)


def group(quality: float, seeds: int = 3, photographs: int = 30, noise: float = 0.0) -> Group:
    """Photographs of 100 pixels, of which half are defective; `quality` of them are found, and no others."""
    trainings = {}
    for seed in range(seeds):
        rng = np.random.default_rng((5, seed))
        made = np.zeros((photographs, 2, BINS), np.uint32)
        found = (50 * np.clip(quality + noise * rng.normal(size=photographs), 0, 1)).round().astype(int)
        made[:, 0, BINS - 1], made[:, 0, 0], made[:, 1, 0] = found, 50 - found, 50
        trainings[seed] = Measured(made, HALF)
    return Group([str(i) for i in range(photographs)], trainings)


def told(ours: Group, reference: Group) -> Interval:
    return differences({"tin": ours}, {"tin": reference}, 400, 0.95, 0)["miou"]


def test_a_difference_in_every_photograph_is_told():
    interval = told(group(0.8), group(0.6))
    assert interval.verdict == BETTER and interval.mean == pytest.approx((0.8 - 0.6 + 50 / 60 - 50 / 70) / 2)
    assert interval.low == pytest.approx(interval.high)  # alike in every photograph: nothing to resample
    assert told(group(0.6), group(0.8)).verdict == WORSE


def test_one_seed_tells_nothing_apart():
    interval = told(group(0.8, seeds=1), group(0.6, seeds=3))
    assert interval.low > 0 and interval.verdict == "not told apart (one seed)"


def test_no_difference_is_not_told():
    interval = told(group(0.7), group(0.7))
    assert interval == Interval(0, 0, 0, seeds=3) and interval.verdict == SAME


def test_the_interval_has_the_width_of_the_spread_over_photographs():
    rng = np.random.default_rng(1)
    better = rng.permutation(np.repeat([0.2, -0.1], 50))  # mean 0.05 of the pixels found
    base, ours = group(0.5, 1, 100), group(0.5, 1, 100)
    found = (50 * (0.5 + better)).astype(int)
    ours.trainings[0].histograms[:, 0, BINS - 1] = found
    ours.trainings[0].histograms[:, 0, 0] = 50 - found
    interval = told(ours, base)
    error = 0.15 / np.sqrt(100) * (1 + 1 / 1.45**2) / 2  # of the found share, times the slope of the mIoU at about it
    assert interval.low < interval.mean < interval.high
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * error, rel=0.35)


def test_photographs_of_one_source_are_resampled_together():
    alone = group(0.5, 1, 40)
    noisy = group(0.55, 1, 40, noise=0.2)
    together = noisy._replace(sources=[str(i // 20) for i in range(40)])
    assert len(set(together.sources)) == 2
    few = differences({"tin": together}, {"tin": alone._replace(sources=together.sources)}, 400, 0.95, 0)["miou"]
    assert len({few.low, few.mean, few.high}) == 3
    drawn = np.unique([differences({"tin": together}, {"tin": alone._replace(sources=together.sources)}, 1, 0.95, s)
                       ["miou"].low.__round__(9) for s in range(40)])  # fmt: skip
    assert len(drawn) == 3  # two of the first, one of each, two of the second


def test_only_shared_seeds_and_products_are_compared():
    ours, theirs = group(0.8, seeds=2), group(0.6, seeds=3)
    theirs.trainings[2] = group(0.0, seeds=3).trainings[2]
    assert told(ours, theirs).verdict == BETTER
    assert told(ours, theirs).mean == told(ours, group(0.6, seeds=2)).mean
    assert differences({"tin": ours}, {"felt": theirs}, 10, 0.95, 0) == {}


@pytest.mark.parametrize("text", ["x", "-1", "1,", "1.5"])
def test_shots_that_are_no_number_are_refused(text):
    with pytest.raises(ValueError, match=r"shots holds .*, must be whole numbers from 0"):
        read_shots(text)


def test_plans_out_of_bounds_are_refused():
    for setting, problem in (
        ({"size": 100}, "size is 100, must be a multiple of 32"),
        ({"confidence": 1.0}, "confidence is 1.0, must be below 1"),
        ({"defective_share": 0.0}, "defective_share is 0.0"),
    ):
        with pytest.raises(ValueError, match=problem):
            ComparisonPlan(**setting)


def test_a_store_of_other_conditions_photographs_or_bundles_is_refused(tmp_path):
    path, key = tmp_path / "comparison.json", Key("tin", "small UNet", "all", "from noise + augmentation", 0)
    store = ComparisonStore(path, conditions_of(asdict(ComparisonPlan())))
    store.require_same_test("tin", [{"photograph": "a", "source": "a", "defect": "dent"}])
    store.put(key, {"bundle": {"name": "m@1 fp32", "saw": "all"}})
    again = ComparisonStore(path, conditions_of(asdict(ComparisonPlan(bootstrap_resamples=10))))
    assert again.has(key) and again.trainings[key]["seed"] == 0
    with pytest.raises(ValueError, match=r"other conditions \(patience was 8, now 9\)"):
        ComparisonStore(path, conditions_of(asdict(ComparisonPlan(patience=9))))
    with pytest.raises(ValueError, match="other test photographs"):
        again.require_same_test("tin", [])
    again.require_same_bundle(key, "m@1 fp32")
    with pytest.raises(ValueError, match=r"used m@1 fp32, now m@2 fp32"):
        again.require_same_bundle(key, "m@2 fp32")


OPTIONS = ("--products", "tin", "--size", 32, "--detectors",
           "small UNet,small ResNet", "--max-steps", 4, "--check-every", 2, "--shots", "0,1,all", "--seeds", 1,
           "--methods", "real without augmentation;copy-paste + augmentation;Perlin + augmentation;"
           "from noise + augmentation", "--reference", "real without augmentation", "--threads", 1)  # fmt: skip


def test_a_page_says_when_methods_have_different_seeds(tmp_path):
    plan = ComparisonPlan(bootstrap_resamples=20)
    store = ComparisonStore(tmp_path / RESULTS, conditions_of(asdict(plan)))
    store.require_same_test("tin", [{"photograph": str(i), "source": str(i), "defect": "dent"} for i in range(30)])
    warning = "compare them by the differences alone"

    def page_with(method: str, seed: int) -> str:
        one = group(0.7).trainings[seed]
        entry = {"histograms": packed(one.histograms), "threshold": one.threshold, "converged": True, "bundle": None}
        store.put(Key("tin", "small UNet", ALL, method, seed), entry)
        return write_page(store, plan).read_text()

    page_with("real + augmentation", 0)
    assert warning not in page_with("copy-paste + augmentation", 0)
    assert warning in page_with("real + augmentation", 1)
    assert warning not in page_with("copy-paste + augmentation", 1)


def test_zero_shots_are_compared_with_cut_paste(scored, tmp_path):
    store = ComparisonStore(tmp_path / RESULTS, conditions_of(asdict(ComparisonPlan())))
    store.require_same_test("tin", [{"photograph": str(i), "source": str(i), "defect": "dent"} for i in range(8)])
    entry = {"histograms": packed(score_histograms(*scored)), "threshold": HALF, "converged": True, "bundle": None}
    for method in ("CutPaste + augmentation", "Perlin + augmentation"):
        store.put(Key("tin", "small UNet", "0", method, 0), entry)
    page = write_page(store, ComparisonPlan()).read_text()
    rows = {line.split("|")[1].strip(): line for line in page.splitlines() if line.startswith("|")}
    assert "| reference |" in rows["CutPaste + augmentation"]
    assert "+0.0 (+0.0 … +0.0)" in rows["Perlin + augmentation"]


def test_a_comparison_resumes_and_says_what_it_did_not_run(halved, tmp_path, monkeypatch):
    pytest.importorskip("kornia")
    (tmp_path / "windows.toml").write_text("[default]\nwindow = 32\n")
    arguments = (
        "compare",
        "--data",
        halved,
        "--windows",
        tmp_path / "windows.toml",
        "--out",
        tmp_path / "out",
        *OPTIONS,
    )
    run_command(*arguments, "--minutes", 0)
    document = lambda: json.loads((tmp_path / "out" / RESULTS).read_text())  # noqa: E731
    run_command(*arguments)
    first = document()["trainings"]
    assert len(first) == 2 * 7  # of four methods with three numbers of shots, five have nothing to train on
    monkeypatch.setattr("defectdiffu.comparison.compare.measure", lambda *_: pytest.fail("trained again"))
    run_command(*arguments)
    assert document()["trainings"] == first
    page = (tmp_path / "out" / PAGE).read_text()
    assert "## small UNet, 0 defective photographs per pair" in page
    assert "- from noise + augmentation: needs a bundle: tin" in page
    assert "14 trainings" in page and "reached the step limit" in page
    assert all(len(line) <= 120 or line.startswith("|") for line in page.splitlines())
    for entry in first.values():
        assert all("/test/" not in place or place.split("/")[-1] != "2.png" for place in entry["photographs"])
    refused = invoke(*arguments, "--patience", 3)
    assert refused.exit_code == 1 and "patience was 8, now 3" in refused.output
