"""Draws samples with guided noise (guidance.py) and diffusers' samplers: the reference for the service's engine."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..config import PromptConfig
from ..model.adapter import NO_ADAPTER, Adapter, changes_of
from ..model.autoencoder import ImageAutoencoder
from ..model.components import DenoiserComponent
from ..model.mask_decoder import MaskDecoder
from ..model.noise_schedule import TRAIN_STEPS
from ..model.tdia import TDIA, Rows
from ..model.text_encoder import Prompts
from ..model.training_module import TrainingModule
from ..model.turbo_modulation import TurboModulation
from ..model.turbo_steps import STUDENT_STEPS
from .guidance import TURBO, PlanRow, SampleRequest, guidance_plan
from .masks import binary_mask, confidence, soft_mask, uncertain_border
from .schedulers import ddpm_step, make_scheduler
from .seeded_noise import seeded_noise
from .turbo import TurboStep, turbo_modulations, turbo_step

LATE_TIMESTEP = 100  # mask features of evaluations below it are averaged
MINIMUM_PEAK = 20.0


@dataclass(frozen=True)
class Sample:
    image: np.ndarray  # uint8 [H, W, 3]
    mask: np.ndarray  # bool [H, W]
    soft: np.ndarray  # float [H, W] in [-1, 1]
    latent: np.ndarray  # float32 [C, h, w]
    confidence: float  # of the mask module in the mask, 0 … 1
    ignore: np.ndarray  # bool [H, W]: neither clearly defect nor clearly normal


class Generator:
    """A trained model that draws samples: denoiser, text encoder, autoencoder and prompt wording.

    `adapters`: those of products that adapters draw, by the product's name. One call draws samples of all of them.
    """

    def __init__(
        self,
        module: TrainingModule,
        autoencoder: ImageAutoencoder,
        prompts: PromptConfig,
        device: torch.device,
        adapters: dict[str, Adapter] | None = None,
        turbo: TurboModulation | None = None,
        mask_decoder: MaskDecoder | None = None,
    ):
        self.turbo, self.mask_decoder = turbo, mask_decoder
        self.adapters = list(dict.fromkeys((adapters or {}).values()))
        self._adapter_of = {product: self.adapters.index(each) for product, each in (adapters or {}).items()}
        self.denoiser: TDIA = module.denoiser
        self.component = DenoiserComponent(self.denoiser).to(device)
        self.text, self.autoencoder, self.device = module.text, autoencoder, device
        self.prompts = Prompts(prompts)
        self.normal = prompts.normal

    @torch.no_grad()
    def draw(self, requests: list[SampleRequest]) -> list[Sample]:
        """Draws every request; sampler and steps must be the same within one call."""
        return self._finish(*self._denoise(requests), requests[0].sampler)

    @torch.no_grad()
    def mask_features(self, requests: list[SampleRequest]) -> Tensor:
        """What the masks of `draw` are decoded from, [B, C, h, w]."""
        return self._denoise(requests)[1]

    def _denoise(self, requests: list[SampleRequest]) -> tuple[Tensor, Tensor, list[list[PlanRow]]]:
        """x_0, the mean of the late mask features, and the rows of each sample."""
        sampler, steps = requests[0].sampler, requests[0].steps
        if any((r.sampler, r.steps) != (sampler, steps) for r in requests):
            raise ValueError("requests of one call must share sampler and steps")
        if sampler == TURBO:
            self.require_turbo(steps)
        least, most = (2, TRAIN_STEPS) if sampler in ("DDIM", "DDPM") else (1, TRAIN_STEPS - 1)
        if not least <= steps <= most:  # DPM-Solver++ never visits t = 0; the others end there and must begin elsewhere
            raise ValueError(f"steps is {steps}, must be {least} to {most} for {sampler}")
        for request in requests:
            for name in ("strength", "product_scale"):
                if not 0 <= getattr(request, name) < math.inf:
                    raise ValueError(f"{name} is {getattr(request, name)}, must be a number from 0")
        config = self.denoiser.config
        shape = (config.latent_channels, config.latent_size, config.latent_size)
        x = torch.from_numpy(np.stack([seeded_noise(r.seed, 0, shape) for r in requests])).to(self.device)
        plans = [guidance_plan(r, self.normal) for r in requests]
        rows = self.rows(plans, [r.product for r in requests])
        row_sample = rows.background_sample[rows.row_background]
        coefficients = [row.coefficient for plan in plans for row in plan]
        weights = torch.tensor(coefficients, device=self.device)[:, None, None, None]
        defect_row = self.defect_rows(plans)
        scheduler = make_scheduler(sampler, config.learn_sigma)
        scheduler.set_timesteps(steps)
        features, evaluations = torch.zeros_like(x), 0
        timesteps = scheduler.timesteps.tolist()
        for i, t in enumerate(timesteps):
            turbo = turbo_step(requests, self.normal, timesteps, i)
            noise, variance, feature = self.evaluate(x, t, rows, turbo)
            guided = torch.zeros_like(x).index_add_(0, row_sample, weights * noise)
            if t < LATE_TIMESTEP or i == len(timesteps) - 1:
                features, evaluations = features + feature[defect_row], evaluations + 1
            x = self._step(scheduler, sampler, guided, variance, defect_row, t, i, x, requests)
        return x, features / evaluations, plans

    def decode_masks(self, features: Tensor, sampler: str) -> np.ndarray:
        """Mask features [B, C, h, w] → soft masks [B, H, W] in [-1, 1]. The student's have a decoder of their own, if
        there is one: where steps are few, the image decoder counts."""
        decode = self.mask_decoder if self.mask_decoder and sampler == TURBO else self.autoencoder.decode
        return soft_mask(decode(features).float().cpu().numpy())

    @property
    def has_student(self) -> bool:
        return self.turbo is not None

    def require_turbo(self, steps: int) -> None:
        """Raises ValueError when there is no student, or when it does not know that many steps."""
        if not self.has_student:
            raise ValueError("sampler is 'TURBO', which needs a student; this model has none")
        if steps not in STUDENT_STEPS:
            raise ValueError(f"steps is {steps}, must be one of {', '.join(map(str, STUDENT_STEPS))} for TURBO")

    def evaluate(
        self, x: Tensor, t: int, rows: Rows, turbo: TurboStep | None = None
    ) -> tuple[Tensor, Tensor | None, Tensor]:
        """noise, variance if sigma is learned, and mask feature of every row; x [B, C, h, w], all at step t."""
        timestep = torch.full((len(x),), t, device=self.device)
        if turbo is not None:
            assert self.turbo is not None  # `require_turbo`
            modulations = turbo_modulations(self.turbo, timestep, rows, turbo)
            noise, feature, *variance = self.component.evaluate_modulated(x, timestep, rows, modulations)
            return noise, variance[0] if variance else None, feature
        changes = changes_of(self.adapters, timestep, rows)
        noise, feature, *variance = self.component.evaluate(x, timestep, rows, changes)
        return noise, variance[0] if variance else None, feature

    def _step(
        self, scheduler, sampler: str, guided: Tensor, variance, defect_row, t: int, i: int, x: Tensor, requests
    ) -> Tensor:
        if sampler != "DDPM":
            return scheduler.step(guided, t, x).prev_sample
        output = torch.cat([guided, variance[defect_row]], 1) if variance is not None else guided
        noise = torch.from_numpy(np.stack([seeded_noise(r.seed, 1 + i, x.shape[1:]) for r in requests])).to(self.device)
        return ddpm_step(scheduler, output, t, x, noise)

    def rows(self, plans: list[list[PlanRow]], products: list[str]) -> Rows:
        """Rows of several samples, whose products are `products`; within a sample, rows of one background phrase share
        a background row."""
        background_sample: list[int] = []
        row_background: list[int] = []
        background: list[str] = []
        defect: list[str] = []
        fusion: list[str] = []
        for sample, plan in enumerate(plans):
            first = {}
            for row in plan:
                phrase, *others = self.prompts.of(row.defect, row.product)
                if phrase not in first:
                    first[phrase] = len(background_sample)
                    background_sample.append(sample)
                    background.append(phrase)
                row_background.append(first[phrase])
                defect.append(others[0])
                fusion.append(others[1])
        adapter = [self._adapter_of.get(product, NO_ADAPTER) for product in products]
        of_background = [adapter[sample] for sample in background_sample]
        of_row = [of_background[u] for u in row_background]
        return Rows(
            torch.tensor(background_sample, device=self.device),
            self._texts(of_background, background),
            torch.tensor(row_background, device=self.device),
            self._texts(of_row, defect),
            self._texts(of_row, fusion),
            torch.tensor(adapter, device=self.device),
        )

    def _texts(self, adapters: list[int], phrases: list[str]) -> Tensor:
        """The embedding of each row's phrase, by the row's adapter or else by the text encoder."""
        table: dict[tuple[int, str], Tensor] = {}
        for index in set(adapters):
            own = list(dict.fromkeys(p for a, p in zip(adapters, phrases, strict=True) if a == index))
            encoder = self.text if index == NO_ADAPTER else self.adapters[index]
            table |= {(index, p): text for p, text in zip(own, encoder.encode(own), strict=True)}
        return torch.stack([table[key] for key in zip(adapters, phrases, strict=True)])

    def defect_rows(self, plans: list[list[PlanRow]]) -> Tensor:
        """The row of each sample that carries the defect, or else the heaviest one (its sigma is used)."""
        rows, start = [], 0
        for plan in plans:
            carries = [i for i, row in enumerate(plan) if row.defect != self.normal]
            heaviest = max(range(len(plan)), key=lambda i: abs(plan[i].coefficient))
            rows.append(start + (carries[0] if carries else heaviest))
            start += len(plan)
        return torch.tensor(rows, device=self.device)

    def _finish(self, x: Tensor, features: Tensor, plans: list[list[PlanRow]], sampler: str) -> list[Sample]:
        images = self.autoencoder.decode(x).float().cpu().numpy()
        soft_masks = self.decode_masks(features, sampler)
        samples = []
        for i, plan in enumerate(plans):
            grey = soft_masks[i]
            carries = any(row.defect != self.normal for row in plan)
            mask = binary_mask(grey, MINIMUM_PEAK) if carries else np.zeros(grey.shape, bool)
            pixels = ((images[i] / 2 + 0.5).clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
            latent, ignore = x[i].cpu().numpy(), uncertain_border(grey, mask)
            samples.append(Sample(pixels, mask, grey, latent, confidence(grey, mask), ignore))
        return samples
