"""Numbers that every implementation of the method must reproduce, computed in float64 outside this package."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from defectdiffu.model.layers import sincos_positions, timestep_features
from defectdiffu.model.noise_schedule import (
    alpha_bar,
    noise_from_velocity,
    velocity,
)
from defectdiffu.sampling.guidance import SampleRequest, guidance_plan
from defectdiffu.sampling.masks import binary_mask, confidence, iterative_threshold, soft_mask
from defectdiffu.sampling.schedulers import make_scheduler
from defectdiffu.sampling.seeded_noise import philox4x32, seeded_noise, seeded_uniforms

ALPHA_BAR = {
    0: 0.9999, 1: 0.999780092072, 20: 0.993735428572, 41: 0.978868755331, 61: 0.957061103456, 82: 0.926694010417,
    99: 0.897018145675, 100: 0.895141590898, 250: 0.521423030619, 500: 0.077796658365, 750: 0.003300158362,
    999: 0.000040358298,
}  # fmt: skip
SPACED_50 = [
    0, 20, 41, 61, 82, 102, 122, 143, 163, 183, 204, 224, 245, 265, 285, 306, 326, 347, 367, 387, 408, 428, 449, 469,
    489, 510, 530, 550, 571, 591, 612, 632, 652, 673, 693, 714, 734, 754, 775, 795, 816, 836, 856, 877, 897, 917, 938,
    958, 979, 999,
]  # fmt: skip
SEED_0 = [0.991137683, -0.924662590, -0.617608964, -0.482068598]
SEED_LARGE = [1.105550408, -0.881247222, 1.835472822, 0.227395505]
UNIFORMS = {  # (seed, stream): all of a block, more than one, and a seed of more than 32 bits
    (0, 0): [0.39904647076, 0.880520197912, 0.735712784459, 0.605481853825],
    (7, 5000): [0.685212451383, 0.597638256499, 0.679171464755, 0.576085493783, 0.077204391477, 0.7078935873],
    (2**40 + 3, 5000): [0.566185953678, 0.127914516837, 0.896616957965],
}


def test_alpha_bar():
    table = alpha_bar().double()
    assert table.shape == (1000,)
    for t, expected in ALPHA_BAR.items():
        assert table[t].item() == pytest.approx(expected, rel=1e-5), t


@pytest.mark.parametrize("sampler", ["DDPM", "DDIM"])
def test_fifty_spaced_timesteps_end_at_zero(sampler):
    scheduler = make_scheduler(sampler)
    scheduler.set_timesteps(50)
    assert scheduler.timesteps.tolist() == SPACED_50[::-1]


@pytest.mark.parametrize(("steps", "late"), [(10, 1), (20, 2), (25, 3), (50, 5), (100, 10), (250, 25)])
def test_late_evaluations_per_step_count(steps, late):
    scheduler = make_scheduler("DDPM")
    scheduler.set_timesteps(steps)
    assert (scheduler.timesteps < 100).sum() == late


@pytest.mark.parametrize(
    ("t", "cosines", "sines"),
    [
        (500, (-0.883849, 0.945943, 0.998557), (-0.467772, 0.324334, 0.053705)),
        (999, (0.99965, 0.963782, 0.994243), (-0.026461, -0.26669, 0.107147)),
    ],
)
def test_timestep_features_are_cosines_then_sines(t, cosines, sines):
    features = timestep_features(torch.tensor([t]))[0]
    assert features.shape == (256,)
    assert features[[0, 1, 127]].tolist() == pytest.approx(cosines, abs=2e-5)
    assert features[[128, 129, 255]].tolist() == pytest.approx(sines, abs=2e-5)


def test_position_embeddings_put_the_column_first():
    table = sincos_positions(1152, 8)
    at = table[5 * 8 + 3]  # x = 3, y = 5; tokens are row-major
    expected = {
        0: 0.1411200, 1: 0.2338308, 287: 3.09749e-4, 288: -0.9899925, 576: -0.9589243, 577: -0.9915309, 864: 0.2836622,
    }  # fmt: skip
    for index, value in expected.items():
        assert at[index].item() == pytest.approx(value, rel=1e-5), index


@pytest.mark.parametrize(
    ("grey", "threshold"),
    [
        ([0, 0, 0, 0, 1, 1, 2, 10, 11, 12], 5.785714285714286),
        ([-1, -1, -1, -0.9, -0.95, 0.8, 0.9], -0.06),
        ([-0.97, -0.98, -0.99, -0.975], -0.97875),
    ],
)
def test_iterative_threshold(grey, threshold):
    assert iterative_threshold(np.array(grey)) == pytest.approx(threshold, abs=1e-9)


def test_a_nearly_black_soft_mask_gives_an_empty_mask():
    nearly_black = np.array([[-0.97, -0.98], [-0.99, -0.975]])
    assert not binary_mask(nearly_black, 20).any()
    assert binary_mask(nearly_black, 0).any()  # the guard alone decides it
    assert not binary_mask(np.full((4, 4), -1.0), 0).any()  # a flat mask has no foreground, whatever its level
    assert not binary_mask(np.full((4, 4), 0.5), 0).any()


def test_a_bright_but_flat_soft_mask_gives_an_empty_mask():
    noise = np.random.default_rng(0).uniform(0, 0.1, (8, 8))
    assert not binary_mask(noise, 20).any()
    noise[2, 3] = 0.9
    assert binary_mask(noise, 20).sum() == 1


def test_a_bright_spot_becomes_the_mask():
    grey = np.full((8, 8), -0.95)
    grey[2:4, 5:7] = 0.7
    mask = binary_mask(grey, 20)
    assert mask.sum() == 4 and mask[2:4, 5:7].all()


def test_the_confidence_is_the_mean_of_the_soft_mask_inside_the_mask():
    grey = np.array([[1.0, 0.0], [-1.0, -0.5]])
    assert confidence(grey, grey >= 0) == 0.75
    assert confidence(grey, grey > 2) == 0


def test_soft_mask_clamps_before_it_averages_the_colours():
    image = np.array([3.0, -1.0, -1.0]).reshape(3, 1, 1)
    assert soft_mask(image)[0, 0] == pytest.approx(-1 / 3)


@pytest.mark.parametrize(
    ("counter", "key", "words"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_philox_known_answers(counter, key, words):
    parse = lambda text: [int(word, 16) for word in text.split()]  # noqa: E731
    assert philox4x32(np.array([parse(counter)], np.uint32), tuple(parse(key))).tolist() == [parse(words)]


def philox_by_hand(block: int, stream: int, seed: int) -> list[int]:
    low = 0xFFFFFFFF
    c, k = [block, stream, 0, 0], [seed & low, seed >> 32]
    for _ in range(10):
        p, q = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(q >> 32) ^ c[1] ^ k[0], q & low, (p >> 32) ^ c[3] ^ k[1], p & low]
        k = [(k[0] + 0x9E3779B9) & low, (k[1] + 0xBB67AE85) & low]
    return c


@pytest.mark.parametrize(("seed", "stream"), [(0, 0), (42, 3), (2**40 + 7, 1)])
def test_seeded_noise_is_box_muller_over_philox(seed, stream):
    u = [(word + 0.5) / 2**32 for block in range(2) for word in philox_by_hand(block, stream, seed)]
    expected = []
    for u1, u2 in zip(u[0::2], u[1::2], strict=True):
        radius = math.sqrt(-2 * math.log(u1))
        expected += [radius * math.cos(2 * math.pi * u2), radius * math.sin(2 * math.pi * u2)]
    noise = seeded_noise(seed, stream, (1, 2, 3))  # six of the eight values, row-major
    assert noise.dtype == np.float32
    assert noise.reshape(-1).tolist() == pytest.approx(expected[:6], abs=1e-6)


@pytest.mark.parametrize(("seed", "stream"), UNIFORMS)
def test_first_values_of_seeded_uniforms(seed, stream):
    expected = UNIFORMS[seed, stream]
    found = seeded_uniforms(seed, stream, len(expected))
    assert found.dtype == np.float64 and found.tolist() == pytest.approx(expected, abs=1e-11)


def test_first_values_of_seeded_noise():
    assert seeded_noise(0, 0, (4,)).tolist() == pytest.approx(SEED_0, abs=1e-6)
    assert seeded_noise(1234567890123, 2, (4,)).tolist() == pytest.approx(SEED_LARGE, abs=1e-6)


def test_seeded_noise_is_standard_normal_and_differs_by_seed_and_stream():
    noise = seeded_noise(5, 0, (100_000,))
    assert abs(noise.mean()) < 0.01 and abs(noise.std() - 1) < 0.01
    assert len({seeded_noise(s, k, (1,)).item() for s in range(10) for k in range(10)}) == 100


@pytest.mark.parametrize(("w_p", "w_d", "guided"), [(1, 1, 0.9), (1, 2, 1.5), (2, 0.5, 0.8)])
def test_double_free_guidance_on_scalars(w_p, w_d, guided):
    epsilon = {("good", None): 0.1, ("good", "tin"): 0.3, ("dent", None): 0.7}
    request = SampleRequest("tin", "dent", 0, strength=w_d, product_scale=w_p)
    plan = guidance_plan(request, "good")
    assert sum(row.coefficient * epsilon[row.defect, row.product] for row in plan) == pytest.approx(guided)


def test_product_relative_guidance_on_scalars():
    epsilon = {("good", "tin"): 0.3, ("dent", "tin"): 0.8}
    plan = guidance_plan(SampleRequest("tin", "dent", 0, strength=2, guidance="PRODUCT_RELATIVE"), "good")
    assert sum(row.coefficient * epsilon[row.defect, row.product] for row in plan) == pytest.approx(0.3 + 2 * 0.5)


def test_rows_of_coefficient_zero_are_left_out():
    rows = lambda **kwargs: [row[:2] for row in guidance_plan(SampleRequest("tin", "dent", 0, **kwargs), "good")]  # noqa: E731
    assert rows(strength=0, product_scale=1) == [("good", "tin")]
    assert rows(strength=0.5, product_scale=0.5) == [("good", "tin"), ("dent", None)]
    assert rows(strength=1, guidance="PRODUCT_RELATIVE") == [("dent", "tin")]
    good = guidance_plan(SampleRequest("tin", "good", 0, strength=3), "good")
    assert good == [("good", "tin", 1.0)]


def test_an_unknown_guidance_is_refused():
    with pytest.raises(ValueError, match="'FREE', must be DOUBLE_FREE or PRODUCT_RELATIVE"):
        guidance_plan(SampleRequest("tin", "dent", 0, guidance="FREE"), "good")


def test_noise_is_recovered_from_velocity():
    torch.manual_seed(0)
    x0, noise = torch.randn(2, 3, 4, 8, 8, dtype=torch.float64)
    ab = torch.tensor([0.9, 0.4, 0.01], dtype=torch.float64)[:, None, None, None]
    x_t = ab.sqrt() * x0 + (1 - ab).sqrt() * noise
    assert torch.allclose(noise_from_velocity(velocity(x0, noise, ab), x_t, ab), noise, atol=1e-12)
