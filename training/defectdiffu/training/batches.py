"""Turns windows of the latent cache into the batches of a training step, and predictions into the loss."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..config import TrainingConfig
from ..data.layout import GOOD
from ..model.noise_schedule import alpha_bar, noise_from_velocity, stratified_timesteps, timestep_density, velocity
from ..model.tdia import TDIA, Prediction
from ..model.text_encoder import Prompts
from .condition_dropout import drop_conditions
from .latent_cache import LatentCache
from .loss import Losses, defect_diffusion_loss
from .variance_loss import variance_loss


class Batch(NamedTuple):
    phrases: Tensor  # int64 [3, B]
    latent: Tensor  # x_t
    timestep: Tensor
    target: Tensor  # noise or v
    mask_latent: Tensor  # normalised
    mask: Tensor  # soft, latent grid
    x0: Tensor


class BatchBuilder:
    """Turns drawn windows into a batch, on the latent cache's device.

    All chance follows from (seed, step): a resumed run continues as it was.
    """

    def __init__(self, config: TrainingConfig, cache: LatentCache, denoiser: TDIA):
        self.config, self.cache = config, cache
        self.device = cache.latent.device
        prompts = Prompts(config.prompts)
        vocabulary = cache.vocabulary
        self.phrases = prompts.every(vocabulary.products, vocabulary.defects)
        index = {phrase: i for i, phrase in enumerate(self.phrases)}
        defects, products = [GOOD, *vocabulary.defects], [*vocabulary.products, None]
        self._phrases = np.array([[[index[phrase] for phrase in prompts.of(d, p)] for p in products] for d in defects])
        self._defect = np.array([defects.index(d) for _, d in cache.pairs])  # of each pair
        self._product = np.array([products.index(p) for p, _ in cache.pairs])
        self._null = len(products) - 1
        self._pair = cache.pair.cpu().numpy()  # of each window
        self.alpha_bar = alpha_bar().to(self.device)
        self.timestep_density = timestep_density(config.loss)
        self.mask_mean, self.mask_std = (part.to(self.device) for part in denoiser.adapt_mask.statistics)
        self.black = self._normalised(cache.black[None])

    def make(self, indices: np.ndarray, step: int) -> Batch:
        config, cache, device = self.config, self.cache, self.device
        rng = np.random.default_rng((config.seed, 5, step))
        seed = config.seed * 1_000_003 + step
        generator = torch.Generator().manual_seed(seed)
        pair = self._pair[indices]
        defect, product = self._defect[pair], self._product[pair]
        null, made_good = drop_conditions(defect > 0, config.loss.drop_product, config.loss.drop_defect, rng)
        shown = np.where(made_good, 0, defect), np.where(null, self._null, product)
        phrases = torch.from_numpy(np.ascontiguousarray(self._phrases[shown].T)).to(device)
        timestep = stratified_timesteps(len(indices), generator, self.timestep_density).to(device)
        chosen = torch.from_numpy(indices).to(device)
        x0 = cache.latent[chosen].float()
        ab = self.alpha_bar[timestep][:, None, None, None]
        of_noise = generator if device.type == "cpu" else torch.Generator(device).manual_seed(seed)
        noise = torch.randn(x0.shape, generator=of_noise, device=device)
        x_t = ab.sqrt() * x0 + (1 - ab).sqrt() * noise
        target = velocity(x0, noise, ab) if config.denoiser.prediction == "v" else noise
        # A sample shown as "good" has a black mask and no defect term, as a normal image has (method: new training).
        hidden = torch.from_numpy(made_good).to(device)[:, None, None]
        mask = torch.where(hidden, 0.0, cache.mask[chosen].float())
        normalised = self._normalised(cache.mask_latent[chosen].float())
        mask_latent = torch.where(hidden[..., None], self.black, normalised)
        return Batch(phrases, x_t, timestep, target, mask_latent, mask, x0)

    def _normalised(self, mask_latent: Tensor) -> Tensor:
        return (mask_latent - self.mask_mean) / self.mask_std

    def loss(self, prediction: Prediction, batch: Batch, grid: int) -> Losses:
        """Eq. 11, plus the variational bound of the variance where sigma is learned."""
        output = prediction.output.float()
        table = self.alpha_bar
        losses = defect_diffusion_loss(
            output,
            batch.target,
            prediction.mask_feature.float(),
            batch.mask_latent,
            prediction.attention.float(),
            batch.mask,
            table[batch.timestep],
            grid,
            self.config.loss,
        )
        if prediction.variance is None:
            return losses
        ab = table[batch.timestep][:, None, None, None]
        noise = noise_from_velocity(output, batch.latent, ab) if self.config.denoiser.prediction == "v" else output
        bound = variance_loss(batch.x0, batch.latent, batch.timestep, noise, prediction.variance.float(), table)
        return losses._replace(total=losses.total + bound.mean())
