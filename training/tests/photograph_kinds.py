"""Photographs of every kind that people have: what training and the service must make of each.

As a program it writes them into a folder, with what training reads, for the service's test (photographsAlike.test.ts).
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyvips
from PIL import Image, PngImagePlugin
from rarer_photograph_kinds import rare_kinds

HEIGHT, WIDTH = 40, 48
TRANSPARENT, ANIMATED, UNCLEAR = "IMAGE_TRANSPARENT", "IMAGE_ANIMATED", "IMAGE_BIT_DEPTH_UNCLEAR"
UNSUPPORTED, UNREADABLE = "IMAGE_TYPE_UNSUPPORTED", "IMAGE_UNREADABLE"

RNG = np.random.default_rng(7)
SMOOTH = np.stack([np.add.outer(np.arange(HEIGHT) * a, np.arange(WIDTH) * b) for a, b in ((3, 2), (1, 4), (5, 0))], -1)
RGB = np.clip(SMOOTH + RNG.integers(0, 40, SMOOTH.shape), 0, 255).astype(np.uint8)
GREY = RGB[..., 0]
DEEP = RGB.astype(np.uint16) * np.uint16(257)
COLOURS = Image.fromarray(RGB)
OTHER = Image.fromarray(255 - RGB)


def saved(pixels: np.ndarray | Image.Image, suffix: str, **options) -> Callable[[Path], None]:
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    formats = {"jpg": "JPEG", "tif": "TIFF", "jp2": "JPEG2000"}
    return lambda path: image.save(path, format=formats.get(suffix, suffix.upper()), **options)


def from_vips(pixels: np.ndarray, profile: str | None, suffix: str, **options) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        image = pyvips.Image.new_from_array(pixels)
        deep = pixels.dtype == np.uint16
        image = image.copy(interpretation="rgb16" if deep else "srgb")
        if profile:
            image = image.icc_transform(profile, input_profile="srgb", depth=16 if deep else 8)
        path.write_bytes(image.write_to_buffer(f".{suffix}", **options))

    return write


def two_pages(path: Path) -> None:
    both = pyvips.Image.new_from_array(np.concatenate([RGB, 255 - RGB])).copy(interpretation="srgb")
    both = both.copy()
    both.set_type(pyvips.GValue.gint_type, "page-height", HEIGHT)
    both.tiffsave(str(path), page_height=HEIGHT)


def raw(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content)


def cut(write: Callable[[Path], None]) -> Callable[[Path], None]:
    def half(path: Path) -> None:
        write(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return half


def bmp(bits: int, fourth: int | np.ndarray = 0, top_down: bool = False, compression: int = 0) -> bytes:
    palette, lines = b"", RGB[..., ::-1]
    if bits == 32:
        lines = np.dstack([lines, np.broadcast_to(np.uint8(fourth), GREY.shape)])
    elif bits == 8:
        lines = GREY
        palette = b"".join(bytes((i, i // 2, 255 - i, 0)) for i in range(256))
    elif bits == 4:
        lines = (GREY[:, ::2] & 0xF0) | (GREY[:, 1::2] >> 4)
        palette = b"".join(bytes((16 * i, i, 3 * i, 0)) for i in range(16))
    elif bits == 1:
        lines = np.packbits(GREY > 100, axis=1)
        palette = bytes((0, 0, 0, 0, 255, 255, 255, 0))
    lines = np.ascontiguousarray(lines.reshape(HEIGHT, -1))
    lines = np.pad(lines, ((0, 0), (0, -lines.shape[1] % 4)))
    body = (lines if top_down else lines[::-1]).tobytes()
    start = 54 + len(palette)
    rows = -HEIGHT if top_down else HEIGHT
    header = struct.pack("<IiiHHIIiiII", 40, WIDTH, rows, 1, bits, compression, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + header + palette + body


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def with_chunk(name: bytes) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add(name, bytes(8))
    return info


ALPHA = np.full(GREY.shape, 255, np.uint8)
HOLE = ALPHA.copy()
HOLE[3:9, 5:9] = 0
MONO12 = (GREY.astype(np.uint16) << 4) + 7  # of 4095
HOT = MONO12.copy()
HOT[5, 7] = 65535
HOT_RGB = DEEP >> 4
HOT_RGB[[1, 4, 9], [2, 3, 1], [0, 1, 2]] = 40_000
BRIGHT = DEEP >> 4
BRIGHT[2:4, 1:4, 1] = 40_000
PALETTE = COLOURS.convert("P", palette=Image.Palette.ADAPTIVE)

# name → (how it is written, the code of its refusal or None)
KINDS: dict[str, tuple[Callable[[Path], object], str | None]] = {
    "grey.png": (saved(GREY, "png"), None),
    "rgb.png": (saved(RGB, "png"), None),
    "one-bit.png": (saved(Image.fromarray(GREY > 100), "png"), None),
    "palette.png": (saved(PALETTE, "png"), None),
    "interlaced.png": (from_vips(RGB, None, "png", interlace=True), None),
    "opaque-alpha.png": (saved(np.dstack([RGB, ALPHA]), "png"), None),
    "opaque-grey-alpha.png": (saved(Image.fromarray(np.dstack([GREY, ALPHA]), "LA"), "png"), None),
    "transparent.png": (saved(np.dstack([RGB, HOLE]), "png"), TRANSPARENT),
    "transparent-grey.png": (saved(Image.fromarray(np.dstack([GREY, HOLE]), "LA"), "png"), TRANSPARENT),
    "transparent-palette.png": (saved(PALETTE, "png", transparency=int(np.asarray(PALETTE)[0, 0])), TRANSPARENT),
    "transparent-16.png": (from_vips(np.dstack([DEEP, HOLE.astype(np.uint16) * 257]), None, "png"), TRANSPARENT),
    "transparent.webp": (saved(np.dstack([RGB, HOLE]), "webp", lossless=True, exact=True), TRANSPARENT),
    "transparent.tif": (saved(np.dstack([RGB, HOLE]), "tif"), TRANSPARENT),
    "grey-16.png": (saved(DEEP[..., 0], "png"), None),
    "rgb-16.png": (from_vips(DEEP, None, "png"), None),
    "rgb-16.tif": (from_vips(DEEP, None, "tif"), None),
    "opaque-16.png": (from_vips(np.dstack([DEEP, np.full(GREY.shape, 65535, np.uint16)]), None, "png"), None),
    "black-16.png": (saved(np.zeros(GREY.shape, np.uint16), "png"), None),
    "mono12.png": (saved(MONO12, "png"), UNCLEAR),
    "mono12.tif": (saved(MONO12, "tif"), UNCLEAR),
    "mono10.png": (saved(MONO12 >> 2, "png"), UNCLEAR),
    "mono14.png": (saved(MONO12 << 2, "png"), UNCLEAR),
    "rgb12.png": (from_vips(DEEP >> 4, None, "png"), UNCLEAR),
    "mono12-hot.png": (saved(HOT, "png"), UNCLEAR),
    "mono12-hot.tif": (saved(HOT, "tif"), UNCLEAR),
    "rgb12-hot.png": (from_vips(HOT_RGB, None, "png"), UNCLEAR),
    "hot-display-p3.png": (from_vips(HOT_RGB, "p3", "png"), UNCLEAR),
    "dark-with-lights-16.png": (from_vips(BRIGHT, None, "png"), None),
    "mono12-shifted.png": (saved(MONO12 << 4, "png"), None),
    "int-32.tif": (saved(GREY.astype(np.int32), "tif"), UNSUPPORTED),
    "float.tif": (saved(GREY.astype(np.float32), "tif"), UNSUPPORTED),
    "lab.tif": (saved(Image.fromarray(RGB, "LAB"), "tif"), UNREADABLE),
    "444.jpg": (saved(COLOURS, "jpg", subsampling=0, quality=92), None),
    "420.jpg": (saved(COLOURS, "jpg", subsampling=2, quality=80), None),
    "progressive.jpg": (saved(COLOURS, "jpg", progressive=True), None),
    "grey.jpg": (saved(GREY, "jpg"), None),
    "cmyk.jpg": (saved(COLOURS.convert("CMYK"), "jpg", quality=95), None),
    "cmyk.tif": (saved(COLOURS.convert("CMYK"), "tif"), None),
    "two-pictures.jpg": (lambda path: COLOURS.save(path, format="MPO", save_all=True, append_images=[OTHER]), None),
    "lossy.webp": (saved(COLOURS, "webp", quality=70), None),
    "lossless.webp": (saved(COLOURS, "webp", lossless=True), None),
    "lzw.tif": (saved(COLOURS, "tif", compression="tiff_lzw"), None),
    "display-p3.png": (from_vips(RGB, "p3", "png"), None),
    "display-p3.jpg": (from_vips(RGB, "p3", "jpg", Q=95), None),
    "display-p3-16.png": (from_vips(DEEP, "p3", "png"), None),
    "srgb-profile.png": (from_vips(RGB, "srgb", "png"), None),
    "srgb-profile-16.png": (from_vips(DEEP, "srgb", "png"), None),
    "broken-profile.png": (saved(RGB, "png", icc_profile=b"not a profile" * 20), None),
    "broken-profile.jpg": (saved(COLOURS, "jpg", icc_profile=b"not a profile" * 20), None),
    "two-pages.tif": (two_pages, ANIMATED),
    "animated.webp": (saved(COLOURS, "webp", save_all=True, append_images=[OTHER]), ANIMATED),
    "animated.png": (saved(COLOURS, "png", pnginfo=with_chunk(b"acTL")), ANIMATED),
    "picture.gif": (saved(COLOURS, "gif"), UNSUPPORTED),
    "gif-named.png": (saved(COLOURS, "gif"), UNSUPPORTED),
    "picture.jp2": (saved(COLOURS, "jp2"), UNSUPPORTED),
    "jpeg-named.png": (saved(COLOURS, "jpg"), None),
    "empty.png": (raw(b""), UNREADABLE),
    "text.png": (raw(b"this is no picture"), UNSUPPORTED),
    "half.png": (cut(saved(RGB, "png")), UNREADABLE),
    "half.jpg": (cut(saved(COLOURS, "jpg")), UNREADABLE),
    "half.tif": (cut(saved(COLOURS, "tif")), UNREADABLE),
    "half.bmp": (cut(raw(bmp(24))), UNREADABLE),
    "24.bmp": (raw(bmp(24)), None),
    "top-down.bmp": (raw(bmp(24, top_down=True)), None),
    "32.bmp": (raw(bmp(32)), None),
    "32-opaque.bmp": (raw(bmp(32, 255)), None),
    "32-transparent.bmp": (raw(bmp(32, HOLE)), TRANSPARENT),
    "8.bmp": (raw(bmp(8)), None),
    "4.bmp": (raw(bmp(4)), None),
    "1.bmp": (raw(bmp(1)), None),
    "compressed.bmp": (raw(bmp(8, compression=1)), UNSUPPORTED),
    **{f"turned-{i}.jpg": (saved(COLOURS, "jpg", exif=turned(i)), None) for i in range(2, 9)},
    "turned-6.png": (saved(COLOURS, "png", exif=turned(6)), None),
    "turned-8.tif": (saved(COLOURS, "tif", exif=turned(8)), None),
    "turned-3.webp": (saved(COLOURS, "webp", lossless=True, exif=turned(3)), None),
    **rare_kinds(RGB, UNSUPPORTED),
}  # fmt: skip


def write_kinds(folder: Path) -> None:
    """The files, and what training makes of each in `read.json`; the pixels of x are in x.rgb."""
    from defectdiffu.data.image_errors import ImageError
    from defectdiffu.data.image_files import load_image

    read = {}
    for name, (write, _) in KINDS.items():
        write(folder / name)
        try:
            pixels = load_image(folder / name)
        except ImageError as error:
            read[name] = {"code": error.code}
            continue
        (folder / f"{name}.rgb").write_bytes(pixels.tobytes())
        read[name] = {"width": pixels.shape[1], "height": pixels.shape[0]}
    (folder / "read.json").write_text(json.dumps(read))


if __name__ == "__main__":
    write_kinds(Path(sys.argv[1]))
