"""The independent segmenter: a UNet that is trained on real photographs only marks the defects in samples."""

from __future__ import annotations

import numpy as np

from .downstream import with_weights
from .fitting import Report
from .generated_samples import GeneratedSamples
from .real_windows import Windows, join
from .segmentation_figures import mask_iou
from .segmenter import UNet, probabilities, train_segmenter

FOUND = 0.25  # share of the mask's pixels that the segmenter must mark


def train_independent_segmenter(
    defective: list[Windows], normal: Windows, steps: int, seed: int, report: Report
) -> UNet:
    """Trains on one product's real windows; every defect is drawn equally often."""
    count = max(len(windows) for windows in defective)
    even = join([windows.take(np.arange(count) % len(windows)) for windows in defective])
    windows, weights = with_weights(even, normal, None)
    return train_segmenter(windows, weights, steps, seed, report)


def segmenter_figures(segmenter: UNet, drawn: GeneratedSamples, held_out: Windows | None) -> dict[str, float]:
    """Measures how well the segmenter agrees with the masks.

    `agreement` is the mean IoU of a sample's mask with the segmenter's. `found` is the share of samples in which it
    marks a quarter of the mask or more. `foundOfSurer` is the same for the more confident of each two neighbours in
    strength, and `foundInTwins` for their normal twins, which show no defect. `agreementOfReal` and `foundOfReal` are
    the figures of real defects of the test split.
    """
    agreement, found = _found(segmenter, drawn.image, drawn.mask)
    figures = {"agreement": float(agreement.mean()), "found": float(found.mean())}
    figures["foundOfSurer"] = float(found[more_confident_of_neighbours(drawn.confidence)].mean())
    figures["foundInTwins"] = detected_share(segmenter, drawn.twin, drawn.mask)
    if held_out is not None:
        agreement, found = _found(segmenter, held_out.image, held_out.mask)
        figures |= {"agreementOfReal": float(agreement.mean()), "foundOfReal": float(found.mean())}
    return figures


def detected_share(segmenter: UNet, images: np.ndarray, masks: np.ndarray) -> float:
    """The share of images uint8 [n, S, S, 3] in which a quarter or more of the mask bool [n, S, S] is marked."""
    return float(_found(segmenter, images, masks)[1].mean())


def more_confident_of_neighbours(confidence: np.ndarray) -> np.ndarray:
    """For each two neighbours of float [n], the index of the larger, or of the first if they are equal. The last of an
    odd number has no neighbour and is kept."""
    even = np.arange(0, len(confidence), 2)
    next_to = np.minimum(even + 1, len(confidence) - 1)
    return np.where(confidence[next_to] > confidence[even], next_to, even)


def _found(segmenter: UNet, images: np.ndarray, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each image: the IoU of its mask with the segmenter's, and whether the segmenter finds the defect."""
    marked = probabilities(segmenter, images) > 0.5
    agreement = np.array([mask_iou(a, b) for a, b in zip(marked, masks, strict=True)])
    covered = (marked & masks).sum((1, 2)) / np.maximum(masks.sum((1, 2)), 1)
    return agreement, masks.any((1, 2)) & (covered >= FOUND)
