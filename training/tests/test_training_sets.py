"""The synthetic windows that are added to the real ones before a detector is trained."""

from __future__ import annotations

import numpy as np
import pytest

from defectdiffu.evaluation.downstream import (
    DRAWN,
    METHODS,
    ON_PHOTOGRAPHS,
    ON_TWINS,
    OURS,
    WAYS,
    WITH_AUGMENTATION,
    ProductData,
    chosen,
    training_sets,
)
from defectdiffu.evaluation.real_windows import Windows
from defectdiffu.evaluation.synthesis import AUGMENTATION


def windows(count: int, marked: int, size: int = 32) -> Windows:
    rng = np.random.default_rng(count)
    masks = np.zeros((count, size, size), bool)
    masks[:marked, 8:16, 8:20] = True
    return Windows(rng.integers(0, 255, (count, size, size, 3), np.uint8), masks, np.arange(count))


def test_samples_without_a_mask_are_left_out():
    taken = chosen(windows(10, marked=4), 30, seed=0)
    assert len(taken) == 30 and set(taken.source.tolist()) == {0, 1, 2, 3}


def test_no_sample_is_taken_twice_while_there_are_enough():
    assert len(set(chosen(windows(10, marked=10), 10, seed=0).source.tolist())) == 10


def test_a_model_that_marks_nothing_is_refused():
    with pytest.raises(ValueError, match="none of 10 samples has a mask"):
        chosen(windows(10, marked=0), 5, seed=0)


def test_all_methods_get_equally_many_and_baselines_do_not_depend_on_the_samples():
    data = ProductData(windows(6, 6), windows(5, 0), windows(4, 2))
    drawn = lambda n: {name: windows(n + i, n) for i, name in enumerate(WAYS)}  # noqa: E731
    some, others = (training_sets(data, drawn(n), ratio=2, seed=1) for n in (20, 3))
    assert set(some) == set(METHODS)
    for name, extra in some.items():
        assert extra is None or len(extra) == 12
        if extra is not None and name not in DRAWN:
            assert np.array_equal(extra.image, others[name].image)


def test_samples_from_noise_on_twins_and_on_photographs_are_kept_apart():
    data = ProductData(windows(6, 6), windows(5, 0), windows(4, 2))
    drawn = {OURS: windows(20, 20), ON_TWINS: windows(22, 18), ON_PHOTOGRAPHS: windows(21, 15)}
    sets = training_sets(data, drawn, ratio=2, seed=1)
    for name, source in drawn.items():
        extra = sets[name]
        assert np.array_equal(extra.image, source.image[extra.source])
        assert extra.mask.any((1, 2)).all()  # one whose defect never showed is not taught as defective


def test_a_method_without_visible_samples_is_left_out():
    data = ProductData(windows(6, 6), windows(5, 0), windows(4, 2))
    drawn = dict.fromkeys(WAYS, windows(20, 20)) | {ON_TWINS: windows(22, 0)}
    assert set(METHODS) - set(training_sets(data, drawn, ratio=2, seed=1)) == {ON_TWINS}


def test_augmentation_takes_half_of_each():
    data = ProductData(windows(6, 6), windows(5, 0), windows(4, 2))
    sets = training_sets(data, {OURS: windows(20, 20)}, ratio=1.5, seed=1)
    both = sets[WITH_AUGMENTATION]
    assert len(both) == 9
    assert np.array_equal(both.image[:4], sets[OURS].image[:4])
    assert np.array_equal(both.image[4:], sets[AUGMENTATION].image[:5])
