"""Each part of TDIA gets one prompt only (paper §3.2)."""

from __future__ import annotations

import pytest
import torch
from conftest import plain_rows

from defectdiffu.model.tdia import TDIA, Prediction, Rows

BACKGROUND, DEFECT, FUSION, FINAL = "background", "defect", "fusion", "final"


@pytest.fixture
def listen(awake):
    """Runs a TDIA and records, part by part, the condition each layer was given and what each block gave."""
    denoiser: TDIA = awake(background_blocks=2, defect_blocks=2, fusion_blocks=2)
    parts = [BACKGROUND] * 2 + [DEFECT] * 2 + [FUSION] * 2
    conditions: dict[str, list[torch.Tensor]] = {}
    outputs: dict[str, list[torch.Tensor]] = {}
    for part, block in [*zip(parts, denoiser.blocks, strict=True), (FINAL, denoiser.final_layer)]:
        block.adaLN_modulation.register_forward_pre_hook(
            lambda _, inputs, part=part: conditions.setdefault(part, []).append(inputs[0])
        )
        block.mlp.register_forward_hook(
            lambda _, __, out, part=part: outputs.setdefault(part, []).append(out)
        ) if part != FINAL else None
    for cross in denoiser.cross_defect:
        cross.cross_attention.to_k.register_forward_pre_hook(
            lambda _, inputs: conditions.setdefault("cross", []).append(inputs[0])
        )
    latent = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))

    def run(rows: Rows) -> tuple[dict, dict, Prediction]:
        conditions.clear()
        outputs.clear()
        with torch.no_grad():
            prediction = denoiser(latent, torch.tensor([200, 800]), rows)
        return dict(conditions), dict(outputs), prediction

    return run


def changed(before: dict, after: dict) -> set[str]:
    """The parts in which every layer heard (or gave) something else; the rest must be equal to the last bit."""
    different = {}
    for part in before:
        same = [torch.equal(a, b) for a, b in zip(before[part], after[part], strict=True)]
        assert all(same) or not any(same), part
        different[part] = not same[0]
    return {part for part, value in different.items() if value}


@pytest.mark.parametrize(
    ("text", "hear", "give"),
    [
        ("background_text", {BACKGROUND}, {BACKGROUND, DEFECT, FUSION}),
        ("defect_text", {DEFECT, "cross"}, {DEFECT, FUSION}),
        ("fusion_text", {FUSION, FINAL}, {FUSION}),
    ],
)
def test_a_prompt_is_heard_by_its_own_part_alone(listen, text, hear, give):
    rows = plain_rows(2)
    heard, gave, _ = listen(rows)
    other_heard, other_gave, _ = listen(rows._replace(**{text: plain_rows(2, seed=9).background_text}))
    assert changed(heard, other_heard) == hear
    assert changed(gave, other_gave) == give  # parts downstream see it through the tokens only


def test_the_fusion_prompt_changes_the_image_and_not_the_mask(listen):
    rows = plain_rows(2)
    before = listen(rows)[2]
    after = listen(rows._replace(fusion_text=plain_rows(2, seed=9).fusion_text))[2]
    assert torch.equal(before.mask_feature, after.mask_feature)
    assert torch.equal(before.attention, after.attention)
    assert (before.output - after.output).abs().max() > 1e-3


def test_the_defect_prompt_changes_the_mask(listen):
    rows = plain_rows(2)
    before = listen(rows)[2]
    after = listen(rows._replace(defect_text=plain_rows(2, seed=9).defect_text))[2]
    assert (before.mask_feature - after.mask_feature).abs().max() > 1e-3


def test_the_final_layer_hears_what_the_fusion_blocks_hear(listen):
    heard = listen(plain_rows(2))[0]
    assert torch.equal(heard[FUSION][0], heard[FINAL][0])
    assert torch.equal(heard[DEFECT][0], heard["cross"][0])
