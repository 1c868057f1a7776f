"""Reads uncompressed BMP files, as cameras and frame grabbers write them; libvips has no decoder for them.

The service reads the same files to the same numbers (src/references/bmp.ts).
"""

from __future__ import annotations

import numpy as np

from .image_errors import ImageError, unreadable

FILE_HEADER, LEAST_HEADER = 14, 40
BITS = (1, 4, 8, 24, 32)
REMEDY = "save 8, 24, or 32 bits without compression, or PNG"


def read_bmp(data: bytes) -> np.ndarray:
    """uint8 [H, W, 3]. Raises ImageError."""
    if len(data) < FILE_HEADER + LEAST_HEADER:
        raise _damaged("its header is cut off")
    start, header = _number(data, 10, 4), _number(data, 14, 4)
    if header < LEAST_HEADER:
        raise ImageError("IMAGE_TYPE_UNSUPPORTED", f"is a BMP with a header of {header} bytes; {REMEDY}")
    width, height = _signed(data, 18), _signed(data, 22)
    bits, compression, colours = _number(data, 28, 2), _number(data, 30, 4), _number(data, 46, 4)
    if bits not in BITS or compression != 0:
        raise ImageError(
            "IMAGE_TYPE_UNSUPPORTED",
            f"is a BMP of {bits} bits and compression {compression}; {REMEDY}",
        )
    if width <= 0 or height == 0:
        raise _damaged(f"it is {width} × {height} pixels")
    rows, stride = abs(height), (width * bits + 31) // 32 * 4
    if start + rows * stride > len(data):
        raise _damaged(f"it ends after {len(data)} of {start + rows * stride} bytes")
    lines = np.frombuffer(data, np.uint8, rows * stride, start).reshape(rows, stride)
    if height > 0:  # the lowest line comes first
        lines = lines[::-1]
    if bits >= 24:
        pixels = lines[:, : width * bits // 8].reshape(rows, width, bits // 8)
        if bits == 32:
            _require_opaque(pixels[..., 3])
        return np.ascontiguousarray(pixels[..., 2::-1])
    palette = _palette(data, FILE_HEADER + header, colours or 1 << bits, start)
    return palette[_indices(lines, width, bits, len(palette))]


def _require_opaque(fourth: np.ndarray) -> None:
    """The fourth byte is unused, and then 0, or an alpha channel."""
    if fourth.min() != fourth.max() or fourth.flat[0] not in (0, 255):
        raise ImageError(
            "IMAGE_TRANSPARENT",
            "is not fully opaque, and its background is unknown; save it without an alpha channel",
        )


def _palette(data: bytes, at: int, count: int, end: int) -> np.ndarray:
    if count > 256 or at + 4 * count > end:
        raise _damaged(f"its palette of {count} colours does not fit")
    return np.frombuffer(data, np.uint8, 4 * count, at).reshape(count, 4)[:, 2::-1]


def _indices(lines: np.ndarray, width: int, bits: int, colours: int) -> np.ndarray:
    if bits < 8:
        shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
        lines = ((lines[..., None] >> shifts) & ((1 << bits) - 1)).reshape(len(lines), -1)
    indices = lines[:, :width]
    if indices.max() >= colours:
        raise _damaged(f"it uses colour {indices.max()} of a palette of {colours}")
    return indices


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")


def _signed(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little", signed=True)


def _damaged(reason: str) -> ImageError:
    return unreadable("BMP", reason)
