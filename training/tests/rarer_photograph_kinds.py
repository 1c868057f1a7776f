"""Photographs of rarer kinds, as cameras, scanners, and older programs write them."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyvips
import tifffile


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(values: np.ndarray, *chunks: tuple[bytes, bytes]) -> Callable[[Path], object]:
    """Of grey or RGB values, with chunks before the pixels."""
    height, width = values.shape[:2]
    depth, kind = 8 * values.itemsize, 2 if values.ndim == 3 else 0
    lines = b"".join(b"\0" + line.astype(values.dtype.newbyteorder(">")).tobytes() for line in values)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)), *chunks]
    parts += [(b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))


def tif(values: np.ndarray, photometric: str = "rgb", **options) -> Callable[[Path], object]:
    return lambda path: tifffile.imwrite(path, values, photometric=photometric, **options)


def vips_tif(values: np.ndarray, space: str, **options) -> Callable[[Path], object]:
    image = pyvips.Image.new_from_array(values).copy(interpretation=space)
    return lambda path: image.tiffsave(str(path), **options)


def bmp(header: int, bits: int, lines: np.ndarray, compression: int = 0, masks: bytes = b"") -> bytes:
    """`lines` from the lowest upwards, padded. A header of 12 bytes is that of OS/2."""
    body, height, width = lines.tobytes(), len(lines), 8 * lines.shape[1] // bits
    if header == 12:
        head = struct.pack("<IHHHH", header, width, height, 1, bits)
    else:
        sizes = (header, width, height, 1, bits, compression, len(body), 0, 0, 0, 0)
        head = struct.pack("<IiiHHIIiiII", *sizes) + masks.ljust(header - 40, b"\0")
    start = 14 + len(head)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + head + body


def rare_kinds(rgb: np.ndarray, refused: str) -> dict[str, tuple[Callable[[Path], object], str | None]]:
    """As KINDS of photograph_kinds.py. `rgb`: of whole bytes in a line of a BMP; `refused`: the code of a type."""
    grey, opaque = rgb[..., 0], np.full(rgb.shape[:2], 255, np.uint8)
    deep = grey.astype(np.uint16) * np.uint16(257)
    lines = np.ascontiguousarray(rgb[::-1, :, ::-1]).reshape(len(rgb), -1)
    wide = np.dstack([rgb[..., ::-1], opaque])[::-1].reshape(len(rgb), -1)
    fields = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    packed = ((grey.astype(np.uint16) >> 3) * 0x421)[::-1].view(np.uint8)
    first, unused = int(grey[0, 0]), min(set(range(256)) - set(grey.flat))
    transparent, unclear = "IMAGE_TRANSPARENT", "IMAGE_BIT_DEPTH_UNCLEAR"

    def written(file: bytes) -> Callable[[Path], object]:
        return lambda path: path.write_bytes(file)

    return {
        "grey-key.png": (png(grey, (b"tRNS", struct.pack(">H", first))), transparent),
        "grey-key-unused.png": (png(grey, (b"tRNS", struct.pack(">H", unused))), None),
        "grey-16-key.png": (png(deep, (b"tRNS", struct.pack(">H", first * 257))), transparent),
        "rgb-key.png": (png(rgb, (b"tRNS", struct.pack(">HHH", *map(int, rgb[0, 0])))), transparent),
        "gamma.png": (png(rgb, (b"gAMA", struct.pack(">I", 100_000))), None),
        "mono8-in-16.png": (png(grey.astype(np.uint16)), unclear),
        "mono12-told.png": (png((grey.astype(np.uint16) << 4) + 7, (b"sBIT", b"\x0c")), unclear),
        "white-is-zero.tif": (tif(grey, "miniswhite"), None),
        "planes.tif": (tif(np.ascontiguousarray(rgb.transpose(2, 0, 1)), planarconfig="separate"), None),
        "tiles.tif": (tif(rgb, tile=(16, 16)), None),
        "big-endian-16.tif": (tif(rgb.astype(np.uint16) * np.uint16(257), byteorder=">"), None),
        "cmyk-16.tif": (tif(np.dstack([rgb, grey]).astype(np.uint16) * np.uint16(257), "separated"), None),
        "int-8.tif": (tif(grey.view(np.int8), "minisblack"), refused),
        "int-16.tif": (tif(grey.astype(np.int16) << 7, "minisblack"), refused),
        "one-bit.tif": (vips_tif((grey > 100).astype(np.uint8) * 255, "b-w", bitdepth=1), None),
        "jpeg.tif": (vips_tif(rgb, "srgb", compression="jpeg", Q=90), None),
        "pyramid.tif": (vips_tif(np.tile(rgb, (8, 8, 1)), "srgb", pyramid=True, tile=True), "IMAGE_ANIMATED"),
        "five-channels.tif": (tif(np.dstack([rgb, opaque, opaque]), extrasamples=["unspecified"] * 2), refused),
        "seven-channels.tif": (tif(np.dstack([grey] * 7), "minisblack", planarconfig="contig"), refused),
        "other-channel.tif": (tif(np.dstack([rgb, grey]), extrasamples=["unspecified"]), transparent),
        "of-os-2.bmp": (written(bmp(12, 24, lines)), refused),
        "of-windows-98.bmp": (written(bmp(124, 24, lines)), None),
        "bit-fields.bmp": (written(bmp(124, 32, wide, 3, fields)), refused),
        "16.bmp": (written(bmp(40, 16, packed)), refused),
    }
