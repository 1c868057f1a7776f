"""The methods that are compared: which synthetic windows a detector sees, and whether it is augmented online."""

from __future__ import annotations

from dataclasses import dataclass

from .sources import SOURCES


@dataclass(frozen=True)
class Method:
    name: str
    description: str
    sources: tuple[str, ...] = ()  # names in SOURCES, in equal shares
    augmented: bool = True
    share: float | None = None  # of the defective windows of a batch that are synthetic; None: that of the plan

    @property
    def needs_defective(self) -> bool:
        return not self.sources or any(SOURCES[name].needs_defective for name in self.sources)

    @property
    def needs_bundle(self) -> bool:
        return any(SOURCES[name].needs_bundle for name in self.sources)

    @property
    def needs_known_product(self) -> bool:
        return any(SOURCES[name].needs_bundle and SOURCES[name].knows_product for name in self.sources)

    @property
    def needs_donors(self) -> bool:
        return any(SOURCES[name].needs_donors for name in self.sources)

    def reason_against(self, shots: str, bundle: bool, donors: bool) -> str | None:
        """Why the method has nothing to train on; None where it has."""
        if shots == "0" and self.needs_defective:
            return "needs real defective photographs"
        if self.needs_bundle and not bundle:
            return "needs a bundle"
        if self.needs_donors and not donors:
            return "needs defective photographs of other products"
        return None


REFERENCE = "real + augmentation"
ZERO_SHOT_REFERENCE = "CutPaste + augmentation"  # where there is nothing real to train on
_OURS = "samples of the bundle"
METHODS = {
    method.name: method
    for method in (
        Method(
            "real without augmentation",
            "real windows: fresh crops, with the flips and turns of the product's rule alone",
            augmented=False,
        ),
        Method(REFERENCE, "real windows with online augmentation"),
        Method("copy-paste + augmentation", "real defects, pasted on normal windows", ("copy-paste",)),
        Method(
            "transplanted + augmentation",
            "real defects, varied, laid where their surroundings fit, and blended",
            ("transplanted",),
        ),
        Method(
            "transplanted anywhere + augmentation",
            "real defects, varied more, laid at any place, and blended",
            ("transplanted anywhere",),
        ),
        Method(
            "transplanted, anywhere + augmentation",
            "half where they fit, half anywhere",
            ("transplanted", "transplanted anywhere"),
        ),
        Method("transplanted, copy-paste + augmentation", "half of each", ("transplanted", "copy-paste")),
        Method("harmonised + augmentation", "transplanted defects, harmonised by the bundle", ("harmonised",)),
        Method(
            "transferred + augmentation",
            "real defects of other products, varied, laid at any place, and blended",
            ("transferred",),
        ),
        Method(
            "transplanted anywhere, transferred + augmentation",
            "half of each",
            ("transplanted anywhere", "transferred"),
        ),
        Method("transferred, copy-paste + augmentation", "half of each", ("transferred", "copy-paste")),
        Method(
            "transplanted anywhere, transferred, CutPaste + augmentation",
            "a third of each",
            ("transplanted anywhere", "transferred", "CutPaste"),
        ),
        Method(
            "transplanted anywhere, transferred, photographs of others + augmentation",
            "a third of each",
            ("transplanted anywhere", "transferred", "photographs of others"),
        ),
        Method(
            "copy-paste, three quarters + augmentation",
            "copy-paste, three quarters of the defective windows",
            ("copy-paste",),
            share=0.75,
        ),
        Method(
            "transplanted anywhere, transferred, photographs of others, three quarters + augmentation",
            "a third of each, together three quarters of the defective windows",
            ("transplanted anywhere", "transferred", "photographs of others"),
            share=0.75,
        ),
        Method(
            "drawn, transferred + augmentation",
            "defects that the bundle drew on other products, laid as transferred ones",
            ("drawn, transferred",),
        ),
        Method("CutPaste + augmentation", "patches of normal windows, pasted elsewhere", ("CutPaste",)),
        Method(
            "photographs of others + augmentation",
            "defective photographs of other products, as they are: the control of transferred defects",
            ("photographs of others",),
        ),
        Method("photographs of others, CutPaste + augmentation", "half of each", ("photographs of others", "CutPaste")),
        Method("copy-paste, CutPaste + augmentation", "half of each", ("copy-paste", "CutPaste")),
        Method("transferred, CutPaste + augmentation", "half of each", ("transferred", "CutPaste")),
        Method(
            "transferred, photographs of others, CutPaste + augmentation",
            "a third of each",
            ("transferred", "photographs of others", "CutPaste"),
        ),
        Method("drawn, transferred, CutPaste + augmentation", "half of each", ("drawn, transferred", "CutPaste")),
        Method("Perlin + augmentation", "textures through Perlin masks on normal windows", ("Perlin",)),
        Method("from noise + augmentation", f"{_OURS}, drawn from noise", ("from noise",)),
        Method("on twins + augmentation", f"{_OURS}, drawn on their normal twins", ("on twins",)),
        Method("on photographs + augmentation", f"{_OURS}, drawn on normal photographs", ("on photographs",)),
        Method(
            "on photographs, outlined + augmentation",
            f"{_OURS}, drawn on normal photographs, as large as real defects, with outlines for masks",
            ("on photographs, outlined",),
        ),
        Method(
            "on photographs, filtered + augmentation",
            "the same, less the pixels that a segmenter of real windows finds implausible; hard samples more often",
            ("on photographs, filtered",),
        ),
        Method(
            "from noise, filtered + augmentation",
            f"{_OURS}, drawn from noise, filtered in the same way",
            ("from noise, filtered",),
        ),
        Method("from noise, copy-paste + augmentation", "half of each", ("from noise", "copy-paste")),
        Method("on photographs, copy-paste + augmentation", "half of each", ("on photographs", "copy-paste")),
    )
}
