"""The samples of a bundle in a comparison: drawn once, by the seed of the training, and shared by the detectors."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import invoke, run_command, write_image
from PIL import Image

from defectdiffu.comparison import generated
from defectdiffu.comparison.compare import Bundles, Selection, _Runs, read_products
from defectdiffu.comparison.generated import BundleSamples, DrawSettings
from defectdiffu.comparison.measurement import TrainingData
from defectdiffu.comparison.photograph_folders import write_records
from defectdiffu.comparison.plan import ALL, ComparisonPlan, read_bundle
from defectdiffu.comparison.sources import from_pool
from defectdiffu.comparison.store import ComparisonStore, Key
from defectdiffu.data.image_files import load_mask
from defectdiffu.data.layout import read_data_set
from defectdiffu.data.windows import WindowRule
from defectdiffu.evaluation.generated_samples import FIRST_SEED
from defectdiffu.evaluation.real_windows import Windows

PAIR, OTHER = ("tin", "dent"), ("felt", "hole")
METHOD = "from noise + augmentation"


@pytest.fixture
def seeds_drawn(monkeypatch) -> list[int]:
    """A bundle of 64 pixels whose samples are made up; the first seed of each call is put down."""
    drawn: list[int] = []
    config = SimpleNamespace(name="m", version="1", image_size=64)
    model = SimpleNamespace(config=config, vocabulary=SimpleNamespace(trained_pairs=[PAIR, OTHER]))

    def draw_pair(generator, product, defect, count, strengths, *_, first_seed, **__):
        drawn.append(first_seed)
        mask = np.zeros((count, 64, 64), bool)
        mask[:, 16:32, 16:32] = True
        image = np.repeat(np.where(mask, 200, 20).astype(np.uint8)[..., None], 3, -1)
        confidence = np.arange(count)[::-1] / count * strengths[1]
        return SimpleNamespace(windows=lambda: Windows(image, mask, np.arange(count)), confidence=confidence)

    monkeypatch.setattr(generated, "load_model", lambda path: model)
    monkeypatch.setattr(generated, "bundle_generator", lambda *_: None)
    monkeypatch.setattr(generated, "draw_pair", draw_pair)
    return drawn


def bundle(out: Path, saw: str = "all", **plan) -> BundleSamples:
    return BundleSamples(Path("m"), saw, "fp32", ComparisonPlan(samples=3, **plan), out, lambda *_: None)


def test_each_seed_draws_samples_of_its_own_once(seeds_drawn, tmp_path):
    first = bundle(tmp_path, size=64).from_noise(PAIR, 0)
    bundle(tmp_path, size=64).from_noise(PAIR, 1)
    again = bundle(tmp_path, size=64).from_noise(PAIR, 0)
    assert seeds_drawn == [FIRST_SEED, FIRST_SEED + generated.SEED_DISTANCE]
    assert np.array_equal(first.image, again.image) and np.array_equal(first.mask, again.mask)


def test_the_better_half_has_the_most_confidence_of_twice_as_many(seeds_drawn, tmp_path):
    for _ in range(2):  # drawn, then read
        half = bundle(tmp_path, size=64).drawn_as(DrawSettings(better_half=True))
        assert half.from_noise(PAIR, 0).source.tolist() == [0, 1, 2]  # of six
        assert half.lowest_scores == {PAIR: pytest.approx(3 / 6 * 2.0)}
    assert len(seeds_drawn) == 1
    assert bundle(tmp_path, size=64).from_noise(PAIR, 0).source.tolist() == [0, 1, 2]
    assert len(seeds_drawn) == 2  # a file of its own


def test_the_strengths_are_those_of_the_drawing(seeds_drawn, tmp_path):
    stronger = bundle(tmp_path, size=64).drawn_as(DrawSettings(strength_factor=1.5, better_half=True))
    stronger.from_noise(PAIR, 0)
    assert stronger.lowest_scores == {PAIR: pytest.approx(3 / 6 * 1.5 * 2.0)}
    assert DrawSettings(strength_factor=3).strengths((1.0, 4.0)) == (3.0, 5.0)


def test_samples_are_resized_to_the_windows_of_the_comparison(seeds_drawn, tmp_path):
    made = bundle(tmp_path, size=32).from_noise(PAIR, 0)
    assert made.image.shape == (3, 32, 32, 3)
    assert made.mask[:, 9:15, 9:15].all() and made.mask.mean() == pytest.approx(1 / 16, abs=0.02)
    assert made.image[0, 12, 12, 0] == 200 and made.image[0, 24, 24, 0] == 20


def test_samples_without_a_mask_are_not_drawn():
    samples = Windows(np.zeros((4, 8, 8, 3), np.uint8), np.zeros((4, 8, 8), bool), np.arange(4))
    with pytest.raises(ValueError, match="none of 4 samples from noise has a mask"):
        from_pool(samples, "from noise")
    samples.mask[2] = True
    assert set(from_pool(samples, "from noise")(np.random.default_rng(0), 9).source) == {2}


def test_the_bundle_of_the_same_photographs_draws_before_the_one_that_saw_all(seeds_drawn, tmp_path):
    bundles: Bundles = {None: bundle(tmp_path), ("5", 1): bundle(tmp_path, saw="the same")}
    product = SimpleNamespace(test_windows=lambda: None, pairs=[PAIR], others=())
    runs = _Runs({"tin": product}, bundles, ComparisonStore(tmp_path / "c.json", {}), lambda *_: None)
    key = lambda shots, seed, method=METHOD: Key("tin", "small UNet", shots, method, seed)  # noqa: E731
    assert runs._bundle(key("5", 1)) is bundles["5", 1]
    assert runs._bundle(key("5", 0)) is runs._bundle(key("3", 1)) is bundles[None]
    assert runs._bundle(key("5", 1, "copy-paste + augmentation")) is None
    assert runs.is_possible(key("0", 0))
    product.pairs = [PAIR, ("tin", "scratch")]
    assert not runs.is_possible(key("0", 0))
    assert runs._store.document["skipped"] == {str(key("0", 0)): "the bundle was not trained on tin/scratch"}


def test_bundles_are_named_with_the_shots_and_the_seed_that_they_are_for():
    assert read_bundle("models/m/1") == (None, Path("models/m/1"))
    assert read_bundle("05:1=models/m=2") == (("5", 1), Path("models/m=2"))
    assert read_bundle("all:0=m") == ((ALL, 0), Path("m"))
    for text in ("5=m", "5:x=m", "x:1=m"):
        with pytest.raises(ValueError, match="must be"):
            read_bundle(text)


def test_the_photographs_of_a_seed_become_a_data_set(halved, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(halved, data)
    (data / "unified_names.json").write_text('{"tin": {"dent": "hole"}}')
    arguments = ("compare", "--data", data, "--products", "tin", "--shots", "1,all", "--seeds", 2, "--photographs")
    run_command(*arguments, tmp_path)
    products = read_products(data, (WindowRule(window=32), {}), ComparisonPlan(size=32), ("tin",))
    for shots, seed, count in (("1", 0, 1), ("1", 1, 1), ("all", 0, 2)):
        written = read_data_set(tmp_path / f"{shots}-{seed}")
        assert all(record.split == "train" and record.image.stem != "2" for record in written)
        for defect in ("hole", "scratch"):
            assert sum(record.defect == defect for record in written) == count
        seen = sorted(record.place for record in written if record.mask)
        assert seen == TrainingData(products["tin"], shots, seed).photographs
    assert "exists already" in invoke(*arguments, tmp_path).output


def test_the_copy_of_photographs_says_which_values_mark_the_defect(data_set, tmp_path):
    for path in data_set.glob("*/ground_truth/*/*.png"):
        values = np.minimum(np.asarray(Image.open(path)), 1)
        values[0, 0] = 2
        write_image(path, values)
    (data_set / "mask_values.json").write_text("[1]")
    records = read_data_set(data_set)
    copied = read_data_set(write_records(data_set, records, {}, tmp_path / "copy"))
    for before, after in zip(records, copied, strict=True):
        assert before.place == after.place and before.marks == after.marks
        if before.mask and after.mask:
            assert np.array_equal(load_mask(before.mask, before.marks), load_mask(after.mask, after.marks))


def test_a_time_limit_leaves_out_the_same_seed_of_every_method():
    methods = ("real + augmentation", METHOD)
    keys = Selection((), ("small UNet",), ("1", ALL), methods, 2).keys(["tin", "felt"])
    assert [key.seed for key in keys] == [0] * 8 + [1] * 8
    assert [key.method for key in keys[:2]] == list(methods)
    with pytest.raises(ValueError, match="methods: unknown"):
        Selection((), ("small UNet",), (ALL,), ("magic",), 2)


def test_defects_that_the_bundle_draws_on_other_products_are_transferred(seeds_drawn, data_set, tmp_path):
    """Bright squares of 200 on felt of level 90, of which no photograph shows a defect."""
    products = read_products(data_set, (WindowRule(window=32), {}), ComparisonPlan(size=32, split="validation"), ())
    seen = TrainingData(products["felt"], "0", 0)
    drawing = bundle(tmp_path, size=32)
    made = seen.synthetic("drawn, transferred + augmentation", drawing)[0](np.random.default_rng(0), 4)
    for image, mask in zip(made.image, made.mask, strict=True):
        assert mask.any() and image[mask].mean() > image[~mask].mean() + 10
    (drawn,) = tmp_path.rglob("*.npz")
    assert drawn.name.startswith("tin")
