"""Photographs of every kind: taken, or refused for the service's reasons, with the right numbers."""

from __future__ import annotations

import numpy as np
import pytest
from photograph_kinds import GREY, HEIGHT, KINDS, MONO12, RGB, WIDTH
from PIL import Image

from defectdiffu.data.image_errors import ImageError
from defectdiffu.data.image_files import load_image, load_mask, orientation

EXACT = ["rgb.png", "interlaced.png", "opaque-alpha.png", "rgb-16.png", "rgb-16.tif", "opaque-16.png", "lossless.webp",
         "lzw.tif", "srgb-profile.png", "broken-profile.png", "24.bmp", "top-down.bmp", "32.bmp",
         "32-opaque.bmp", "gamma.png", "planes.tif", "tiles.tif", "big-endian-16.tif", "of-windows-98.bmp"]  # fmt: skip
CLOSE = {"display-p3.png": 3, "display-p3-16.png": 4, "srgb-profile-16.png": 4}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kinds")
    for name, (write, _) in KINDS.items():
        write(folder / name)
    return folder


def refusal(path) -> str | None:
    try:
        pixels = load_image(path)
    except ImageError as error:
        return error.code
    assert pixels.dtype == np.uint8 and sorted(pixels.shape) == [3, HEIGHT, WIDTH]
    return None


def test_every_kind_is_taken_or_refused_with_its_code(kinds):
    assert {name: refusal(kinds / name) for name in KINDS} == {name: code for name, (_, code) in KINDS.items()}


def test_the_numbers_are_those_of_the_photograph(kinds):
    for name in EXACT:
        assert np.array_equal(load_image(kinds / name), RGB), name
    for name in ("grey.png", "grey-16.png", "grey-key-unused.png"):
        assert np.array_equal(load_image(kinds / name), np.repeat(GREY[..., None], 3, 2)), name
    shifted = load_image(kinds / "mono12-shifted.png")[..., 0].astype(int)
    assert np.abs(shifted - MONO12 / 16).max() <= 1
    assert np.unique(load_image(kinds / "one-bit.png")).tolist() == [0, 255]


def test_a_profile_is_applied_within_a_few_levels(kinds):
    for name, bound in CLOSE.items():
        assert np.abs(load_image(kinds / name).astype(int) - RGB).max() <= bound, name
    with Image.open(kinds / "display-p3.png") as stored:  # its own numbers are others
        assert np.abs(np.asarray(stored.convert("RGB")).astype(int) - RGB).max() > 20


def test_bmp_is_read_as_another_decoder_reads_it(kinds):
    for name in ("24.bmp", "top-down.bmp", "32.bmp", "8.bmp", "4.bmp", "1.bmp"):
        with Image.open(kinds / name) as other:
            assert np.array_equal(load_image(kinds / name), np.asarray(other.convert("RGB"))), name


@pytest.mark.parametrize("turn", range(2, 9))
def test_masks_are_turned_as_photographs_are(turn, kinds, tmp_path):
    assert orientation(kinds / f"turned-{turn}.jpg") == turn and orientation(kinds / "24.bmp") == 1
    exif = Image.Exif()
    exif[0x0112] = turn
    mask = Image.fromarray((np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) < 300).astype(np.uint8) * 255)
    mask.save(tmp_path / "mask.png", exif=exif)
    mask.convert("RGB").save(tmp_path / "photograph.png", exif=exif)
    assert np.array_equal(load_image(tmp_path / "photograph.png")[..., 0] > 127, load_mask(tmp_path / "mask.png"))


@pytest.mark.parametrize(
    ("name", "largest", "factor"),
    [("mono8-in-16", 246, 256), ("mono10", 985, 64), ("mono12", 3943, 16), ("mono14", 15772, 4)],
)
def test_an_unclear_bit_depth_names_the_largest_value_and_the_remedy(name, largest, factor, kinds):
    with pytest.raises(ImageError, match=f"no value above {largest}: if these are .* multiply the values by {factor};"):
        load_image(kinds / f"{name}.png")
