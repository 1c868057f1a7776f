"""Where a defect lies on a part: on the found foreground, without the margin that regions have.

A gap in the edge of a part that reached past the edge would leave a patch of background beside the part.
"""

from __future__ import annotations

import numpy as np

from ..sampling.foreground import foreground_of
from .place import Area

ON_PART = 0.95  # of a defect, which can be a little wider than the convex outline of the part


def part_of(photograph: np.ndarray) -> Area | None:
    """uint8 [H, W, 3] → where a defect may lie; None, which is everywhere, where nothing stands out."""
    found = foreground_of(photograph, outset=0)
    return None if found is None else Area(found, ON_PART)
