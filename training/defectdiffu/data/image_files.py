"""Reads photographs and masks with the decoder of the service, libvips, so that training sees the numbers that it sees.

What the service refuses (src/references/decodeImage.ts) is refused here for the same reasons, under the same codes.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from .bmp import read_bmp
from .image_errors import ImageError, ImageType, detect_image_type, is_animated_png, unreadable
from .mask_values import Marks, defect_pixels

if TYPE_CHECKING:
    from pyvips import Image

LEAST_16_BIT = 1 << 14  # a 16-bit photograph without a value this large uses less than a quarter of its range
HOT_VALUES, HOT_SHARE = 4, 1e-4  # so many values, or this share, may be larger: hot pixels, which can have any value
SPACES = {"srgb", "rgb", "rgb16", "b-w", "grey16", "cmyk"}
ORIENTATION = "orientation"


def load_image(path: Path, bits: int | None = None) -> np.ndarray:
    """sRGB uint8 [H, W, 3], turned as its EXIF says; grey, palette, CMYK and 16-bit files are converted, by their
    colour profile if they have one. `bits`: how many of a 16-bit file's are used; without it, a file that seems to use
    10, 12, or 14 is refused.

    Raises ImageError, a ValueError, whose code says why the service would refuse the file too; OSError.
    """
    data = path.read_bytes()
    kind = detect_image_type(data)
    if kind == "BMP":
        return read_bmp(data)
    image = _inspected(data, kind)
    image = _require_range(image) if bits is None else _widened(image, bits)
    return _pixels(kind, _in_srgb(image))


def image_size(path: Path) -> tuple[int, int]:
    """Width and height in pixels as they are stored, before EXIF turns them. Decodes no compressed pixels.

    Raises ImageError, a ValueError; OSError.
    """
    data = path.read_bytes()
    kind = detect_image_type(data)
    if kind == "BMP":
        height, width = read_bmp(data).shape[:2]
        return width, height
    try:
        image = _opened(data)
    except _vips().Error as error:
        raise _unreadable(kind, error) from None
    return image.width, image.height


def load_mask(path: Path, marks: Marks | None = None) -> np.ndarray:
    """bool [H, W], true on the defect, turned as its EXIF says. See `defect_pixels` for what marks a defect.

    Raises ImageError, a ValueError; OSError.
    """
    return defect_pixels(load_mask_values(path), marks)


def load_mask_values(path: Path) -> np.ndarray:
    """The values of a mask as they are, [H, W] or, where it has colours, [H, W, 3]. Turned as its EXIF says."""
    data = path.read_bytes()
    kind = detect_image_type(data)
    if kind == "BMP":
        return read_bmp(data)
    return _pixels(kind, _without_alpha(_inspected(data, kind, any_depth=True).autorot()))


def orientation(path: Path) -> int:
    """How EXIF says that the file is to be turned: 1 for not at all, to 8. 1 also for a file that cannot be read, of
    which whoever reads its pixels says why."""
    data = path.read_bytes()
    try:
        return 1 if detect_image_type(data) == "BMP" else _orientation(_opened(data))
    except (ImageError, _vips().Error):
        return 1


def _orientation(image: Image) -> int:
    value = image.get(ORIENTATION) if image.get_typeof(ORIENTATION) else 1
    return value if 1 <= value <= 8 else 1


def _opened(data: bytes) -> Image:
    return _vips().Image.new_from_buffer(data, "", fail_on="error")


@cache
def _vips() -> ModuleType:
    """libvips, imported where it is needed, with one thread: photographs are small, and processes share the work."""
    os.environ.setdefault("VIPS_CONCURRENCY", "1")
    import pyvips

    pyvips.cache_set_max(0)
    return pyvips


def _inspected(data: bytes, kind: ImageType, any_depth: bool = False) -> Image:
    try:
        image = _opened(data)
        pages = image.get("n-pages") if image.get_typeof("n-pages") else 1
    except _vips().Error as error:
        raise _unreadable(kind, error) from None
    if pages > 1 or (kind == "PNG" and is_animated_png(data)):
        pages_told = pages if pages > 1 else "several"
        raise ImageError("IMAGE_ANIMATED", f"has {pages_told} pages or frames; save one image")
    if image.format not in ("uchar", "ushort") and not (any_depth and image.format in ("uint", "int", "short")):
        raise ImageError(
            "IMAGE_TYPE_UNSUPPORTED",
            f"has values of the type {_told(image.format)}; save 8 or 16 bits per channel",
        )
    if image.interpretation not in SPACES and not (any_depth and image.bands == 1):
        raise ImageError(
            "IMAGE_TYPE_UNSUPPORTED",
            f"is in the color space {image.interpretation}; save RGB, grayscale, or CMYK",
        )
    _require_channels(image)
    _require_opaque(kind, image)
    return image


def _require_channels(image: Image) -> None:
    """More are spectral bands or data, and which of them are the colours is unknown."""
    colours = image.bands - image.hasalpha()
    if colours not in (1, 4 if image.interpretation == "cmyk" else 3):
        channels = image.bands if image.bands <= 5 else "more than 5"
        raise ImageError("IMAGE_TYPE_UNSUPPORTED", f"has {channels} channels; save RGB, grayscale, or CMYK")


def _told(format: str) -> str:
    return {"float": "floating-point numbers (float)", "double": "floating-point numbers (double)"}.get(format, format)


def _require_opaque(kind: ImageType, image: Image) -> None:
    if not image.hasalpha():
        return
    try:
        least = image[image.bands - 1].min()
    except _vips().Error as error:
        raise _unreadable(kind, error) from None
    if least != (65535 if image.interpretation in ("rgb16", "grey16") else 255):
        raise ImageError(
            "IMAGE_TRANSPARENT",
            "is not fully opaque, and its background is unknown; save it without an alpha channel",
        )


def _widened(image: Image, bits: int) -> Image:
    """A 16-bit image whose values have this many bits, as one that uses all of them. Hot pixels are as bright as can
    be."""
    if image.format != "ushort":
        return image
    colors = _without_alpha(image)
    if hot_values(colors.numpy(), 1 << bits)[1] is None:
        raise ImageError(
            "IMAGE_BIT_DEPTH_UNCLEAR", f"has a value of {int(colors.max())}, which needs more than {bits} bits"
        )
    clipped = (image > (1 << bits) - 1).ifthenelse((1 << bits) - 1, image).cast("ushort")
    return (clipped << (16 - bits)).copy(interpretation=image.interpretation)


def hot_values(values: np.ndarray, bound: int) -> tuple[int, int | None]:
    """How many values are hot: not below the bound, and so few that they do not count; and the largest of the others.
    None: they are too many."""
    is_hot = values >= bound
    count = int(is_hot.sum())
    if count > max(HOT_VALUES, int(values.size * HOT_SHARE)):
        return count, None
    return count, int(values.max(initial=0, where=~is_hot))


def _require_range(image: Image) -> Image:
    if image.format != "ushort" or image.interpretation not in ("rgb16", "grey16"):
        return image
    try:
        hot, largest = hot_values(_without_alpha(image).numpy(), LEAST_16_BIT)
    except _vips().Error as error:
        raise _unreadable("PNG" if image.get("vips-loader").startswith("png") else "TIFF", error) from None
    if largest:
        bits = max(largest.bit_length(), 8)
        bits += bits % 2  # cameras give 10, 12, or 14, and programs 8
        but = "" if hot == 0 else f", but for {hot} hot {'pixel' if hot == 1 else 'pixels'}"
        raise ImageError(
            "IMAGE_BIT_DEPTH_UNCLEAR",
            f"has 16 bits per channel, but no value above {largest}{but}: if these are {bits} bits, multiply the "
            f"values by {1 << (16 - bits)}; if the photograph is so dark, save it with 8 bits",
        )
    return image


def _without_alpha(image: Image) -> Image:
    return image.extract_band(0, n=image.bands - 1) if image.hasalpha() else image


def _in_srgb(image: Image) -> Image:
    """As sharp does it: by the profile, without alpha, then 8-bit sRGB. 16-bit colours pass through Display P3, and
    16-bit grey has no profile that counts."""
    image = image.autorot()
    profiled = bool(image.get_typeof("icc-profile-data")) and image.interpretation != "grey16"
    wide = image.interpretation == "rgb16"
    if profiled:
        image = _transformed(image, "p3" if wide else "srgb", embedded=True, depth=16 if wide else 8)
    elif image.interpretation == "cmyk":
        image = image.icc_transform("srgb", input_profile="cmyk", intent="perceptual")
    image = _without_alpha(image)
    if image.interpretation != "srgb":
        image = image.colourspace("srgb", source_space=image.interpretation)
    return _transformed(image, "srgb", input_profile="p3", embedded=True, depth=8) if profiled and wide else image


def _transformed(image: Image, profile: str, **options) -> Image:
    """The image as it is where its own profile is invalid."""
    try:
        return image.icc_transform(profile, intent="perceptual", **options)
    except _vips().Error:
        return image


def _pixels(kind: ImageType, image: Image) -> np.ndarray:
    try:
        pixels = image.numpy()
    except _vips().Error as error:
        raise _unreadable(kind, error) from None
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels


def _unreadable(kind: ImageType, error: Exception) -> ImageError:
    reason = str(error).strip().splitlines()[-1][:120] if str(error).strip() else "no reason given"
    return unreadable(kind, reason)
