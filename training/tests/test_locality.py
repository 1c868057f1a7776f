"""The optional convolutions beside the DiT blocks: they are off by default and start at zero."""

from __future__ import annotations

from dataclasses import replace

import torch
from conftest import TINY, plain_rows

from defectdiffu.model.tdia import TDIA

RELEASED_PARTS = {
    "pos_embed", "x_embedder", "t_embedder", "y_embedders", "blocks", "cross_defect", "adapt_mask", "final_layer",
}  # fmt: skip


def test_without_locality_there_are_only_released_names():
    names = [name for name, _ in TDIA(TINY).named_parameters()]
    assert {name.split(".")[0] for name in names} == RELEASED_PARTS
    assert not [name for name in names if ".local" in name or "refine" in name]


@torch.no_grad()
def test_at_initialisation_locality_does_not_change_the_output(awake):
    plain = awake()
    local = TDIA(replace(TINY, locality=True)).eval()
    unknown = local.load_state_dict(plain.state_dict(), strict=False)
    assert unknown.missing_keys and not unknown.unexpected_keys
    latent, timestep, rows = torch.randn(3, 4, 8, 8), torch.tensor([0, 400, 999]), plain_rows(3)
    for a, b in zip(plain(latent, timestep, rows), local(latent, timestep, rows), strict=True):
        assert (a is None and b is None) or torch.equal(a, b)


@torch.no_grad()
def test_trained_locality_changes_the_output_and_the_mask(awake):
    local = awake(locality=True)
    plain = TDIA(TINY).eval()
    plain.load_state_dict(local.state_dict(), strict=False)
    latent, timestep, rows = torch.randn(3, 4, 8, 8), torch.tensor([0, 400, 999]), plain_rows(3)
    with_it, without = local(latent, timestep, rows), plain(latent, timestep, rows)
    assert (with_it.output - without.output).abs().max() > 0.01
    assert (with_it.mask_feature - without.mask_feature).abs().max() > 0.01


@torch.no_grad()
def test_a_mask_head_that_reads_the_image_follows_it_where_the_maps_do_not(awake):
    latent, timestep, rows = torch.randn(1, 4, 8, 8), torch.tensor([50]), plain_rows(1)
    seeing = awake(locality=True, mask_reads_picture=True)
    maps = torch.rand(1, 16, 4)
    pictures = torch.randn(2, 8, 8, 8)
    masks = [seeing.adapt_mask(maps, picture[None]) for picture in pictures]
    assert (masks[0] - masks[1]).abs().max() > 0.01
    blind = awake(locality=True)
    assert torch.equal(blind.adapt_mask(maps, pictures[:1]), blind.adapt_mask(maps, pictures[1:]))
    assert seeing(latent, timestep, rows).mask_feature.shape == (1, 4, 8, 8)
