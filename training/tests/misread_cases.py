"""What people have in a data set: files and folders that would be misread, may not be meant, or are clear."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from small_part import mask, masks_of, move, palette_mask, photograph, tagged, write

from defectdiffu.data.image_files import load_image


def with_alpha(values: np.ndarray) -> np.ndarray:
    return np.dstack([np.full((*values.shape, 3), 255, np.uint8), values])


def labels(*marked: int) -> Callable[[np.ndarray], np.ndarray]:
    """The defect has the first value, other corners the others."""

    def make(values: np.ndarray) -> np.ndarray:
        made = np.where(values > 0, marked[0], 0).astype(np.uint8)
        for i, value in enumerate(marked[1:]):
            made[-3:, 3 * i : 3 * i + 3] = value
        return made

    return make


def mono12(product: Path) -> None:
    for path in product.glob("t*/*/*.png"):
        write(path, (load_image(path)[..., 0].astype(np.uint16) << 4) + 1)


def two_pages(product: Path) -> None:
    other = Image.fromarray(photograph(True))
    image = Image.fromarray(photograph(False))
    image.save(product / "train/good/2.webp", save_all=True, append_images=[other], lossless=True)


def beside(name: str, pixels: np.ndarray | None = None) -> Callable[[Path], object]:
    return lambda product: write(product / name, photograph("scratch" in name) if pixels is None else pixels)


def rename_masks(form: str) -> Callable[[Path], None]:
    def rename(product: Path) -> None:
        for i in range(2):
            old = product / f"ground_truth/scratch/{i}_mask.png"
            new = product / form.format(i)
            new.parent.mkdir(parents=True, exist_ok=True)
            if new.suffix.lower() == ".png":
                move(old, new)
            else:
                write(new, mask())
                old.unlink()

    return rename


def case_folders(product: Path) -> None:
    write(product / "test/Scratch/7.png", photograph(True))
    write(product / "ground_truth/Scratch/7_mask.png", mask())


def two_masks(product: Path) -> None:
    rename_masks("ground_truth/scratch/{}_mask0.png")(product)
    write(product / "ground_truth/scratch/0_mask1.png", mask())


def annotation(product: Path) -> None:
    (product / "ground_truth/scratch/0_mask.png").unlink()
    (product / "test/scratch/0.json").write_text("{}")


PROBLEMS: dict[str, tuple[Callable[[Path], object], str, int]] = {
    "mask in alpha": (lambda p: masks_of(p, with_alpha), "alpha channel.*: save the mask as a grey PNG", 2),
    "12 bits in 16": (mono12, "16 bits per channel, but no value above .* multiply the values by 16", 4),
    "pages": (two_pages, "2.webp: unreadable image: has 2 pages or frames", 1),
    "transparent": (beside("train/good/7.png", with_alpha(mask())), "7.png: unreadable image: is not fully opaque", 1),
    "second mask": (beside("ground_truth/scratch/0_mask_1.png", mask()), "several masks: 0_mask.png, 0_mask_1.png", 1),
    "numbered masks": (two_masks, "there are 0_mask0.png, 0_mask1.png|1_mask0.png lies there", 2),
    "one stem twice": (beside("test/scratch/0.jpg"), "0.jpg, 0.png have one name, and would share a mask", 1),
    "mask of a good one": (
        lambda p: (write(p / "test/good/0.png", photograph(False)), write(p / "ground_truth/good/0_mask.png", mask())),
        r"good/0_mask.png: marks \d\.\d% of a photograph that is listed as good",
        1,
    ),
    "mask of a good one, as VisA names it": (
        lambda p: (write(p / "test/good/0.png", photograph(False)), write(p / "ground_truth/good/0.png", mask())),
        r"good/0.png: marks \d\.\d% of a photograph that is listed as good",
        1,
    ),
    "masks of a good one": (
        lambda p: [
            write(p / path, mask())
            for path in ("test/good/0.png", "ground_truth/good/0_mask0.png", "ground_truth/good/0_mask1.png")
        ],
        r"0.png: is listed as good, and 0_mask0.png, 0_mask1.png in .*good may mark something: take these away",
        1,
    ),
    "subfolders": (beside("train/good/lot/6.png"), r"train/good/lot: 1 picture\(s\) in a subfolder are not read", 1),
    "subfolders of a defect": (beside("test/scratch/lot/6.png"), "test/scratch/lot: 1 .* move them up into", 1),
    "Scratch beside scratch": (case_folders, "the folders 'Scratch', 'scratch' are one defect to the model", 1),
    "test_public": (beside("test_public/bad/0.png"), r"test_public: 1 picture\(s\) are not read", 1),
    "val": (beside("val/scratch/1.png"), r"part/val: 1 picture\(s\) are not read: only train, test", 1),
    "directly in train": (beside("train/0.png"), r"part/train: 1 picture\(s\) directly .* into train/good", 1),
    "directly in test": (beside("test/0.png"), r"part/test: 1 picture\(s\) directly in it are not read \(0.png\)", 1),
    "directly in the product": (beside("0.png"), r"part: 1 picture\(s\) directly in it are not read", 1),
    "Good": (beside("test/Good/0.png"), "test/Good: normal photographs go into test/good", 1),
    "ok": (beside("test/ok/0.png"), "test/ok: normal photographs go into test/good", 1),
    "mask among photographs": (beside("train/good/0_mask.png", mask()), r"1 mask\(s\) among the photographs", 1),
    "masks beside": (rename_masks("test/scratch/{}_mask.png"), "[01]_mask.png lies beside the photograph: move it", 2),
    "second mask among photographs": (
        beside("test/scratch/0_GT.png", mask()), r"1 mask\(s\) among the photographs \(0_GT.png\), which have others", 1
    ),
    "other type": (lambda p: (p / "train/good/9.gif").write_bytes(b"GIF89a"), r"a type that is not read \(9.gif\)", 1),
    "VisA": (rename_masks("ground_truth/scratch/{}.png"), "[01].png lies there: rename it [01]_mask.png", 2),
    "BTAD": (rename_masks("ground_truth/scratch/{}.bmp"), "[01].bmp lies there: rename it [01]_mask.bmp", 2),
    "LOCO": (rename_masks("ground_truth/scratch/{}/000.png"), "the folder [01] has 000.png", 2),
    "JPEG masks": (rename_masks("ground_truth/scratch/{}_mask.jpg"), "[01]_mask.jpg lies there, but .jpg blurs", 2),
    "GIF masks": (
        lambda p: move(p / "ground_truth/scratch/0_mask.png", p / "ground_truth/scratch/0_mask.gif"),
        "0_mask.gif lies there, but .gif is not read", 1
    ),
    "a link to nothing": (lambda p: (p / "train/good/7.png").symlink_to("gone"), "7.png: unreadable.*No such", 1),
    "a camera's own type": (lambda p: (p / "test/scratch/7.nef").write_bytes(b"x"), r"not read \(7.nef\)", 1),
    "labelme": (annotation, r"0.json lies beside the photograph \(labelme\?\): `defectdiffu-train convert`", 1),
    "three labels": (lambda p: masks_of(p, labels(1, 2)), "values 0, 1, 2, and which .* pass --mask-values", 2),
    "two values, none black": (lambda p: masks_of(p, lambda m: m // 2 + 128), "values 128, 255, and which mark", 2),
    "smoothed": (lambda p: masks_of(p, lambda m: m // 2 + np.arange(48, dtype=np.uint8)), "it is smoothed, a JPEG", 2),
    "empty": (lambda p: masks_of(p, np.zeros_like), "mask is empty, but the image is listed as 'scratch'", 2),
    "three colours": (lambda p: masks_of(p, lambda _: palette_mask([(0, 0, 0), (128, 0, 0), (0, 128, 0)])),
                      "values 0, #008000, #800000, and which mark .* --mask-values #800000", 2),
    "labels that differ": (
        lambda p: write(p / "ground_truth/scratch/0_mask.png", labels(1)(mask())),
        r"with different values, 1 \(0_mask.png\), 255 \(1_mask.png\).* --mask-values 1,255",
        1,
    ),
    "one word with two blanks": (
        lambda p: [write(p / f"test/{name}/7.png", photograph(True)) for name in ("deep  cut", "deep_cut")]
        + [write(p / f"ground_truth/{name}/7_mask.png", mask()) for name in ("deep  cut", "deep_cut")],
        "the folders 'deep  cut', 'deep_cut' are one defect to the model, 'deep cut'",
        1,
    ),
    "a name given twice": (
        lambda p: (p.parent / "unified_names.json").write_text('{"part": {"scratch": "a", "scratch": "b"}}'),
        "unified_names.json: not JSON: 'scratch' is named twice",
        1,
    ),
    "a mask that EXIF turns": (
        lambda p: write(p / "ground_truth/scratch/0_mask.png", mask(), exif=tagged(6)),
        "mask is 40×48 when EXIF orientation 6 turns it, its image is 48×40: save the mask upright",
        1,
    ),
    "drawn on stored pixels": (
        lambda p: write(p / "test/scratch/0.png", photograph(True), exif=tagged(6)),
        "mask is 48×40, its image is 40×48 when it is turned as its EXIF orientation 6 says",
        1,
    ),
}  # fmt: skip

WARNINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "inverted": (
        lambda p: masks_of(p, lambda m: 255 - m),
        "marks 95.8% of the photograph and its border: if it",
    ),
    "full": (lambda p: masks_of(p, lambda m: np.full_like(m, 255)), "marks the whole photograph"),
    "orphan": (beside("ground_truth/scratch/7_mask.png", mask()), r"1 mask\(s\) without a photograph .*: 7_mask.png"),
    "orphans": (beside("ground_truth/dent/0_mask.png", mask()), r"1 mask\(s\), but there is no folder test/dent"),
    "inverted, at the border": (
        lambda p: write(p / "ground_truth/scratch/0_mask.png", 255 - mask(top=0, left=0)),
        "0_mask.png: marks 95.8% of the photograph and its border",
    ),
    "mask of a good one to train on": (
        beside("ground_truth/good/0_mask.png", mask()),
        "but there is no folder test/good",
    ),
    "validation": (beside("validation/good/5.png"), r"validation: 1 normal photograph\(s\) are not read"),
    "turned by 180°": (
        lambda p: write(p / "test/scratch/0.png", photograph(True), exif=tagged(3)),
        "0.png: is turned as its EXIF orientation 3 says, and its mask by 1",
    ),
    "both turned, each its way": (
        lambda p: (
            write(p / "test/scratch/0.png", photograph(True), exif=tagged(6)),
            write(p / "ground_truth/scratch/0_mask.png", mask(), exif=tagged(8)),
        ),
        "0.png: is turned as its EXIF orientation 6 says, and its mask by 8",
    ),
    "a defective one among the good": (
        beside("train/good/1.png", photograph(True)),
        "test/scratch/[01].png: shows the same pixels as .*/train/good/1.png, and one is listed as good",
    ),
    "held out and learnt": (
        lambda p: (p.parent / "manifest.csv").write_text("image,split\npart/train/good/0.png,test\n"),
        "good/1.png: shows the same pixels as .*/0.png, and one is in the train split",
    ),
    "no pictures by their names": (
        lambda p: [(p / f"train/good/{name}").write_bytes(b"x") for name in ("7", "lot.zip", "Thumbs.db", "notes.txt")],
        r"train/good: 2 file\(s\) whose names are not those of pictures are not read: 7, lot.zip",
    ),
    "larger than the service takes": (
        lambda p: write(p / "train/good/0.png", np.zeros((40, 8193), np.uint8)),
        "0.png: is 8193 × 40 pixels: the larger side, 8193, is above 8192. Training reads it, but the service refuses",
    ),
    "smaller than the service takes": (
        lambda p: write(p / "train/good/0.png", np.zeros((31, 48), np.uint8)),
        "the smaller side, 31, is below 32",
    ),
    "beside the products": (beside("../0.png"), r"1 picture\(s\) directly in it are not read: 0.png"),
    "deeper": (beside("../more/part/train/good/0.png"), r"more: 1 picture\(s\) are not read: no train or test folder"),
}

TAKEN: dict[str, Callable[[Path], object]] = {
    "as it is": lambda p: None,
    "0 and 1": lambda p: masks_of(p, labels(1)),
    "0 and 240": lambda p: masks_of(p, labels(240)),
    "16 bits": lambda p: masks_of(p, lambda m: m.astype(np.uint16)),
    "one bit": lambda p: masks_of(p, lambda m: m > 0),
    "palette": lambda p: masks_of(p, lambda _: palette_mask([(0, 0, 0), (128, 0, 0)])),
    "coloured": lambda p: masks_of(p, lambda m: np.dstack([m, np.zeros_like(m), np.zeros_like(m)])),
    "opaque alpha": lambda p: masks_of(p, lambda m: np.dstack([m, m, m, np.full_like(m, 255)])),
    "_mask.PNG": rename_masks("ground_truth/scratch/{}_mask.PNG"),
    "_mask.bmp": rename_masks("ground_truth/scratch/{}_mask.bmp"),
    "_mask.tif": rename_masks("ground_truth/scratch/{}_mask.tif"),
    "a photograph whose name looks like that of a mask": lambda p: (
        write(p / "test/scratch/0_label.png", photograph(True)),
        write(p / "ground_truth/scratch/0_label_mask.png", mask()),
    ),
    "files of macOS": lambda p: [
        (p / name).write_bytes(b"\0\5\x16\7")
        for name in ("test/scratch/._0.png", "train/good/._0.png", "ground_truth/scratch/._0_mask.png", "._0.png")
    ],
    "empty masks of good ones": lambda p: (
        write(p / "test/good/0.png", photograph(False)),
        write(p / "ground_truth/good/0_mask.png", mask() * 0),
    ),
}
