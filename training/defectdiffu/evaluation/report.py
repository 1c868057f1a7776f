"""The figures of an evaluation as a Markdown page with plots."""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path

from ..config import UNSEEN, UNSEEN_SINCE
from ..files.atomic import write_text
from .nearest_photographs import CLOSEST
from .plan import VALIDATION
from .plots import plot_detectors, plot_strength
from .reconstruction import WINDOWS
from .results_store import ResultsStore
from .tables import columned, detector_table, detectors, pair_table, table

OLD_KERNEL_NAMES = {"FID": "KID", "Fréchet distance": "kernel distance"}  # for figures from before the name was stored
ON_VALIDATION = (
    "**On the validation part**: photographs of the train split replace the test split wherever this page names it."
)
KNOWN = {
    UNSEEN: "The model has never seen them.",
    UNSEEN_SINCE: "The model was trained without them, but started from a bundle that had learnt them: compare only "
    "candidates that started from the same bundle; their figures are too good.",
}
CLOSEST_SHEET = (
    "The closest samples of each pair, each beside the nearest window of the train split (the flagged ones and their "
    "photographs: `flagged` in figures.json):",
    "",
    f"![Samples beside the nearest windows]({CLOSEST})",
    "",
)
DETECTOR_FIGURES = {"miou": "mIoU", "iou": "IoU of the defect", "f1": "F1", "ap": "AP", "auroc": "AUROC"}


def write_report(results: ResultsStore, out: Path) -> Path:
    """Writes out/README.md and its plots from the results store."""
    settings = results.document["settings"]
    page = [f"# Evaluation of {results.measured_model}", ""]
    if settings.get("split") == VALIDATION:
        page += [f"{ON_VALIDATION} {KNOWN[settings['validation']]}", ""]
    for section, write in WRITERS.items():
        if not results.section(section):
            continue
        head, *lines = write(results, out)
        if results.measured(section) != [results.measured_model]:
            head += f"\n\nMeasured on {'; and on '.join(results.measured(section))}."
        page += [head, *lines]
    page += ["## Settings", "", *table(("setting", "value"), [(k, f"`{v}`") for k, v in settings.items()]), ""]
    path = out / "README.md"
    write_text(path, "\n".join(page))
    return path


def _quality(results: ResultsStore, out: Path) -> list[str]:
    figures = results.section("quality")
    names = results.section("names")["quality"]
    columns = {
        names["frechet"]: lambda f: f"{f['frechet']:.3g}",
        "… of real": lambda f: f"{f['frechetOfReal']:.3g}",
        names.get("kernel") or OLD_KERNEL_NAMES[names["frechet"]]: lambda f: f"{f['kernel']:.3g}",
        "… of real ": lambda f: f"{f['kernelOfReal']:.3g}",
        names["perceptual"]: lambda f: f"{f['diversity']:.3g}",
        " … of real": lambda f: f"{f['diversityOfReal']:.3g}",
        "nearest seen": lambda f: f"{f['nearest']:.3g}",
        " … of real ": lambda f: f"{f['nearestOfReal']:.3g}",
        "copies": lambda f: str(f["copies"]),
    }
    return [
        "## Quality and diversity",
        "",
        "Samples against real windows of the test split.",
        "",
        "- *of real*: the same figure for real windows of the train split, the best possible value;",
        "- *nearest seen*: perceptual distance to the nearest window of the train split, for samples and for real "
        "windows that were never trained on;",
        "- *copies*: samples nearer than 99 % of those.",
        "",
        *columned("pair", columns, figures),
        "",
        *(CLOSEST_SHEET if (out / CLOSEST).exists() else []),
    ]


def _masks(results: ResultsStore, out: Path) -> list[str]:
    real, drawn = results.section("masks on real defects"), results.section("masks of samples")
    both = {name: {**figures, **real.get(name, {})} for name, figures in drawn.items()}
    keys = {
        "iou": "IoU on real defects",
        "iouKnowingProduct": "… knowing the product",
        "agreement": "IoU with the change",
        "localisation": "change inside : outside",
        "empty": "empty",
    }
    return ["## Masks", "", *pair_table(keys, both), ""]


def _autoencoder(results: ResultsStore, out: Path) -> list[str]:
    products, pairs = results.section("autoencoder"), results.section("autoencoder in defects")
    return [
        "## What the autoencoder alone loses",
        "",
        f"{WINDOWS} windows per product from defective photographs of the test split, with equal shares of its "
        "defects, encoded and decoded: PSNR of the image in dB, and IoU of the mask.",
        "",
        *pair_table({"psnr": "PSNR of the image", "maskIou": "IoU of the mask"}, products, "product"),
        "",
        f"Inside the defect, {WINDOWS} windows per pair: mean absolute error of the image, of 255.",
        "",
        *pair_table({"error": "error inside the defect"}, pairs),
        "",
    ]


