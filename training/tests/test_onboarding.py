"""A new product joins a bundle: its words get token ids, known words keep theirs, and known products are replayed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
import torch
from conftest import PROVENANCE, copy_graphs, invoke, make_data_set, run_command
from onboarding_command import make_brass, options

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.checkpoints.runs import Run, load
from defectdiffu.checkpoints.trained_model import load_trained
from defectdiffu.training.latent_cache import load_latent_cache
from defectdiffu.training.onboarding import onboarding_config
from defectdiffu.training.onboarding_plan import OnboardingPlan


@pytest.fixture
def brass(tmp_path):
    return make_brass(tmp_path / "brass")


@pytest.fixture
def untrained(monkeypatch):
    """Onboarding prepares the run but does not train it."""
    monkeypatch.setattr("defectdiffu.training.onboarding.train_denoiser", lambda *arguments, **options: None)


def test_a_new_product_joins_and_the_exported_bundle_knows_all_products(exported, brass, tmp_path, monkeypatch):
    run = tmp_path / "run"
    result = invoke(*options(exported, brass, run), "--steps", 3)
    assert result.exit_code == 0, result.output
    assert f"Next: defectdiffu-train export --run {run} --provenance" in result.output
    before, after = load_bundle(exported), load_trained(Run(run))
    assert set(before.vocabulary.pairs) < set(after.vocabulary.pairs)
    assert {("brass ring", "dent"), ("brass ring", "rust"), ("brass ring", "good")} <= set(after.vocabulary.pairs)
    assert after.step == before.step + 3
    (tmp_path / "provenance.toml").write_text(PROVENANCE)
    copy_graphs(exported, monkeypatch, traced=("text_encoder",))  # the component that new words change
    run_command("export", "--run", run, "--provenance", tmp_path / "provenance.toml", "--models", tmp_path / "models")
    again = load_bundle(tmp_path / "models" / "tiny" / "0.2.0")
    assert again.vocabulary == after.vocabulary
    phrase = ["a photo of rust brass ring"]
    assert 1 not in again.module.text.ids(phrase)[0]  # <unk>
    assert 1 in before.module.text.ids(phrase)[0]


def test_known_words_keep_their_embeddings_before_training(exported, brass, tmp_path, untrained):
    run = Run(tmp_path / "run")
    assert invoke(*options(exported, brass, run.directory)).exit_code == 0
    before, after = load_bundle(exported), load_trained(run)
    phrases = ["a photo of tin", "a photo of dent", "a photo of scratch felt", "a photo of good industry"]
    with torch.no_grad():
        assert torch.equal(before.module.text.encode(phrases), after.module.text.encode(phrases))
        assert not torch.equal(*after.module.text.encode(["a photo of brass", "a photo of rust"]))


def test_without_photographs_known_products_are_replayed_from_samples(exported, brass, tmp_path, untrained):
    run = Run(tmp_path / "run")
    assert invoke(*options(exported, brass, run.directory)).exit_code == 0
    cache = load_latent_cache(run.latent_cache)
    of = lambda *pair: int((cache.pair == cache.pairs.index(pair)).sum())  # noqa: E731
    assert of("tin", "good") == OnboardingPlan().samples_per_pair
    assert 0 < of("felt", "hole") <= OnboardingPlan().samples_per_pair
    assert of("brass ring", "rust") == 8  # bank.defect_windows of the tiny preset


def test_with_photographs_known_products_are_replayed_from_photographs(exported, brass, tmp_path, untrained):
    run, old = Run(tmp_path / "run"), make_data_set(tmp_path / "old")
    result = invoke(*options(exported, brass, run.directory), "--replay", old)
    assert result.exit_code == 0, result.output
    cache = load_latent_cache(run.latent_cache)
    assert int((cache.pair == cache.pairs.index(("tin", "dent"))).sum()) == OnboardingPlan().windows_per_pair


def test_an_interrupted_onboarding_resumes(exported, brass, tmp_path):
    run = tmp_path / "run"
    assert invoke(*options(exported, brass, run), "--steps", 2).exit_code == 0
    state = load(Run(run).denoiser)
    shutil.rmtree(brass)  # what it needs is in the run
    result = invoke(*options(exported, brass, run), "--steps", 2)
    assert result.exit_code == 0, result.output
    assert load(Run(run).denoiser)["step"] == state["step"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("--steps", 1), "steps is 1, but"),
        (("--version", "0.3.0"), "version is 0.3.0, but"),
        (("--new-share", 0.25), "new_share is 0.25, but"),
        (("--products", "brass ring"), "products is ['brass ring'], but"),
        (("--replay", "elsewhere"), "replay is"),
    ],
)
def test_a_repeated_call_with_another_option_is_refused_by_name(exported, brass, tmp_path, untrained, changed, message):
    run = tmp_path / "run"
    assert invoke(*options(exported, brass, run), "--steps", 2).exit_code == 0
    result = invoke(*options(exported, brass, run), "--steps", 2, *changed)
    assert result.exit_code == 1 and message in result.output and "was begun with" in result.output, result.output


def test_more_steps_continue_the_training(exported, brass, tmp_path):
    run = tmp_path / "run"
    assert invoke(*options(exported, brass, run), "--steps", 2).exit_code == 0
    assert invoke(*options(exported, brass, run), "--steps", 5).exit_code == 0
    assert load(Run(run).denoiser)["step"] == load_bundle(exported).step + 5
    assert "begun with 5" in invoke(*options(exported, brass, run), "--steps", 2).output


def test_the_run_of_another_training_is_not_changed(exported, brass, trained, tmp_path):
    other = shutil.copytree(trained / "run", tmp_path / "run")
    before = (other / "denoiser.pt").read_bytes()
    result = invoke(*options(exported, brass, other))
    assert result.exit_code == 1 and "which is no onboarding" in result.output
    assert (other / "denoiser.pt").read_bytes() == before


@pytest.mark.parametrize(("option", "refused"), [("--version", "0.1.0"), ("--name", "tiny")])
def test_a_version_that_exists_is_refused_before_drawing(exported, brass, tmp_path, monkeypatch, option, refused):
    monkeypatch.setattr(
        "defectdiffu.training.onboarding.generated_latent_cache", lambda *arguments: pytest.fail("it was drawn")
    )
    nameless = options(exported, brass, tmp_path / "run")[:-2]
    for given in ((), (option, refused)):
        result = invoke(*nameless, *given)
        assert result.exit_code == 1, result.output
        assert "version is 0.1.0, must differ from that of the bundle tiny 0.1.0" in result.output
    assert not (tmp_path / "run").exists()


def test_a_new_name_needs_no_new_version(exported, brass, tmp_path, untrained):
    result = invoke(*options(exported, brass, tmp_path / "run")[:-2], "--name", "brassy")
    assert result.exit_code == 0, result.output
    assert (Run(tmp_path / "run").config().name, Run(tmp_path / "run").config().version) == ("brassy", "0.1.0")


def test_a_pair_that_joins_is_no_longer_held_out(exported, brass, tmp_path):
    old = shutil.copytree(exported, tmp_path / "old")
    manifest = json.loads((old / "bundle.json").read_text())
    held_out = ["brass ring/rust", "felt/dent"]
    manifest["provenance"]["heldOutPairs"] = held_out
    manifest["provenance"]["architecture"]["training"]["held_out_pairs"] = held_out
    (old / "bundle.json").write_text(json.dumps(manifest))
    assert load_bundle(old).config.held_out_pairs == tuple(held_out)
    run = Run(tmp_path / "run")
    assert invoke(*options(old, brass, run.directory), "--steps", 1).exit_code == 0
    assert run.config().held_out_pairs == ("felt/dent",)


def test_command_line_options_reach_the_plan(exported, brass, tmp_path, untrained):
    run = Run(tmp_path / "run")
    given = ("--learning-rate", 1e-3, "--seed", 9, "--samples-per-pair", 2, "--new-windows-per-pair", 5)
    result = invoke(*options(exported, brass, run.directory), *given)
    assert result.exit_code == 0, result.output
    config, cache = run.config(), load_latent_cache(run.latent_cache)
    assert (config.optimiser.learning_rate, config.seed) == (1e-3, 9)
    of = lambda *pair: int((cache.pair == cache.pairs.index(pair)).sum())  # noqa: E731
    assert (of("tin", "good"), of("brass ring", "rust"), of("brass ring", "good")) == (2, 5, 5)
    old = make_data_set(tmp_path / "old")
    other = Run(tmp_path / "other")
    photographs = ("--replay", old, "--windows-per-pair", 3)
    assert invoke(*options(exported, brass, other.directory), *photographs).exit_code == 0
    cache = load_latent_cache(other.latent_cache)
    assert int((cache.pair == cache.pairs.index(("tin", "dent"))).sum()) == 3


def test_gpu_settings_of_the_bundle_are_not_used_for_onboarding(exported):
    model = load_bundle(exported)
    trained_on_a_gpu = replace(model.config.optimiser, batch_size=768, compile=True, mixed_precision="bf16")
    model = replace(model, config=replace(model.config, optimiser=trained_on_a_gpu))
    optimiser = onboarding_config(model, OnboardingPlan(version="0.2.0")).optimiser
    assert (optimiser.batch_size, optimiser.compile, optimiser.mixed_precision) == (32, False, "auto")


def test_impossible_onboarding_is_refused_with_the_reason(exported, trained, brass, tmp_path):
    known = invoke(*options(exported, trained / "data", tmp_path / "run"))
    assert known.exit_code == 1 and "knows all its pairs already" in known.output
    strange = invoke(*options(exported, brass, tmp_path / "run"), "--replay", brass)
    assert strange.exit_code == 1 and "none of its pairs is in the bundle's vocabulary" in strange.output
    assert not (tmp_path / "run" / "denoiser.pt").exists()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--replay", "nowhere"), "nowhere: no such folder"),
        (("--replay-windows", "some.toml"), "--replay-windows needs --replay"),
        (("--learning-rate", "inf"), "learning_rate is inf, must be above 0 and finite"),
        (("--threads", "-1"), "greater than or equal to 0"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_computed(exported, brass, tmp_path, monkeypatch, more, message):
    monkeypatch.setattr("defectdiffu.training.onboarding.encode_windows", None)
    refused = invoke(*options(exported, brass, tmp_path / "run"), *more)
    assert refused.exit_code != 0 and message in " ".join(refused.output.split())


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"new_share": 1}, "new_share is 1, must be above 0 and below 1"),
        ({"steps": 0}, "steps is 0, must be at least 1"),
        ({"batch_size": 0}, "batch_size is 0, must be at least 1"),
        ({"seed": -1}, "seed is -1, must be at least 0"),
        ({"learning_rate": 0}, "learning_rate is 0, must be above 0"),
    ],
)
def test_an_error_names_an_invalid_plan_setting(setting, message):
    with pytest.raises(ValueError, match=message):
        OnboardingPlan(**setting)


def test_a_frozen_background_part_keeps_its_weights_to_the_bit(exported, brass, tmp_path):
    run = tmp_path / "run"
    run_command(*options(exported, brass, run), "--steps", 2, "--freeze-background")
    before, after = (model.module.denoiser for model in (load_bundle(exported), load_trained(Run(run))))
    own = before.state_dict()
    changed = {name for name, weight in after.state_dict().items() if not torch.equal(weight, own[name])}
    first = before.config.background_blocks
    held = ("x_embedder.", "stem.", *(f"blocks.{i}." for i in range(first)))
    assert changed and not [name for name in changed if name.startswith(held)]
    assert any(name.startswith(f"blocks.{first}.") for name in changed)
