"""Why a file is no photograph or mask, under the codes of the service, and its type by its first bytes."""

from __future__ import annotations

from typing import Literal

ImageType = Literal["JPEG", "PNG", "WebP", "TIFF", "BMP"]
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # little or big endian, classic or BigTIFF


class ImageError(ValueError):
    """`code` is the error code of the service for the same file."""

    def __init__(self, code: str, problem: str):
        self.code = code
        super().__init__(problem)


def unreadable(kind: ImageType, reason: str) -> ImageError:
    return ImageError(
        "IMAGE_UNREADABLE", f"cannot be read as a {kind}, it is damaged, truncated, or of a rare kind: {reason}"
    )


def detect_image_type(data: bytes) -> ImageType:
    """Names can be wrong. Raises ImageError for a type that the service does not read either."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(PNG_SIGNATURE):
        return "PNG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if data.startswith(TIFF_SIGNATURES):
        return "TIFF"
    if data.startswith(b"BM"):
        return "BMP"
    if not data:
        raise ImageError("IMAGE_UNREADABLE", "is empty")
    raise ImageError("IMAGE_TYPE_UNSUPPORTED", "is not a JPEG, PNG, WebP, TIFF, or BMP, by its first bytes")


def is_animated_png(png: bytes) -> bool:
    """An animated PNG has an acTL chunk before its first pixels. libvips reads the first frame without an error."""
    at = len(PNG_SIGNATURE)
    while at + 8 <= len(png):
        name = png[at + 4 : at + 8]
        if name in (b"acTL", b"IDAT"):
            return name == b"acTL"
        at += 12 + int.from_bytes(png[at : at + 4])
    return False
