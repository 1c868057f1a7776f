"""What is optimised: the denoiser and, where it is trained from scratch, the text encoder."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from .bank import Bank
from .conditions import drop_conditions
from .config import TrainingConfig
from .diffusion import alpha_bar, noise_from_velocity, stratified_timesteps, timestep_density, velocity
from .layout import GOOD
from .loss import Losses, defect_diffusion_loss
from .tdia import TDIA, Prediction, Rows
from .text import Prompts, TextEncoder, build_text_encoder
from .variance_loss import variance_loss
from .vocabulary import Vocabulary


class Trainee(nn.Module):
    def __init__(self, denoiser: TDIA, text: TextEncoder):
        super().__init__()
        self.denoiser, self.text = denoiser, text

    def forward(self, input_ids: Tensor, phrases: Tensor, latent: Tensor, timestep: Tensor) -> Prediction:
        """`phrases` [3, B] indexes the rows of input_ids: background, defect and fusion phrase of each sample."""
        background, defect, fusion = self.text(input_ids)[phrases]
        each = torch.arange(len(latent), device=latent.device)
        return self.denoiser(latent, timestep, Rows(each, background, each, defect, fusion))


def build_trainee(config: TrainingConfig, vocabulary: Vocabulary, tokenizer: Tokenizer | None = None) -> Trainee:
    """Untrained weights; `tokenizer` is a saved one, else it is made from the vocabulary."""
    phrases = Prompts(config.prompts).every(vocabulary.products, vocabulary.defects)
    return Trainee(TDIA(config.denoiser), build_text_encoder(config.text, phrases, tokenizer))


class Batch(NamedTuple):
    phrases: Tensor  # int64 [3, B]
    latent: Tensor  # x_t
    timestep: Tensor
    target: Tensor  # noise or v
    mask_latent: Tensor  # normalised
    mask: Tensor  # soft, latent grid
    x0: Tensor


class BatchMaker:
    """Turns drawn windows into a batch. All chance follows from (seed, step): a resumed run goes on as it was."""

    def __init__(self, config: TrainingConfig, bank: Bank, denoiser: TDIA):
        self.config, self.bank = config, bank
        prompts = Prompts(config.prompts)
        vocabulary = bank.vocabulary
        self.phrases = prompts.every(vocabulary.products, vocabulary.defects)
        index = {phrase: i for i, phrase in enumerate(self.phrases)}
        pairs = [(d, p) for d in (GOOD, *vocabulary.defects) for p in (*vocabulary.products, None)]
        self._phrases = {pair: [index[phrase] for phrase in prompts.of(*pair)] for pair in pairs}
        self.alpha_bar = alpha_bar()
        self.timestep_density = timestep_density(config.loss)
        # Batches are made on the CPU, wherever the denoiser is.
        self.mask_mean, self.mask_std = (part.cpu() for part in denoiser.adapt_mask.statistics)
        self.black = self._normalised(bank.black[None])

    def make(self, indices: np.ndarray, step: int) -> Batch:
        config, bank = self.config, self.bank
        rng = np.random.default_rng((config.seed, 5, step))
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
        chosen = torch.from_numpy(indices)
        pairs = [bank.pairs[i] for i in bank.pair[chosen].tolist()]
        defective = np.array([d != GOOD for _, d in pairs])
        null, made_good = drop_conditions(defective, config.loss.drop_product, config.loss.drop_defect, rng)
        products = [None if n else p for (p, _), n in zip(pairs, null, strict=True)]
        defects = [GOOD if g else d for (_, d), g in zip(pairs, made_good, strict=True)]
        phrases = torch.tensor([self._phrases[pair] for pair in zip(defects, products, strict=True)]).T
        x0 = bank.latent[chosen].float()
        timestep = stratified_timesteps(len(indices), generator, self.timestep_density)
        ab = self.alpha_bar[timestep][:, None, None, None]
        noise = torch.randn(x0.shape, generator=generator)
        x_t = ab.sqrt() * x0 + (1 - ab).sqrt() * noise
        target = velocity(x0, noise, ab) if config.denoiser.prediction == "v" else noise
        # A sample shown as "good" has a black mask and no defect term, as a normal image has (method: new training).
        hidden = torch.from_numpy(made_good)[:, None, None]
        mask = torch.where(hidden, 0.0, bank.mask[chosen].float())
        normalised = self._normalised(bank.mask_latent[chosen].float())
        mask_latent = torch.where(hidden[..., None], self.black, normalised)
        return Batch(phrases, x_t, timestep, target, mask_latent, mask, x0)

    def _normalised(self, mask_latent: Tensor) -> Tensor:
        return (mask_latent - self.mask_mean) / self.mask_std

    def loss(self, prediction: Prediction, batch: Batch, grid: int) -> Losses:
        """Eq. 11, plus the variational bound of the variance where sigma is learned."""
        output = prediction.output.float()
        table = self.alpha_bar.to(output.device)
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
