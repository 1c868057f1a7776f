"""The decoder of masks: learnt from the image decoder, kept in the bundle and in what is trained on from it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import invoke, run_command
from tiny_settings import PROVENANCE

from defectdiffu.checkpoints.from_bundle import load_bundle, start_from_bundle
from defectdiffu.checkpoints.runs import Run
from defectdiffu.checkpoints.trained_model import TrainedModel, load_trained
from defectdiffu.distillation.mask_decoder import mask_decoder_quality, train_mask_decoder
from defectdiffu.distillation.mask_examples import MaskExamples, decoded_examples, encoded_masks, random_mask
from defectdiffu.export.bundle import write_bundle
from defectdiffu.export.manifest import read_provenance
from defectdiffu.model.mask_decoder import MaskDecoder
from defectdiffu.model.turbo_modulation import TurboModulation
from defectdiffu.quantisation.graph_generator import open_graph
from defectdiffu.sampling.generator import Generator
from defectdiffu.sampling.guidance import TURBO, SampleRequest
from defectdiffu.sampling.masks import soft_mask

silent = lambda *_: None  # noqa: E731


@pytest.fixture(scope="module")
def with_decoder(exported, tmp_path_factory) -> Path:
    bundle = tmp_path_factory.mktemp("masks") / "tiny" / "0.1.0"
    shutil.copytree(exported, bundle)
    run_command("distil-masks", "--bundle", bundle, "--minutes", 0.05, "--least-iou", 0)
    return bundle


def test_the_decoder_learns_what_the_image_decoder_makes_of_a_mask():
    torch.manual_seed(0)
    decoder, examples = MaskDecoder(4), _disks(256)
    untrained = mask_decoder_quality(decoder, examples)["maskIou"]
    ticks = iter(range(10_000))
    train_mask_decoder(decoder, examples, 150, 0, silent, clock=lambda: next(ticks))
    assert mask_decoder_quality(decoder, examples)["maskIou"] > max(0.8, untrained + 0.3)


def _disks(count: int) -> MaskExamples:
    """Disks of 8 x 8 cells, and features in whose channels they lie."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:64, :64]
    centres, radii = rng.uniform(16, 48, (count, 2, 1, 1)), rng.uniform(6, 16, (count, 1, 1))
    disks = torch.from_numpy((y - centres[:, 0]) ** 2 + (x - centres[:, 1]) ** 2 <= radii**2).float()[:, None]
    inside = torch.nn.functional.avg_pool2d(disks, 4)  # [n, 1, 16, 16]
    return MaskExamples(torch.nn.functional.pixel_unshuffle(inside, 2), (2 * disks - 1).half())


def test_a_decoder_that_learnt_too_little_is_not_added(exported, tmp_path):
    shutil.copytree(exported, bundle := tmp_path / "0.1.0")
    result = invoke("distil-masks", "--bundle", bundle, "--minutes", 0, "--least-iou", 1)
    assert result.exit_code == 1 and "less than --least-iou, 1; the bundle is as it was" in result.output
    assert sorted(path.name for path in bundle.iterdir()) == sorted(path.name for path in exported.iterdir())


def test_the_manifest_says_how_it_was_made(with_decoder):
    manifest = json.loads((with_decoder / "bundle.json").read_text(encoding="utf-8"))
    assert manifest["components"]["mask_decoder"]["outputs"] == ["soft_mask"]
    assert set(manifest["maskDecoder"]["quality"]) == {"maskIou", "fifthPercentile", "least"}
    assert manifest["maskDecoder"]["trainingSteps"] > 0


def test_the_graph_computes_what_the_module_does(with_decoder):
    model = load_bundle(with_decoder)
    decoder, config = model.mask_decoder, model.config.denoiser
    assert decoder is not None
    feature = torch.randn(3, config.latent_channels, config.latent_size, config.latent_size)
    (given,) = open_graph(with_decoder / "mask_decoder.onnx", 1).run(None, {"latent": feature.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(decoder(feature).numpy(), given, atol=1e-4)


def test_the_students_masks_are_its_own_and_all_else_is_as_before(with_decoder, exported):
    model, before = load_bundle(with_decoder), load_bundle(exported)
    assert model.mask_decoder is not None
    own = _with_student(model)
    taught = SampleRequest("tin", "dent", 1, 2.0, steps=4)
    np.testing.assert_array_equal(own.draw([taught])[0].soft, before.generator().draw([taught])[0].soft)
    request = replace(taught, sampler=TURBO)
    (sample,), (other,) = own.draw([request]), _with_student(before).draw([request])
    np.testing.assert_array_equal(sample.image, other.image)
    with torch.no_grad():
        soft = soft_mask(model.mask_decoder(own.mask_features([request])).numpy())
    np.testing.assert_allclose(sample.soft, soft[0], atol=1e-5)


def _with_student(model: TrainedModel) -> Generator:
    """It has learnt nothing, and draws as its teacher's denoiser does in so few rows."""
    return model.generator(turbo=TurboModulation(model.module.denoiser))


def test_what_is_trained_on_from_the_bundle_keeps_it(with_decoder, tmp_path):
    (tmp_path / "provenance.toml").write_text(PROVENANCE)
    run = Run(tmp_path / "run")
    start_from_bundle(run, with_decoder)
    written = write_bundle(load_trained(run), tmp_path / "again", read_provenance(tmp_path / "provenance.toml"))
    kept, own = load_bundle(written).mask_decoder, load_bundle(with_decoder).mask_decoder
    assert kept is not None and own is not None
    for name, tensor in own.state_dict().items():
        torch.testing.assert_close(kept.state_dict()[name], tensor)


def test_examples_are_what_the_image_decoder_gives(exported):
    autoencoder, rng = load_bundle(exported).autoencoder, np.random.default_rng(0)
    features = encoded_masks(autoencoder, 64, rng)
    examples = decoded_examples(autoencoder, features)
    with torch.no_grad():
        wanted = autoencoder.decode(features[:3]).clamp(-1, 1).mean(1)
    np.testing.assert_allclose(examples.grey[:3, 0].float().numpy(), wanted.numpy(), atol=2e-3)


def test_a_random_mask_covers_a_share_as_defects_do():
    shares = [random_mask(64, np.random.default_rng(seed)).mean() for seed in range(50)]
    assert 0.001 < min(shares) < 0.02 and 0.2 < max(shares) < 0.45
