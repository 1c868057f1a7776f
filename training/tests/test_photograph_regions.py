"""Cells, shifts and noise for a region of a photograph."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from defectdiffu.sampling.photograph import (
    best_shift,
    chosen_cells,
    noised,
    timesteps_within,
)
from defectdiffu.sampling.schedulers import make_scheduler


def test_the_best_shift_moves_the_salience_into_the_region():
    salience = np.zeros((16, 16))
    salience[12:15, 1:4] = 1.0
    cells = np.zeros((16, 16), bool)
    cells[2:6, 8:12] = True
    shift = best_shift(salience, cells)
    assert np.roll(salience, shift, (0, 1))[cells].sum() == salience.sum()


def test_the_shift_is_zero_without_salience_or_if_it_is_in_the_region():
    cells = np.zeros((8, 8), bool)
    cells[2:5, 2:5] = True
    assert best_shift(np.zeros((8, 8)), cells) == (0, 0)
    assert best_shift(cells.astype(float), cells) == (0, 0)


def test_the_chosen_cells_are_the_peak_and_its_neighbours_in_the_allowed_area():
    salience = np.zeros((8, 8))
    salience[3, 3], salience[3, 4], salience[6, 6], salience[0, 7] = 0.9, 0.5, 0.2, 1.0  # the last is not allowed
    allowed = np.ones((8, 8), bool)
    allowed[:, 5:], allowed[2, :] = False, False
    expected = np.zeros((8, 8), bool)
    expected[3:5, 2:5] = True
    assert np.array_equal(chosen_cells(salience, allowed), expected)


def test_the_whole_allowed_area_is_chosen_without_salience():
    allowed = np.zeros((8, 8), bool)
    allowed[1:4] = True
    assert np.array_equal(chosen_cells(np.full((8, 8), 0.05), allowed), allowed)


def test_freedom_is_the_share_of_noise_levels_that_are_visited():
    timesteps = [999, 799, 599, 400, 200, 0]
    assert timesteps_within(timesteps, 1.0) == timesteps
    assert timesteps_within(timesteps, 0.6) == [599, 400, 200, 0]
    assert timesteps_within(timesteps, 0.001) == [0]


def test_a_noised_latent_mixes_latent_and_noise_by_the_schedule():
    known, noise = torch.full((1, 1, 2, 2), 3.0), torch.full((1, 1, 2, 2), -1.0)
    found = noised(known, noise, make_scheduler("DDIM"), 250)
    assert found[0, 0, 0, 0].item() == pytest.approx(0.521423030619**0.5 * 3 - (1 - 0.521423030619) ** 0.5, abs=1e-5)
