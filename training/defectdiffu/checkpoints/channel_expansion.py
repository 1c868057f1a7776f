"""Expands a trained model to more latent channels: it keeps what it has learned, and the new channels hold detail.

The autoencoder's first channels are held to the old ones (`Anchor`) while the new ones learn what those lose. The
denoiser reads nothing from the new channels and predicts nothing in them until its training continues.
"""

from __future__ import annotations

from dataclasses import asdict

import torch
from torch import Tensor

from ..config import AutoencoderConfig
from ..model.autoencoder import SmallAutoencoder
from ..model.training_module import TrainingModule
from .runs import Run, load, save

READ_LATENTS = ("denoiser.x_embedder.proj.weight", "denoiser.stem.conv1.weight")  # [width, C, …]
WRITE_PATCHES = ("denoiser.final_layer.linear", "denoiser.adapt_mask.linear")  # [patch²·C, …], C fastest
MASK_STATISTICS = "denoiser.adapt_mask.latent_"  # [1, C, 1, 1]: of new channels they are measured on the latent cache

HOLD = 0.2  # weight of the distance from the old latents, in their own variances


class Anchor:
    """The autoencoder before its expansion. The first channels are held to its latents. The run stores it."""

    def __init__(self, old: SmallAutoencoder):
        self.old = old.eval()
        self.channels = old.latent_mean.shape[1]

    @torch.no_grad()
    def latents(self, image: Tensor) -> Tensor:
        return self.old.posterior(image)[0].float()

    def distance(self, image: Tensor, mean: Tensor) -> Tensor:
        """Mean square, in old variances, of what the first channels of the posterior's `mean` [B, C, h, w] are off."""
        return ((mean[:, : self.channels] - self.latents(image)) / self.old.latent_std).square().mean()

    def hold_scale(self, expanded: SmallAutoencoder) -> None:
        """Normalises the first channels as the old one did, so that the denoiser sees what it knows."""
        expanded.latent_mean[:, : self.channels] = self.old.latent_mean
        expanded.latent_std[:, : self.channels] = self.old.latent_std

    def save(self, run: Run, config: AutoencoderConfig) -> None:
        save(run.anchor, {"config": asdict(config), "model": self.old.state_dict()})

    @classmethod
    def of(cls, run: Run, device: torch.device) -> Anchor | None:
        """Returns None for a run that was not expanded from another model."""
        if not run.anchor.exists() or not run.denoiser.exists():
            return None
        state = load(run.anchor)
        old = SmallAutoencoder(AutoencoderConfig(**state["config"]))
        old.load_state_dict(state["model"])
        return cls(old.to(device))


@torch.no_grad()
def expanded_autoencoder(old: SmallAutoencoder, config: AutoencoderConfig) -> SmallAutoencoder:
    """Untrained where it has more channels, or other layers at the decoder's end."""
    expanded = SmallAutoencoder(config)
    new, before = expanded.state_dict(), old.state_dict()
    channels, more = old.latent_mean.shape[1], config.latent_channels
    posterior = f"encoder.{len(expanded.encoder) - 1}"  # its outputs: means, then log variances
    for name, tensor in before.items():
        if name in (f"{posterior}.weight", f"{posterior}.bias"):
            mean, log_variance = tensor.chunk(2)
            new[name][:channels], new[name][more : more + channels] = mean, log_variance
        elif name == "decoder.0.weight":
            new[name][:, :channels] = tensor
        elif name in new and new[name].shape == tensor.shape:
            new[name].copy_(tensor)
    return expanded


@torch.no_grad()
def with_old_weights(module: TrainingModule, old: TrainingModule) -> TrainingModule:
    """With the old weights; what is longer than the old ones keeps its initial values at the end. With more latent
    channels it computes at first what the old one does in the first of them, and 0 (of v, or of the noise) in the rest.
    """
    channels, patch = old.denoiser.config.latent_channels, old.denoiser.config.patch_size
    state = module.state_dict()
    for name, tensor in old.state_dict().items():
        target = state[name]
        if name in READ_LATENTS and target.shape != tensor.shape:
            target.zero_()
            target[:, :channels] = tensor
        elif name.rpartition(".")[0] in WRITE_PATCHES and target.shape != tensor.shape:
            target.zero_()
            target.unflatten(0, (patch**2, -1))[:, :channels] = tensor.unflatten(0, (patch**2, -1))
        elif name.startswith(MASK_STATISTICS):
            target[:, :channels] = tensor
        else:
            target[: len(tensor)] = tensor
    return module
