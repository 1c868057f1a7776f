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

HIDDEN = 127  # the grey of what the seam classifier may not see


def photograph_figures(segmenter: UNet | None, made: SamplesOnPhotographs) -> dict[str, float]:
    """`shown`: accepted within the attempts; `shownAtOnce`: at the first. Of the accepted ones the means of visibility,
    agreement and seam (composition.scores), of `change`: IoU of the mask with where the picture differs from the one
    before (mask_figures.change_mask), and `found`: the share whose mask the segmenter marks by a quarter or more;
    `foundInPhotographs`: the same in the photographs before, where there is nothing to find."""
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
    """Balanced accuracy, on samples it has not seen, of a ResNet that tells composed pictures from untouched ones by
    what lies round the defect: the mask and a pixel about it are hidden in both. 0.5: no seam that it could find. None
    where there are too few samples to train and to test it on."""
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
