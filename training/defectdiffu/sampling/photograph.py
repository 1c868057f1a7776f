"""Draws defects on a photograph of a good part: its latent is noised, then denoised inside a region only.

Per step, the latent outside the region is the photograph's, noised to the same level (RePaint, Lugmayr et al. 2022,
with the noise that the sample began with, so that a deterministic sampler keeps it exactly). Where a defect arises
depends on the initial noise, so a probe pass of two steps finds where this noise draws it, and the noise is rolled
to put it into the region. composition.py composes the pixels. This is the reference for the service's engine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from .composition import Composition, MaskConvention, compose
from .generator import LATE_TIMESTEP, Generator
from .guidance import TURBO, SampleRequest, guidance_plan
from .schedulers import make_scheduler
from .seeded_noise import seeded_noise
from .turbo import turbo_step

PROBE_STEPS = 2
PROBE_STRENGTH = 2.0  # of the probe pass only, so that a sweep over strengths draws its defects in one place
DEFAULT_DENOISING_STRENGTH = 0.8
MIN_SALIENCE = 0.1  # of a cell that the model itself would choose, of 0 … 1
ROUNDING = 1e-6  # a sum counts as larger only by more than this
OWN_REGION_MARGIN = 1  # cells added around a region that the model chose


@dataclass(frozen=True)
class Photograph:
    """A window of a photograph, of the model's size, and the region that may change."""

    image: np.ndarray  # uint8 [S, S, 3]
    region: np.ndarray  # bool [S, S]
    #: Whether the defect may lie anywhere in the region (an allowed area), so that the model chooses a part of it.
    choose: bool = False
    denoising_strength: float = (
        DEFAULT_DENOISING_STRENGTH  # share of the noise levels to denoise, greater than 0, at most 1
    )
    convention: MaskConvention = MaskConvention.CHANGE


@dataclass(frozen=True)
class PhotographSample:
    before: np.ndarray  # uint8 [S, S, 3]: the photograph
    image: np.ndarray  # uint8 [S, S, 3]; the photograph's own bytes outside the region
    mask: np.ndarray  # bool [S, S], within the region
    region: np.ndarray  # bool [S, S]: the region that could change
    composition: Composition


@torch.no_grad()
def draw_on_photographs(
    generator: Generator, photographs: list[Photograph], requests: list[SampleRequest]
) -> list[PhotographSample]:
    """One sample per photograph; sampler, steps and denoising strength must be the same within one call."""
    first = photographs[0]
    if any(p.denoising_strength != first.denoising_strength for p in photographs) or any(
        (r.sampler, r.steps) != (requests[0].sampler, requests[0].steps) for r in requests
    ):
        raise ValueError("photographs of one call must share sampler, steps and denoising_strength")
    if requests[0].sampler == "DDPM":  # takes new noise at every step; outside the region it is always the first
        raise ValueError("sampler is 'DDPM', must be DDIM, DPM_SOLVER_PP or TURBO on a photograph")
    if requests[0].sampler == TURBO:
        generator.require_turbo(requests[0].steps)
    if not 0 < first.denoising_strength <= 1:
        raise ValueError(f"denoising_strength is {first.denoising_strength}, must be above 0 and at most 1")
    for photograph in photographs:
        if not photograph.region.any():
            raise ValueError("region is empty: nothing may change")
    pictures = np.stack([p.image for p in photographs]).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
    known = generator.autoencoder.encode(torch.from_numpy(pictures).to(generator.device)).float()
    noise = np.stack([seeded_noise(r.seed, 0, tuple(known.shape[1:])) for r in requests])
    salience = _probe(generator, known, torch.from_numpy(noise).to(generator.device), requests)
    free = []
    for i, photograph in enumerate(photographs):
        cells = cells_of(photograph.region, known.shape[-1])
        shift = best_shift(salience[i], cells)
        noise[i] = np.roll(noise[i], shift, (1, 2))
        free.append(chosen_cells(np.roll(salience[i], shift, (0, 1)), cells) if photograph.choose else cells)
    inside = torch.from_numpy(np.stack(free)[:, None]).to(generator.device)
    latent, feature = denoise_inside(
        generator, known, torch.from_numpy(noise).to(generator.device), requests, first.denoising_strength, inside
    )
    decode = lambda z: generator.autoencoder.decode(z).float().cpu().numpy()  # noqa: E731
    drawn, kept, soft = decode(latent), decode(known), generator.decode_masks(feature, requests[0].sampler)
    samples = []
    for i, photograph in enumerate(photographs):
        region = photograph.region & upsampled(free[i], photograph.region.shape[0])
        carries = any(row.defect != generator.normal for row in guidance_plan(requests[i], generator.normal))
        grey = soft[i] if carries else np.full(region.shape, -1.0)  # normal, or strength 0: nothing to mark
        composition = compose(photograph.image, drawn[i], kept[i], grey, region, photograph.convention)
        samples.append(PhotographSample(photograph.image, composition.image, composition.mask, region, composition))
    return samples