def _judgement(results: ResultsStore, out: Path) -> list[str]:
    figures = results.section("judgement")
    keys = {
        "agreement": "IoU with the mask",
        "found": "found",
        "foundOfSurer": "… of the surer",
        "foundInTwins": "… in normal twins",
        "agreementOfReal": "IoU on real defects",
        "foundOfReal": "found in real defects",
    }
    return [
        "## What a segmenter finds that was trained on real photographs only",
        "",
        "*found*: it marks a quarter of the mask or more. The next columns give the same for the samples with the "
        "surer mask (`confidence`) of two neighbours in strength, for the normal twins of all samples, which show no "
        "defect, and for real defects of the test split. Pairs that the model was never trained on (zero-shot) have a "
        "segmenter of their own, trained only on their photographs.",
        "",
        *pair_table(keys, figures),
        "",
    ]


LEGEND = (
    "- *shown*: visible and in agreement within the attempts;",
    "- *visibility*: mean change inside the mask, of 255;",
    "- *agreement*: IoU of the mask with what changed at least half as much;",
    "- *IoU with the change*: of the mask with where the image differs from the one before, by an iterative threshold "
    "as under Masks;",
    "- *seam*: mean change on the border of what changed, of 255;",
    "- *found*: by the segmenter that was trained on real photographs only.",
)


def _twins(results: ResultsStore, out: Path) -> list[str]:
    return [
        "## Defects on normal twins",
        "",
        "Samples from noise, on the image that the model draws from the same seed without a defect, so that only the "
        "defect differs.",
        "",
        *LEGEND,
        "",
        *_composed(results, "twins", "… in the twins"),
        "",
    ]


def _photographs(results: ResultsStore, out: Path) -> list[str]:
    seam = results.section("names").get("seam")
    notes = ["For the columns, see the section above."] if results.section("twins") else [*LEGEND]
    if seam and seam["accuracy"] is not None:
        right = f"{100 * seam['accuracy']:.0f} % of the cases"
        note = f"A classifier of the surroundings of the defects is right in {right}; chance is 50 %."
        notes = [f"{notes[0]} {note}"] if len(notes) == 1 else [*notes, "", note]
    return [
        "## Defects on photographs of good parts",
        "",
        *notes,
        "",
        *_composed(results, "photographs", "… in the photographs"),
        "",
    ]


def _composed(results: ResultsStore, section: str, found_before: str) -> list[str]:
    """The table of photograph_figures, with what the segmenter finds in real defects."""
    figures = results.section(section)
    keys = {
        "shown": "shown",
        "shownAtOnce": "… at once",
        "visibility": "visibility",
        "agreement": "agreement",
        "change": "IoU with the change",
        "seam": "seam",
        "found": "found",
        "foundInPhotographs": found_before,
        "foundOfReal": "found in real defects",
    }
    # Only from the same segmenter: the figures of another model belong to another evaluation.
    same = results.measured(section) == results.measured("judgement")
    segmenter_figures = results.section("judgement") if same else {}
    both = {
        name: {**f, "foundOfReal": segmenter_figures.get(name, {}).get("foundOfReal")} for name, f in figures.items()
    }
    both = {name: {key: value for key, value in f.items() if value is not None} for name, f in both.items()}
    return pair_table({key: head for key, head in keys.items() if any(key in f for f in both.values())}, both)


def _strength(results: ResultsStore, out: Path) -> list[str]:
    figures = results.section("strength")
    plot_strength(figures, out / "strength.png")
    monotone = sum(f["changeMonotone"] for f in figures.values())
    areas = sum(f["areaMonotone"] for f in figures.values())
    return [
        "## Strength",
        "",
        f"The visible change rises with w_d for {monotone} of {len(figures)} pairs, and the area of the mask for "
        f"{areas}.",
        "",
        "![Visible change and mask area against the strength](strength.png)",
        "",
    ]


def _downstream(results: ResultsStore, out: Path) -> list[str]:
    figures = results.section("downstream")
    lines = ["## A UNet per product, trained on real windows and with synthetic ones added", ""]
    for key, name in DETECTOR_FIGURES.items():
        lines += [f"### {name}", "", *detectors(detector_table(figures, itemgetter(key))), ""]
    plot_detectors(detector_table(figures, lambda f: f["miou"]), "mIoU", out / "downstream.png")
    return [*lines, "![mIoU per product and method](downstream.png)", ""]


def _classification(results: ResultsStore, out: Path) -> list[str]:
    figures = results.section("classification")
    head = "## A ResNet per product: defective or normal, balanced accuracy"
    return [head, "", *detectors(detector_table(figures, float)), ""]


WRITERS = {
    "quality": _quality,
    "masks of samples": _masks,
    "autoencoder": _autoencoder,
    "judgement": _judgement,
    "twins": _twins,
    "photographs": _photographs,
    "strength": _strength,
    "downstream": _downstream,
    "classification": _classification,
}
