"""Quality of defects on photographs: how many are visible, how many a segmenter finds, and how visible seams are."""

from __future__ import annotations

import numpy as np

from ..sampling.composition import dilated, scores
from .features import balanced_accuracy, train_classifier
from .fitting import Report
from .independent_segmenter import detected_share
from .mask_figures import change_agreement
from .on_photographs import SamplesOnPhotographs
from .segmenter import UNet

HIDDEN = 127  # the grey that hides pixels from the seam classifier


def photograph_figures(segmenter: UNet | None, made: SamplesOnPhotographs) -> dict[str, float]:
    """Measures the samples of one pair on photographs.

    `shown` is the share accepted within the attempts, `shownAtOnce` at the first. The other figures are of the accepted
    samples: the means of visibility, agreement and seam (composition.scores), and of `change`, the IoU of the mask with
    where the image differs from the one before (mask_figures.change_mask). `found` is the share in which the segmenter
    marks a quarter of the mask or more, and `foundInPhotographs` the same in the photographs before, without a defect.
    """
    kept = made.attempts > 0
    figures = {"shown": float(kept.mean()), "shownAtOnce": float((made.attempts == 1).mean())}
    if not kept.any():
        return figures
    each = [scores(b, a, m) for b, a, m in zip(made.before[kept], made.image[kept], made.mask[kept], strict=True)]
    figures["change"] = change_agreement(made.image[kept], made.mask[kept], made.before[kept])
    figures |= dict(zip(("visibility", "agreement", "seam"), np.mean(each, 0).tolist(), strict=True))
    if segmenter is not None:
        figures["found"] = detected_share(segmenter, made.image[kept], made.mask[kept])
        figures["foundInPhotographs"] = detected_share(segmenter, made.before[kept], made.mask[kept])
    return figures


def seam_accuracy(sets: list[SamplesOnPhotographs], steps: int, seed: int, report: Report) -> float | None:
    """Balanced accuracy, on unseen samples, of a ResNet that tells composed images from untouched ones.

    It sees only the surroundings of the defect: the mask and one pixel around it are hidden in both. An accuracy of 0.5
    means that it finds no seam. Returns None if there are too few samples to train and test it.
    """
    rng = np.random.default_rng((seed, 51))
    pictures: dict[bool, list[np.ndarray]] = {True: [], False: []}
    labels: dict[bool, list[np.ndarray]] = {True: [], False: []}
    for made in sets:
        for i in np.flatnonzero(made.attempts > 0):
            held_out = bool(rng.random() < 0.3)
            hidden = dilated(made.mask[i], 1)[..., None]
            pair = [np.where(hidden, HIDDEN, picture[i]).astype(np.uint8) for picture in (made.before, made.image)]
            pictures[held_out] += pair
            labels[held_out].append(np.array([0, 1]))
    if not labels[True] or not labels[False]:
        return None
    model = train_classifier(np.stack(pictures[False]), np.concatenate(labels[False]), steps, seed, report)
    return balanced_accuracy(model, np.stack(pictures[True]), np.concatenate(labels[True]))