def draw_on_twins(
    generator: Generator, requests: list[SampleRequest], denoising_strength: float = DEFAULT_DENOISING_STRENGTH
) -> list[PhotographSample]:
    """Draws each defect on the sample's own normal twin, which the same seed gives, where this noise puts the defect.

    Only the defect differs from the normal image. Sampler and steps are as for draw_on_photographs.
    """
    normal = [replace(request, strength=0.0, guidance="DOUBLE_FREE") for request in requests]  # the one that knows w_p
    twins = generator.draw(normal)
    everywhere = np.ones(twins[0].mask.shape, bool)
    photographs = [
        Photograph(twin.image, everywhere, choose=True, denoising_strength=denoising_strength) for twin in twins
    ]
    return draw_on_photographs(generator, photographs, requests)


def cells_of(region: np.ndarray, cells: int) -> np.ndarray:
    """bool [S, S] → bool [h, w]: the latent cells that the region touches."""
    scale = region.shape[0] // cells
    return np.asarray(region.reshape(cells, scale, cells, scale).any((1, 3)))


def upsampled(cells: np.ndarray, size: int) -> np.ndarray:
    """bool [h, w] → bool [S, S]: every pixel of the cells."""
    return cells.repeat(size // cells.shape[0], 0).repeat(size // cells.shape[1], 1)


def best_shift(salience: np.ndarray, cells: np.ndarray) -> tuple[int, int]:
    """The roll (rows, columns) that brings the most salience into the cells; the first of equals, in row order."""
    best, most = (0, 0), -1.0
    for dy in range(cells.shape[0]):
        for dx in range(cells.shape[1]):
            there = float(np.roll(salience, (dy, dx), (0, 1))[cells].sum())
            if there > most + ROUNDING:
                best, most = (dy, dx), there
    return best


def chosen_cells(salience: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """The allowed cells where the model would draw the defect, and their neighbours; or all, if it shows none."""
    shown = np.where(allowed, salience, 0)
    peak = float(shown.max())
    if peak < MIN_SALIENCE:
        return allowed
    core = shown >= max(MIN_SALIENCE, peak / 4)
    padded = np.pad(core, OWN_REGION_MARGIN)
    height, width = core.shape
    span = range(2 * OWN_REGION_MARGIN + 1)
    near = np.any([padded[y : y + height, x : x + width] for y in span for x in span], axis=0)
    return near & allowed


def _probe(generator: Generator, known: Tensor, noise: Tensor, requests: list[SampleRequest]) -> np.ndarray:
    """The salience of the defect that this noise would draw, float [B, h, w] of 0 … 1."""
    sampler = TURBO if requests[0].sampler == TURBO else "DPM_SOLVER_PP"
    probes = [replace(request, strength=PROBE_STRENGTH, steps=PROBE_STEPS, sampler=sampler) for request in requests]
    everywhere = torch.ones_like(known[:, :1], dtype=torch.bool)
    _, feature = denoise_inside(generator, known, noise, probes, 1.0, everywhere)
    soft = generator.decode_masks(feature, sampler)
    cells = known.shape[-1]
    scale = soft.shape[-1] // cells
    return ((soft.astype(np.float64) + 1) / 2).reshape(len(soft), cells, scale, cells, scale).mean((2, 4))


def denoise_inside(
    generator: Generator,
    known: Tensor,
    noise: Tensor,
    requests: list[SampleRequest],
    denoising_strength: float,
    inside: Tensor,
) -> tuple[Tensor, Tensor]:
    """x_0 and the mean of the late mask features [B, C, h, w]; `inside` [B, 1, h, w] is the region to denoise."""
    plans = [guidance_plan(request, generator.normal) for request in requests]
    rows = generator.rows(plans, [request.product for request in requests])
    row_sample = rows.background_sample[rows.row_background]
    weights = torch.tensor([r.coefficient for plan in plans for r in plan], device=known.device)[:, None, None, None]
    carriers = generator.defect_rows(plans)
    scheduler = make_scheduler(requests[0].sampler, False)
    scheduler.set_timesteps(requests[0].steps)
    timesteps = timesteps_within(scheduler.timesteps.tolist(), denoising_strength)
    if not timesteps:
        raise ValueError(
            f"denoising_strength {denoising_strength} leaves none of {requests[0].steps} steps; raise either"
        )
    x = noised(known, noise, scheduler, timesteps[0])
    features, evaluations = torch.zeros_like(x), 0
    for i, t in enumerate(timesteps):
        turbo = turbo_step(requests, generator.normal, timesteps, i)
        epsilon, _, feature = generator.evaluate(x, t, rows, turbo)
        guided = torch.zeros_like(x).index_add_(0, row_sample, weights * epsilon)
        if t < LATE_TIMESTEP or i == len(timesteps) - 1:
            features, evaluations = features + feature[carriers], evaluations + 1
        x = scheduler.step(guided, t, x).prev_sample
        last = i == len(timesteps) - 1
        x = torch.where(inside, x, known if last else noised(known, noise, scheduler, timesteps[i + 1]))
    return x, features / evaluations


def timesteps_within(timesteps: list[int], denoising_strength: float) -> list[int]:
    """The sampler's timesteps up to the denoising strength, which is a share of the noisiest timestep."""
    return [t for t in timesteps if t <= denoising_strength * timesteps[0]]


def noised(known: Tensor, noise: Tensor, scheduler, t: int) -> Tensor:
    """√ᾱ_t·x_0 + √(1-ᾱ_t)·ε"""
    ab = scheduler.alphas_cumprod[t]
    return ab.sqrt() * known + (1 - ab).sqrt() * noise
