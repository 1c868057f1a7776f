"""Which parameters each part of the loss trains."""

from __future__ import annotations

import pytest
import torch
from conftest import plain_rows

from defectdiffu.config import TextConfig, TrainingConfig
from defectdiffu.model.tdia import TDIA
from defectdiffu.model.text_encoder import Prompts, build_text_encoder
from defectdiffu.model.training_module import TrainingModule
from defectdiffu.training.batches import BatchBuilder
from defectdiffu.training.latent_cache import LatentCache

# A softmax does not change when all its inputs rise alike, so these biases cannot matter:
INERT = ("to_q.bias", "k_proj.bias")


@pytest.fixture
def step(awake):
    """Parameters after one backward pass of the whole loss on a mixed batch."""

    def run(**changes) -> TrainingModule:
        denoiser = awake(**changes)
        pairs = [("tin", "dent"), ("tin", "good")]
        cache = LatentCache(
            pairs=pairs,
            pair=torch.tensor([0, 0, 1, 1]),
            latent=torch.randn(4, 4, 8, 8).half(),
            mask_latent=torch.randn(4, 4, 8, 8).half(),
            mask=torch.zeros(4, 8, 8).half(),
            black=torch.zeros(4, 8, 8),
        )
        cache.mask[:2, 2:5, 3:5] = 1  # half a token row more than nothing: R between its bounds
        config = TrainingConfig(
            image_size=64, denoiser=denoiser.config, text=TextConfig(hidden_size=16, heads=2, projection=16)
        )
        phrases = Prompts(config.prompts).every(["tin"], ["dent"])
        module = TrainingModule(denoiser, build_text_encoder(config.text, phrases))
        builder = BatchBuilder(config, cache, denoiser)
        batch = builder.make(torch.arange(4).repeat(4).numpy(), 0)
        prediction = module(module.text.ids(builder.phrases), batch.phrases, batch.latent, batch.timestep)
        builder.loss(prediction, batch, denoiser.grid).total.backward()
        return module

    return run


@pytest.mark.parametrize(
    "changes",
    [{}, {"locality": True, "prediction": "v"}, {"locality": True, "mask_reads_picture": True}],
    ids=["plain", "with locality", "with a mask head that reads the picture"],
)
def test_the_loss_reaches_every_trainable_parameter(step, changes):
    module = step(**changes)
    unreached = [
        name
        for name, p in module.named_parameters()
        if p.requires_grad and not name.endswith(INERT) and (p.grad is None or not p.grad.abs().max() > 1e-9)
    ]
    assert unreached == []


def test_the_position_embeddings_are_frozen(step):
    denoiser = step().denoiser
    assert denoiser.pos_embed.grad is None
    assert [name for name, p in denoiser.named_parameters() if not p.requires_grad] == ["pos_embed"]


def test_the_mask_loss_reaches_the_cross_attention_and_not_the_fusion_blocks(awake):
    denoiser: TDIA = awake()
    prediction = denoiser(torch.randn(2, 4, 8, 8), torch.tensor([300, 700]), plain_rows(2))
    prediction.mask_feature.square().mean().backward()
    reached = {name for name, p in denoiser.named_parameters() if p.grad is not None and p.grad.any()}
    config = denoiser.config
    for i in range(config.defect_blocks):
        assert f"cross_defect.{i}.cross_attention.to_q.weight" in reached
        assert f"cross_defect.{i}.cross_attention.to_k.weight" in reached
    assert {"adapt_mask.mlp.1.weight", "adapt_mask.mlp.2.weight", "adapt_mask.linear.weight"} <= reached
    assert {"x_embedder.proj.weight", "blocks.0.attn.qkv.weight"} <= reached
    fusion = [f"blocks.{i}." for i in range(config.background_blocks + config.defect_blocks, config.depth)]
    assert not [name for name in reached if name.startswith((*fusion, "final_layer."))]


def test_the_noise_loss_does_not_train_the_mask_head(awake):
    denoiser: TDIA = awake()
    denoiser(torch.randn(2, 4, 8, 8), torch.tensor([300, 700]), plain_rows(2)).output.square().mean().backward()
    assert all(p.grad is None for p in denoiser.adapt_mask.parameters())
    assert denoiser.cross_defect[0].cross_attention.to_q.weight.grad.any()


def test_a_frozen_text_encoder_gets_no_gradient(awake):
    denoiser = awake()
    text = build_text_encoder(TextConfig(hidden_size=16, heads=2, projection=16), ["a photo of tin"])
    text.model.requires_grad_(False)
    module = TrainingModule(denoiser, text)
    prediction = module(
        text.ids(["a photo of tin"]), torch.zeros(3, 1, dtype=int), torch.randn(1, 4, 8, 8), torch.tensor([5])
    )
    prediction.output.mean().backward()
    assert all(p.grad is None for p in text.parameters())


def test_checkpointing_changes_no_gradient(awake):
    def gradients(checkpointing: bool) -> dict[str, torch.Tensor]:
        denoiser = awake(locality=True)
        denoiser.checkpointing = checkpointing
        latent = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(3))
        prediction = denoiser(latent, torch.tensor([300, 700]), plain_rows(2))
        (prediction.output.square().mean() + prediction.mask_feature.square().mean()).backward()
        return {name: p.grad for name, p in denoiser.named_parameters() if p.grad is not None}

    kept, computed_anew = gradients(False), gradients(True)
    assert kept.keys() == computed_anew.keys()
    assert all(torch.equal(kept[name], computed_anew[name]) for name in kept)


def test_checkpointing_stores_fewer_activations(awake):
    def kept(checkpointing: bool) -> int:
        denoiser = awake(background_blocks=6)
        denoiser.checkpointing = checkpointing
        sizes = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t: sizes.append(t.numel()) or t, lambda t: t):
            denoiser(torch.randn(8, 4, 8, 8), torch.full((8,), 300), plain_rows(8)).output.mean()
        return sum(sizes)

    assert kept(True) < kept(False) / 3
