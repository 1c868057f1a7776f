"""Every component of a bundle gives in onnxruntime what PyTorch gives, at any batch and row count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from conftest import TINY
from diffusers import AutoencoderKL
from onnx import TensorProto, helper, numpy_helper

from defectdiffu.config import AutoencoderConfig, TextConfig
from defectdiffu.export.bundle import DENOISER_AXES, MODULATION_AXES, MODULATIONS
from defectdiffu.files.onnx_files import store_as_float16, write_onnx
from defectdiffu.model.autoencoder import build_autoencoder
from defectdiffu.model.components import (
    DecoderComponent,
    DenoiserComponent,
    EncoderComponent,
    ModulationComponent,
    TextComponent,
    round_to_float16,
)
from defectdiffu.model.tdia import TDIA, Rows
from defectdiffu.model.text_encoder import build_text_encoder

CLOSE = 1e-4
# samples, background rows, rows, rows with masks
COUNTS = [(1, 1, 1, 1), (1, 2, 3, 1), (2, 2, 3, 0), (2, 6, 9, 2), (3, 6, 9, 9), (3, 1, 1, 0)]


def rows(b: int, u: int, r: int, k: int, widths: list[int]) -> dict[str, torch.Tensor]:
    g = torch.Generator().manual_seed(100 * b + 10 * u + r)
    modulation = lambda n, part: torch.randn(n, widths[part], generator=g) * 0.3  # noqa: E731
    return {
        "latent": torch.randn(b, 4, 8, 8, generator=g),
        "timestep": torch.randint(0, 1000, (b,), generator=g),
        "background_sample": torch.randint(0, b, (u,), generator=g),
        "background_modulation": modulation(u, 0),
        "row_background": torch.randint(0, u, (r,), generator=g),
        "defect_modulation": modulation(r, 1),
        "fusion_modulation": modulation(r, 2),
        "mask_rows": torch.randperm(r, generator=g)[:k],
    }


def widths_of(denoiser: TDIA) -> list[int]:
    return [sum(part) for part in denoiser.modulation_widths()]


@torch.no_grad()
def worst(module: torch.nn.Module, session: onnxruntime.InferenceSession, inputs: dict[str, torch.Tensor]) -> float:
    expected = module(*inputs.values())
    expected = expected if isinstance(expected, tuple) else (expected,)
    given = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
    assert len(given) == len(expected)
    assert all(a.shape == tuple(b.shape) for a, b in zip(given, expected, strict=True))
    return max(float(np.abs(a - b.numpy()).max(initial=0)) for a, b in zip(given, expected, strict=True))


def sessions(
    module: torch.nn.Module, path: Path, inputs: dict[str, torch.Tensor], axes: dict[str, str], outputs: list[str]
) -> list[onnxruntime.InferenceSession]:
    """Sessions of two graphs with the same rounded weights: stored as float32, and stored as float16."""
    round_to_float16(module)
    write_onnx(module, path, inputs, axes, outputs, float16_weights=False)
    model = onnx.load(str(path))
    store_as_float16(model)
    halved = path.with_suffix(".half.onnx")
    onnx.save_model(model, str(halved))
    return [load(path), load(halved)]


def load(path: Path) -> onnxruntime.InferenceSession:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    "changes",
    [{"learn_sigma": True}, {"prediction": "v", "locality": True, "defect_blocks": 1}],
    ids=["paper", "small preset"],
)
def test_denoiser(awake, tmp_path, changes):
    # Few channels of the mask head's LayerNorm would be ill-conditioned: real models have 48 or 160 of them.
    module = DenoiserComponent(awake(background_blocks=1, cross_heads=8, **changes))
    widths = widths_of(module.denoiser)
    outputs = ["noise", "mask_feature"] + (["variance"] if "learn_sigma" in changes else [])
    for session in sessions(module, tmp_path / "denoiser.onnx", rows(2, 3, 5, 2, widths), DENOISER_AXES, outputs):
        assert [node.name for node in session.get_inputs()] == list(DENOISER_AXES)
        assert [node.name for node in session.get_outputs()] == outputs
        for counts in COUNTS:
            assert worst(module, session, rows(*counts, widths)) <= CLOSE, counts


def test_modulations(awake, tmp_path):
    module = ModulationComponent(awake(locality=True))
    conditions = lambda n: {"timestep": torch.randint(0, 1000, (n,)), "text": texts(n)}  # noqa: E731
    for session in sessions(module, tmp_path / "modulation.onnx", conditions(3), MODULATION_AXES, MODULATIONS):
        for n in (1, 2, 7):
            assert worst(module, session, conditions(n)) <= CLOSE


def texts(n: int, seed: int = 4) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(n, TINY.text_dim, generator=generator), dim=-1)


@torch.no_grad()
@pytest.mark.parametrize("prediction", ["epsilon", "v"])
def test_the_two_graphs_give_noise_and_mask_features_of_the_diffusion_space(awake, prediction):
    denoiser = awake(prediction=prediction, locality=True)
    denoiser.adapt_mask.latent_mean.fill_(2.0)
    denoiser.adapt_mask.latent_std.fill_(3.0)
    latent, timestep = torch.randn(2, 4, 8, 8), torch.tensor([40, 900])
    rows = Rows(torch.tensor([0, 0, 1]), texts(3, 5), torch.tensor([0, 1, 0, 2, 2]), texts(5, 6), texts(5, 7))
    sample = rows.background_sample[rows.row_background]

    modulation = ModulationComponent(denoiser)
    background, _, _ = modulation(timestep[rows.background_sample], rows.background_text)
    _, defect, _ = modulation(timestep[sample], rows.defect_text)
    _, _, fusion = modulation(timestep[sample], rows.fusion_text)
    mrows = torch.tensor([4, 1])
    noise, feature = DenoiserComponent(denoiser)(
        latent, timestep, rows.background_sample, background, rows.row_background, defect, fusion, mrows
    )

    raw = denoiser(latent, timestep, rows)
    ab = torch.from_numpy(np.cumprod(1 - np.linspace(1e-4, 0.02, 1000)))[timestep[sample]].float()[:, None, None, None]
    from_v = ab.sqrt() * raw.output + (1 - ab).sqrt() * latent[sample]
    assert torch.allclose(noise, from_v if prediction == "v" else raw.output, atol=1e-5)
    assert torch.allclose(feature, raw.mask_feature[mrows] * 3 + 2, atol=1e-5)


def test_text_encoder(tmp_path):
    torch.manual_seed(0)
    phrases = ["a photo of tin", "a photo of dent tin", "a photo of good industry"]
    encoder = build_text_encoder(TextConfig(hidden_size=16, heads=2, projection=16), phrases)
    module, ids = TextComponent(encoder), {"input_ids": encoder.ids(phrases)}
    for session in sessions(module, tmp_path / "text.onnx", ids, {"input_ids": "P"}, ["text_embedding"]):
        for n in (1, 2, 3):
            assert worst(module, session, {"input_ids": encoder.ids(phrases[:n])}) <= CLOSE


@pytest.fixture(params=["small", "kl"])
def autoencoder(request, tmp_path):
    torch.manual_seed(0)
    if request.param == "small":
        model = build_autoencoder(AutoencoderConfig(width=8, deep_width=16, blocks=1, deep_blocks=1))
        model.latent_mean.copy_(torch.randn_like(model.latent_mean))
        model.latent_std.copy_(torch.rand_like(model.latent_std) + 0.5)
    else:
        AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            block_out_channels=(4, 8),
            layers_per_block=1,
            norm_num_groups=2,
            scaling_factor=0.18215,
        ).save_pretrained(tmp_path / "vae")
        model = build_autoencoder(AutoencoderConfig(kind="kl", pretrained=str(tmp_path / "vae")))
    return model.eval()


def test_image_decoder_and_encoder(autoencoder, tmp_path):
    image = torch.rand(3, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        latent = torch.randn_like(autoencoder.encode(image))
    for name, module, source, target, example in (
        ("decoder", DecoderComponent(autoencoder), "latent", "image", latent),
        ("encoder", EncoderComponent(autoencoder), "image", "latent", image),
    ):
        for session in sessions(module, tmp_path / f"{name}.onnx", {source: example[:2]}, {source: "B"}, [target]):
            for b in (1, 2, 3):
                assert worst(module, session, {source: example[:b]}) <= CLOSE, (name, b)


def test_kl_latents_carry_the_scaling_factor(tmp_path):
    torch.manual_seed(0)
    vae = AutoencoderKL(block_out_channels=(4,), norm_num_groups=2, scaling_factor=0.5).eval()
    vae.save_pretrained(tmp_path / "vae")
    model = build_autoencoder(AutoencoderConfig(kind="kl", pretrained=str(tmp_path / "vae"))).eval()
    image = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        z = vae.encode(image).latent_dist.mode()
        assert torch.allclose(model.encode(image), z * 0.5, atol=1e-6)
        assert torch.allclose(model.decode(z * 0.5), vae.decode(z).sample, atol=1e-6)
    assert model.scale() == 0.5


def test_weights_are_stored_as_half_only_where_that_is_exact():
    exact = np.random.default_rng(0).standard_normal((32, 32)).astype(np.float16).astype(np.float32)
    inexact, small = exact + np.float32(1e-5), exact[:4, :4]
    initializers = [
        numpy_helper.from_array(a, n) for a, n in ((exact, "exact"), (inexact, "inexact"), (small, "small"))
    ]
    graph = helper.make_graph([], "weights", [], [], initializers)
    model = helper.make_model(graph)
    store_as_float16(model)
    kinds = {t.name: t.data_type for t in model.graph.initializer}
    assert kinds == {"inexact": TensorProto.FLOAT, "small": TensorProto.FLOAT, "exact_half": TensorProto.FLOAT16}
    assert [(n.op_type, n.output[0]) for n in model.graph.node] == [("Cast", "exact")]


def test_weights_may_be_stored_beside_the_graph(tmp_path):
    module = DecoderComponent(build_autoencoder(AutoencoderConfig(width=8, deep_width=8, blocks=1, deep_blocks=1)))
    latent = {"latent": torch.randn(2, 4, 8, 8)}
    write_onnx(module, tmp_path / "d.onnx", latent, {"latent": "B"}, ["image"], False, external_data=True)
    assert (tmp_path / "d.onnx.data").stat().st_size > 10_000
    assert worst(module, load(tmp_path / "d.onnx"), latent) <= CLOSE
