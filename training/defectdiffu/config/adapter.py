"""Settings of an adapter."""

from __future__ import annotations

from .settings import Count, Flag, settings


@settings
class AdapterConfig:
    """`rank` bounds the directions in which an adapter changes the modulations of each part; its file grows with it."""

    rank: Count = 16
    hidden: Count = 64  # width of what combines the timestep with the text
    background: Flag = True  # False: nothing is added to the modulations of the background part
