"""Features that images are compared by: published networks if the user gives them, otherwise a network trained here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import ResNetConfig, ResNetForImageClassification

from .distances import unit_layers
from .fitting import Report, fit

BATCH = 32


class Features(NamedTuple):
    pooled: np.ndarray  # float64 [n, D]: for the Fréchet and kernel distances
    perceptual: Tensor  # [n, F]: squared distances are LPIPS-like (distances.unit_layers)


class FeatureNetwork(NamedTuple):
    """Names of the figures. FID, KID and LPIPS are reserved for the published weights."""

    frechet: str
    kernel: str
    perceptual: str
    pooled_of: Callable[[Tensor], Tensor]
    perceptual_of: Callable[[Tensor], Tensor]

    @torch.no_grad()
    def features(self, images: np.ndarray) -> Features:
        """uint8 [n, S, S, 3]."""
        pooled, perceptual = [], []
        for start in range(0, len(images), BATCH):
            batch = as_tensor(images[start : start + BATCH])
            pooled.append(self.pooled_of(batch).double().numpy())
            perceptual.append(self.perceptual_of(batch))
        return Features(np.concatenate(pooled), torch.cat(perceptual))


def as_tensor(images: np.ndarray) -> Tensor:
    """uint8 [n, S, S, 3] → float [n, 3, S, S] in [-1, 1]."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1


def small_resnet(classes: int) -> ResNetForImageClassification:
    config = ResNetConfig(  # type: ignore[call-arg]
        embedding_size=32, hidden_sizes=[32, 64, 96], depths=[1, 2, 1], layer_type="basic", num_labels=classes
    )
    return ResNetForImageClassification(config)


def train_classifier(
    images: np.ndarray, labels: np.ndarray, steps: int, seed: int, report: Report = lambda done, total: None
) -> ResNetForImageClassification:
    """Trains a small ResNet on uint8 [n, S, S, 3] with classes int64 [n], drawn equally often. In eval mode."""
    torch.manual_seed(seed)
    rng = np.random.default_rng((seed, 21))
    model = small_resnet(int(labels.max()) + 1).train()
    members = [np.flatnonzero(labels == c) for c in np.unique(labels)]

    def loss_of_batch() -> Tensor:
        chosen = np.array([rng.choice(members[c]) for c in rng.integers(len(members), size=BATCH)])
        (batch,) = mirrored([as_tensor(images[chosen])], -1, rng)
        return F.cross_entropy(model(batch).logits.float(), torch.from_numpy(labels[chosen]), label_smoothing=0.05)

    fit(model, 2e-3, 0.01, steps, loss_of_batch, report)
    return model.eval()


@torch.no_grad()
def balanced_accuracy(model: ResNetForImageClassification, images: np.ndarray, labels: np.ndarray) -> float:
    """On uint8 [n, S, S, 3] with classes int64 [n], with equal weights of the classes that occur."""
    starts = range(0, len(images), BATCH)
    predicted = [model(as_tensor(images[i : i + BATCH])).logits.argmax(1).numpy() for i in starts]
    right = np.concatenate(predicted) == labels
    return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


def mirrored(batches: list[Tensor], axis: int, rng: np.random.Generator) -> list[Tensor]:
    """Mirrors each image along the axis with probability ½, together with its entries in the other batches."""
    flip = torch.from_numpy(rng.random(len(batches[0])) < 0.5)[:, None, None, None]
    return [torch.where(flip, batch.flip(axis), batch) for batch in batches]


def own_network(classifier: ResNetForImageClassification) -> FeatureNetwork:
    """Has names of its own, because its figures compare only with those of the same network."""

    def pooled(batch: Tensor) -> Tensor:
        return classifier.resnet(batch).pooler_output.flatten(1)

    def perceptual(batch: Tensor) -> Tensor:
        return unit_layers(list(classifier.resnet(batch, output_hidden_states=True).hidden_states))

    return FeatureNetwork("Fréchet distance", "kernel distance", "perceptual diversity", pooled, perceptual)


def published_network(inception: Path, lpips: Path) -> FeatureNetwork:
    """The TorchScript files that StyleGAN's metrics publish: `inception-2015-12-05.pt` and `vgg16.pt`.

    Raises ValueError if a file is not TorchScript or its outputs have another form.
    """
    inception_net, lpips_net = _scripted(inception), _scripted(lpips)

    def pooled(batch: Tensor) -> Tensor:
        return inception_net(_bytes(batch), return_features=True)

    def perceptual(batch: Tensor) -> Tensor:
        return lpips_net(_bytes(batch).float(), resize_images=False, return_lpips=True)

    probe = torch.zeros(1, 3, 64, 64)
    for path, net in ((inception, pooled), (lpips, perceptual)):
        try:
            answer = net(probe)
        except RuntimeError as error:
            raise ValueError(f"{path}: does not answer as the published file does: {error}") from None
        if answer.ndim != 2:
            raise ValueError(f"{path}: gives a tensor of shape {list(answer.shape)}, must be [n, features]")
    return FeatureNetwork("FID", "KID", "LPIPS", pooled, perceptual)


def _scripted(path: Path) -> nn.Module:
    try:
        return torch.jit.load(str(path), map_location="cpu").eval()
    except (RuntimeError, ValueError) as error:
        raise ValueError(f"{path}: cannot be read as TorchScript: {error}") from None


def _bytes(batch: Tensor) -> Tensor:
    """[-1, 1] → uint8 0…255, the input of the published files."""
    return ((batch + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
