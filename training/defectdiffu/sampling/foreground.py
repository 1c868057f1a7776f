"""The foreground of a photograph: where the part lies, if it stands out from what is at the photograph's border.

Colours that are common at the border are the background. The rest is split from it by the iterative threshold of the
distance to these colours. The outcome counts only where both are clearly apart; a photograph that shows nothing but
the part has no foreground. Reference of src/inference/method/foreground.ts.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from .masks import iterative_threshold

LONGER_SIDE = 96  # pixels, at which the foreground is looked for
BORDER = 0.04  # width of the border, of the shorter side
COLOURS = 4  # of the border, at most
ROUNDS = 10  # of the clustering
MIN_COLOUR_SHARE = 0.08  # of the border; a rarer colour may be a neighbouring part
DIRECTIONS = 32  # in which the outline of a piece is measured
OUTSET = 0.04  # of the longer side: defects lie on the edge of the part, too
MIN_PIECE = 0.05  # of the largest piece
SHARES = (0.1, 0.85)  # of the photograph
MIN_SEPARATION = 0.65  # variance between background and foreground, of the whole variance of the distances
MIN_SOLIDITY = 0.75  # share of the outline that stands out
MIN_CONTRAST = 30.0  # mean distance of the foreground from the background's colours, 0 … 255
MIN_CONTRAST_RATIO = 2.0  # to the distance that nine tenths of the background keep


def foreground_of(photograph: np.ndarray, outset: float = OUTSET) -> np.ndarray | None:
    """uint8 [H, W, 3] → bool [H, W]: the convex outline of each piece with a margin of `outset` of the longer side.
    None where nothing stands out."""
    height, width = photograph.shape[:2]
    found = _found(_reduced(photograph), outset)
    if found is None:
        return None
    rows = np.arange(height) * found.shape[0] // height
    columns = np.arange(width) * found.shape[1] // width
    return found[rows[:, None], columns[None]]


def _reduced(photograph: np.ndarray) -> np.ndarray:
    height, width = photograph.shape[:2]
    scale = min(1.0, LONGER_SIDE / max(height, width))
    # Half up, as in JavaScript.
    size = (max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5)))
    resized = Image.fromarray(photograph).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(resized).astype(np.float64)


def _found(pixels: np.ndarray, outset: float) -> np.ndarray | None:
    """float [h, w, 3] → bool [h, w], or None."""
    height, width = pixels.shape[:2]
    thickness = max(2, int(BORDER * min(height, width) + 0.5))
    border = np.ones((height, width), bool)
    border[thickness:-thickness, thickness:-thickness] = False
    colours = _common_colours(pixels[border])
    distance = np.sqrt(((pixels[:, :, None] - colours) ** 2).sum(3).min(2) / 3)
    apart = distance >= iterative_threshold(distance.ravel())
    if apart.all():
        return None
    stands_out = (
        distance[apart].mean() >= MIN_CONTRAST
        and distance[apart].mean() >= MIN_CONTRAST_RATIO * _quantile(distance[~apart], 0.9)
        and _separation(distance, apart) >= MIN_SEPARATION
    )
    if not stands_out:
        return None
    outline = _outlines(apart, 0)
    is_part = SHARES[0] <= outline.mean() <= SHARES[1] and (apart & outline).sum() >= MIN_SOLIDITY * outline.sum()
    return _outlines(apart, outset) if is_part else None


def _common_colours(border: np.ndarray) -> np.ndarray:
    """float [n, 3] → float [k, 3]: k-means from colours spread over the brightnesses, without the rare ones."""
    order = np.argsort(border.sum(1), kind="stable")
    centres = border[order[[(2 * i + 1) * len(order) // (2 * COLOURS) for i in range(COLOURS)]]]
    for _ in range(ROUNDS):
        nearest = ((border[:, None] - centres) ** 2).sum(2).argmin(1)
        centres = np.stack(
            [border[nearest == i].mean(0) if (nearest == i).any() else centres[i] for i in range(COLOURS)]
        )
    shares = np.bincount(nearest, minlength=COLOURS) / len(border)
    return centres[shares >= MIN_COLOUR_SHARE]


def _outlines(apart: np.ndarray, outset: float) -> np.ndarray:
    """The convex outlines of the largest piece and of those others that are whole and not small."""
    pieces, count = ndimage.label(apart, np.ones((3, 3)))
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    cut = set(np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]]))
    largest = int(sizes.argmax()) + 1
    outlines = np.zeros_like(apart)
    for piece in range(1, count + 1):
        if piece == largest or (piece not in cut and sizes[piece - 1] >= MIN_PIECE * sizes[largest - 1]):
            outlines |= _convex_outline(pieces == piece, outset * max(apart.shape))
    return outlines


def _convex_outline(piece: np.ndarray, outset: float) -> np.ndarray:
    """The pixels that lie in no direction farther than the piece and `outset` pixels."""
    y, x = np.mgrid[: piece.shape[0], : piece.shape[1]]
    within = np.ones_like(piece)
    for k in range(DIRECTIONS):
        angle = 2 * np.pi * k / DIRECTIONS
        along = x * np.cos(angle) + y * np.sin(angle)
        within &= along <= along[piece].max() + outset + 1e-9
    return within


def _separation(distance: np.ndarray, apart: np.ndarray) -> float:
    """Otsu's criterion of the split, 0 … 1."""
    share = apart.mean()
    between = share * (1 - share) * (distance[apart].mean() - distance[~apart].mean()) ** 2
    return float(between / max(float(distance.var()), 1e-9))


def _quantile(values: np.ndarray, share: float) -> float:
    """The value that this share of them lies below."""
    return float(np.sort(values)[int(share * (len(values) - 1))])
