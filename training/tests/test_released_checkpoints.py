"""Checkpoints of the authors' code and of DiT-XL/2, built here from their published names and shapes, map onto TDIA."""

from __future__ import annotations

import argparse
from dataclasses import replace

import pytest
import torch
from conftest import TINY

from defectdiffu.checkpoints.released_weights import import_released, read_checkpoint
from defectdiffu.config import DenoiserConfig, load_config
from defectdiffu.model.tdia import TDIA

PAPER = load_config("paper").denoiser
PAPER_AT_256 = replace(PAPER, latent_size=32)
CLASSES = 1000


def dit_shapes(c: DenoiserConfig) -> dict[str, tuple[int, ...]]:
    d, p, hidden = c.hidden_size, c.patch_size, int(c.hidden_size * c.mlp_ratio)
    out = p * p * c.latent_channels * (2 if c.learn_sigma else 1)
    shapes = {
        "pos_embed": (1, (c.latent_size // p) ** 2, d),
        "x_embedder.proj": (d, c.latent_channels, p, p),
        "t_embedder.mlp.0": (d, 256),
        "t_embedder.mlp.2": (d, d),
        "final_layer.linear": (out, d),
        "final_layer.adaLN_modulation.1": (2 * d, d),
    }
    for i in range(c.depth):
        shapes |= {
            f"blocks.{i}.attn.qkv": (3 * d, d),
            f"blocks.{i}.attn.proj": (d, d),
            f"blocks.{i}.mlp.fc1": (hidden, d),
            f"blocks.{i}.mlp.fc2": (d, hidden),
            f"blocks.{i}.adaLN_modulation.1": (6 * d, d),
        }
    return shapes


def defect_shapes(c: DenoiserConfig) -> dict[str, tuple[int, ...]]:
    d, maps = c.hidden_size, c.defect_blocks * c.cross_heads
    shapes = {
        "y_embedders": (d, c.text_dim),
        "adapt_mask.mlp.1": (2 * maps, maps),
        "adapt_mask.mlp.2": (maps, 2 * maps),
        "adapt_mask.linear": (c.patch_size**2 * c.latent_channels, maps),
    }
    for i in range(c.defect_blocks):
        shapes |= {f"cross_defect.{i}.cross_attention.to_{x}": (d, d) for x in "qkv"}
    return shapes


def tensors(shapes: dict[str, tuple[int, ...]], device: str) -> dict[str, torch.Tensor]:
    """Each layer's weight and bias (of its first dimension); filled with values that no initialisation has."""
    state = {}
    for i, (name, shape) in enumerate(shapes.items()):
        if name == "pos_embed":
            state[name] = torch.full(shape, 0.25, device=device)
        else:
            state[f"{name}.weight"] = torch.full(shape, 2.0 + i, device=device)
            state[f"{name}.bias"] = torch.full(shape[:1], -2.0 - i, device=device)
    return state


def released(c: DenoiserConfig, device: str = "cpu") -> dict[str, torch.Tensor]:
    return tensors(dit_shapes(c) | defect_shapes(c), device)


def plain_dit(c: DenoiserConfig, device: str = "cpu") -> dict[str, torch.Tensor]:
    table = torch.zeros(CLASSES + 1, c.hidden_size, device=device)
    return tensors(dit_shapes(c), device) | {"y_embedder.embedding_table.weight": table}


def on_meta(config: DenoiserConfig) -> TDIA:
    with torch.device("meta"):
        return TDIA(config)


def millions(module: torch.nn.Module) -> float:
    return sum(p.numel() for p in module.parameters() if p.requires_grad) / 1e6


@pytest.mark.parametrize("config", [PAPER, PAPER_AT_256], ids=["512px", "256px"])
def test_the_checkpoint_of_the_authors_fills_the_whole_paper_preset(config):
    denoiser = on_meta(config)
    state = released(config, "meta")
    report = import_released(denoiser, state, assign=True)
    assert report.kind == "defectdiffu"
    assert set(report.loaded) == set(state) == {name for name, _ in denoiser.named_parameters()}
    assert report.initial == ["adapt_mask.latent_mean", "adapt_mask.latent_std"]
    assert all(
        parameter is not None and parameter.shape == state[n].shape for n, parameter in denoiser.named_parameters()
    )
    assert not denoiser.pos_embed.requires_grad and denoiser.y_embedders.weight.requires_grad


@pytest.mark.parametrize("config", [PAPER, PAPER_AT_256], ids=["512px", "256px"])
def test_plain_dit_fills_everything_except_what_the_paper_adds(config):
    report = import_released(on_meta(config), plain_dit(config, "meta"), assign=True)
    assert report.kind == "dit"
    assert report.dropped == ["y_embedder.embedding_table.weight"]
    assert {name.split(".")[0] for name in report.initial} == {"y_embedders", "cross_defect", "adapt_mask"}
    assert {name.split(".")[0] for name in report.loaded} == {
        "pos_embed", "x_embedder", "t_embedder", "blocks", "final_layer",
    }  # fmt: skip


def test_the_paper_preset_has_the_papers_parameter_counts():
    denoiser = on_meta(PAPER)
    assert millions(denoiser) == pytest.approx(714.8, abs=0.05)
    assert sum(p.numel() for p in denoiser.adapt_mask.parameters()) == 105_456
    assert millions(denoiser.cross_defect) == pytest.approx(39.85, abs=0.005)


@pytest.mark.parametrize("assign", [False, True])
def test_values_go_to_the_layer_of_their_name(assign):
    denoiser = TDIA(TINY)
    state = released(TINY)
    import_released(denoiser, state, assign=assign)
    after = denoiser.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in state.items())
    # The parts are cut by number: the first defect block is blocks.N, its cross-attention cross_defect.0.
    first_defect = denoiser.blocks[TINY.background_blocks]
    assert torch.equal(first_defect.attn.qkv.weight, state[f"blocks.{TINY.background_blocks}.attn.qkv.weight"])


def test_plain_dit_does_not_change_the_added_parts():
    denoiser = TDIA(TINY)
    before = {name: tensor.clone() for name, tensor in denoiser.state_dict().items()}
    report = import_released(denoiser, plain_dit(TINY))
    after = denoiser.state_dict()
    assert report.initial and all(torch.equal(after[name], before[name]) for name in report.initial)
    assert not torch.equal(after["blocks.0.mlp.fc1.weight"], before["blocks.0.mlp.fc1.weight"])


def test_locality_is_not_in_a_released_checkpoint_and_keeps_its_zeros():
    denoiser = TDIA(replace(TINY, locality=True))
    report = import_released(denoiser, released(TINY))
    assert {
        "stem.embed.weight",
        "head.out.weight",
        "blocks.0.local.conv.weight",
        "adapt_mask.refine.out.weight",
    } <= set(report.initial)
    assert not denoiser.blocks[0].local.conv.weight.any()


@pytest.mark.parametrize("wrap", [
    lambda s: {"ema": s, "model": {}, "opt": {}, "args": argparse.Namespace(image_size=256)},
    lambda s: {"model": s, "opt": {"state": {}}},
    lambda s: {"state_dict": {f"module.{name}": tensor for name, tensor in s.items()}},
], ids=["ema", "model", "data-parallel"])  # fmt: skip
def test_containers_are_unwrapped(wrap, tmp_path):
    state = released(TINY)
    torch.save(wrap(state), tmp_path / "checkpoint.pt")
    denoiser = TDIA(TINY)
    import_released(denoiser, read_checkpoint(tmp_path / "checkpoint.pt"))
    assert torch.equal(denoiser.y_embedders.weight, state["y_embedders.weight"])


def test_an_error_names_every_key_that_does_not_fit_and_nothing_is_loaded():
    denoiser = TDIA(TINY)
    before = {name: tensor.clone() for name, tensor in denoiser.state_dict().items()}
    state = released(TINY)
    del state["blocks.1.attn.proj.bias"], state["cross_defect.0.cross_attention.to_k.weight"]
    state["decoder.weight"] = torch.zeros(1)
    state["pos_embed"] = torch.zeros(1, 4, TINY.hidden_size)
    with pytest.raises(ValueError) as caught:
        import_released(denoiser, state)
    message = str(caught.value)
    assert "missing: blocks.1.attn.proj.bias" in message
    assert "missing: cross_defect.0.cross_attention.to_k.weight" in message
    assert "unexpected: decoder.weight" in message
    assert "wrong shape: pos_embed is [1, 4, 32], must be [1, 16, 32]" in message
    assert all(torch.equal(tensor, before[name]) for name, tensor in denoiser.state_dict().items())


def test_a_checkpoint_without_learned_sigma_does_not_fit_the_paper_preset():
    with pytest.raises(
        ValueError, match=r"wrong shape: final_layer\.linear\.weight is \[16, 1152\], must be \[32, 1152\]"
    ):
        import_released(on_meta(PAPER), released(replace(PAPER, learn_sigma=False), "meta"), assign=True)


@pytest.mark.parametrize("document", [{}, {"epoch": 3}, {"model": {"x": 1}}])
def test_a_document_that_is_not_a_state_dict_is_refused(document):
    with pytest.raises(ValueError, match="not a state dict"):
        import_released(TDIA(TINY), document)
