"""Seeded noise that is the same on every machine and in both languages: Philox4x32-10 and Box–Muller.

Philox: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011). Key = (seed mod 2³², seed div 2³²),
counter = (block, stream, 0, 0). Stream 0 is the initial latent, stream 1 + i the noise of the i-th ancestral step.
"""

from __future__ import annotations

import numpy as np

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = 0x9E3779B9, 0xBB67AE85
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


def philox4x32(counter: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    """counter uint32 [n, 4] → uint32 [n, 4], ten rounds."""
    c0, c1, c2, c3 = (counter[:, i].astype(np.uint64) for i in range(4))
    k0, k1 = key
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (
            (p1 >> _SHIFT) ^ c1 ^ np.uint64(k0),
            p1 & _LOW,
            (p0 >> _SHIFT) ^ c3 ^ np.uint64(k1),
            p0 & _LOW,
        )
        k0, k1 = (k0 + _W0) & 0xFFFFFFFF, (k1 + _W1) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32)


def seeded_uniforms(seed: int, stream: int, count: int) -> np.ndarray:
    """float64 [count] in (0, 1): the stream's words, each (word + ½) / 2³²."""
    blocks = -(-count // 4)
    counter = np.zeros((blocks, 4), np.uint32)
    counter[:, 0] = np.arange(blocks)
    counter[:, 1] = stream
    words = philox4x32(counter, (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF))
    return (words.reshape(-1)[:count].astype(np.float64) + 0.5) / 2**32


def seeded_noise(seed: int, stream: int, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal float32 of `shape`, filled row-major."""
    count = int(np.prod(shape))
    u = seeded_uniforms(seed, stream, -(-count // 4) * 4).reshape(-1, 4)
    radius = np.sqrt(-2 * np.log(u[:, 0::2]))
    angle = 2 * np.pi * u[:, 1::2]
    normal = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)  # [blocks, 2, 2]
    return normal.reshape(-1)[:count].astype(np.float32).reshape(shape)
