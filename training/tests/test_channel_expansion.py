"""A model gets more latent channels: it keeps what it knows and learns the new channels."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from conftest import PROVENANCE, invoke, run_command

from defectdiffu.checkpoints.channel_expansion import expanded_autoencoder, with_old_weights
from defectdiffu.checkpoints.from_bundle import load_bundle, start_from_bundle
from defectdiffu.checkpoints.runs import Run, load
from defectdiffu.checkpoints.trained_model import load_trained
from defectdiffu.data.layout import read_data_set
from defectdiffu.data.windows import WindowRule
from defectdiffu.export.bundle import export_bundle
from defectdiffu.model.autoencoder import mask_as_image
from defectdiffu.model.tdia import Rows
from defectdiffu.model.training_module import build_training_module
from defectdiffu.sampling.guidance import SampleRequest
from defectdiffu.training.crops import Crops
from defectdiffu.training.latent_cache import load_latent_cache
from defectdiffu.training.train_autoencoder import train_autoencoder


@pytest.fixture(scope="module")
def model(exported):
    return load_bundle(exported)


@pytest.fixture(scope="module")
def larger(model):
    """The configuration with six latent channels instead of four, and a finer end of the decoder."""
    return replace(
        model.config,
        autoencoder=replace(model.config.autoencoder, latent_channels=6, fine_width=8),
        autoencoder_training=replace(model.config.autoencoder_training, steps=80, defect_weight=4.0),
        denoiser=replace(model.config.denoiser, latent_channels=6),
    )


@pytest.fixture(scope="module")
def preset(trained, larger, tmp_path_factory):
    text = (trained / "tiny.toml").read_text()
    text = text.replace("[autoencoder]", "[autoencoder]\nlatent_channels = 6\nfine_width = 8")
    text = text.replace("[denoiser]", "[denoiser]\nlatent_channels = 6")
    path = tmp_path_factory.mktemp("preset") / "larger.toml"
    path.write_text(text.replace("steps = 60", "steps = 80\ndefect_weight = 4.0"))
    return path


@pytest.fixture(scope="module")
def run(trained, exported, preset, tmp_path_factory):
    """The command expanded the model and trained it for eight steps."""
    run = Run(tmp_path_factory.mktemp("grown") / "run")
    run_command("train", "--data", trained / "data", "--run", run.directory, "--preset", preset,
                "--from-bundle", exported, "--steps", 48, "--threads", 1)  # fmt: skip
    return run


def images(count: int = 3, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_an_expanded_encoder_puts_the_old_latents_first(model, larger):
    grown = expanded_autoencoder(model.autoencoder, larger.autoencoder)
    for old, new in zip(model.autoencoder.posterior(images()), grown.posterior(images()), strict=True):
        assert torch.allclose(new[:, :4], old, atol=1e-6)
        assert new.shape[1] == 6


@torch.no_grad()
def test_an_expanded_denoiser_keeps_its_output_and_gives_zero_in_the_new_channels(model, larger):
    old = model.module.denoiser
    torch.manual_seed(3)
    module = build_training_module(larger, model.vocabulary, model.module.text.tokenizer)
    new = with_old_weights(module, model.module).eval().denoiser
    latent = torch.randn(2, 6, 4, 4)
    text = torch.nn.functional.normalize(torch.randn(3, 2, 8), dim=-1)
    each = torch.arange(2)
    rows = Rows(each, text[0], each, text[1], text[2])
    t = torch.tensor([100, 700])
    before, after = old(latent[:, :4], t, rows), new(latent, t, rows)
    assert torch.allclose(after.output[:, :4], before.output, atol=1e-6)
    assert not after.output[:, 4:].any()
    assert torch.allclose(after.mask_feature[:, :4], before.mask_feature, atol=1e-6)
    assert not after.mask_feature[:, 4:].any()


def test_training_keeps_the_first_channels_and_learns_the_others(model, run):
    trained = load_trained(run)
    old, new = model.autoencoder, trained.autoencoder
    with torch.no_grad():
        pictures = torch.cat([images(), mask_as_image(images()[:, 0] > 0)])
        off = (new.encode(pictures)[:, :4] - old.encode(pictures)).square().mean()
    assert off < 0.1  # of the variance, after eighty steps
    assert torch.equal(new.latent_mean[:, :4], old.latent_mean) and torch.equal(new.latent_std[:, :4], old.latent_std)
    assert (new.latent_std[:, 4:] != 1).all()
    assert load_latent_cache(run.latent_cache).latent.shape[1] == 6


def test_statistics_of_the_new_mask_channels_are_measured(model, run):
    grown, old = (each.module.denoiser.adapt_mask.statistics for each in (load_trained(run), model))
    for kept, before, measured in zip(grown, old, load_latent_cache(run.latent_cache).mask_statistics(), strict=True):
        assert torch.equal(kept[:, :4], before)
        assert torch.equal(kept[:, 4:], measured[:, 4:])


def test_an_expanded_model_draws_and_is_exported(run, trained, tmp_path):
    (tmp_path / "provenance.toml").write_text(PROVENANCE)
    bundle = export_bundle(load_trained(run), tmp_path, tmp_path / "provenance.toml")
    assert json.loads((bundle / "bundle.json").read_text())["latent"]["channels"] == 6
    sample = load_bundle(bundle).generator().draw([SampleRequest("tin", "dent", 1, steps=2)])[0]
    assert sample.image.shape == (32, 32, 3)


def test_an_interrupted_expansion_resumes_where_it_stopped(trained, larger, exported, tmp_path, monkeypatch):
    records = read_data_set(trained / "data")
    rules = (WindowRule(window=32), {})

    def grown(name: str, save_every: float = 1e9):
        run = Run(tmp_path / name)
        if not run.autoencoder.exists():
            start_from_bundle(run, exported, larger)
        made = train_autoencoder(run, larger, records, rules, torch.device("cpu"), False, lambda *_: None, save_every)
        return made.state_dict()

    whole = grown("whole")
    draw, calls = Crops.batch, []

    def stopping(self, *arguments):
        calls.append(arguments)
        if len(calls) == 30:
            raise KeyboardInterrupt
        return draw(self, *arguments)

    monkeypatch.setattr(Crops, "batch", stopping)
    with pytest.raises(KeyboardInterrupt):
        grown("cut", save_every=0)
    assert load(tmp_path / "cut" / "autoencoder.pt")["step"] == 29
    went_on = grown("cut")
    assert all(torch.equal(whole[name], tensor) for name, tensor in went_on.items())


def test_a_run_with_untrained_channels_is_not_loaded(trained, larger, exported, tmp_path):
    run = Run(tmp_path / "run")
    start_from_bundle(run, exported, larger)
    with pytest.raises(FileNotFoundError, match="the autoencoder is not trained yet"):
        load_trained(run)
    records = read_data_set(trained / "data")
    rules = (WindowRule(window=32), {})
    quick = replace(larger, autoencoder_training=replace(larger.autoencoder_training, steps=2))
    train_autoencoder(run, quick, records, rules, torch.device("cpu"), False, lambda *_: None, 1e9)
    with pytest.raises(FileNotFoundError, match="new latent channels are not trained yet"):
        load_trained(run)


@pytest.mark.parametrize(
    ("further", "said"), [(["--steps", "40"], "steps is 40, must be above 40"), (["--minutes", "0"], "time was over")]
)
def test_training_too_short_to_reach_the_denoiser_is_refused(trained, exported, preset, tmp_path, further, said):
    options = ("--data", trained / "data", "--preset", preset, "--from-bundle", exported, "--threads", 1)
    result = invoke("train", "--run", tmp_path / "run", *options, *further)
    assert result.exit_code == 1 and said in " ".join(result.output.split())


def test_an_autoencoder_that_does_not_expand_keeps_its_configuration(model, exported, tmp_path):
    other = replace(model.config, autoencoder_training=replace(model.config.autoencoder_training, adversarial_steps=9))
    config = start_from_bundle(Run(tmp_path / "run"), exported, other)
    assert config.autoencoder_training == model.config.autoencoder_training


def test_held_out_pairs_of_the_bundle_stay_out_unless_the_preset_names_pairs(model, exported, tmp_path, monkeypatch):
    held_out = replace(model, config=replace(model.config, held_out_pairs=("felt/dent",)))
    monkeypatch.setattr("defectdiffu.checkpoints.from_bundle.load_bundle", lambda directory: held_out)
    start = lambda name, preset: start_from_bundle(Run(tmp_path / name), exported, preset).held_out_pairs  # noqa: E731
    assert start("kept", model.config) == ("felt/dent",)
    assert start("own", replace(model.config, held_out_pairs=("tin/hole",))) == ("tin/hole",)


@pytest.mark.parametrize(
    ("autoencoder", "denoiser", "said"),
    [
        ({"latent_channels": 3}, {"latent_channels": 3}, "its autoencoder.latent_channels is 4, the preset's 3"),
        ({"latent_channels": 6, "width": 16}, {"latent_channels": 6}, "its autoencoder.width is 8, the preset's 16"),
        ({"fine_width": 8}, {}, "its autoencoder.fine_width is 0, the preset's 8"),
        ({}, {"hidden_size": 32}, "its denoiser.hidden_size is 16, the preset's 32"),
        ({}, {"local_blocks": 2}, "its denoiser.local_blocks is 3, the preset's 2"),
    ],
)
def test_an_error_names_a_setting_that_cannot_expand(model, exported, tmp_path, autoencoder, denoiser, said):
    other = replace(
        model.config,
        autoencoder=replace(model.config.autoencoder, **autoencoder),
        denoiser=replace(model.config.denoiser, **denoiser),
    )
    with pytest.raises(ValueError, match=said):
        start_from_bundle(Run(tmp_path / "run"), exported, other)
    assert not (tmp_path / "run" / "config.json").exists()
