"""Distillation: trajectories, a student that learns from them, its place in the bundle, and interrupted calls."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import invoke, run_command

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.distillation.conditions import Words, random_requests
from defectdiffu.distillation.distil import distil
from defectdiffu.distillation.plan import DistillationPlan
from defectdiffu.distillation.run import DistillationRun
from defectdiffu.distillation.student import Student, random_segments, student_loss
from defectdiffu.distillation.trajectories import TrajectoryStore, draw_trajectories
from defectdiffu.distillation.turbo_component import read_turbo
from defectdiffu.evaluation.strength import measure_strength
from defectdiffu.model.turbo_modulation import TurboModulation
from defectdiffu.model.turbo_steps import END, STUDENT_STEPS
from defectdiffu.quantisation.graph_generator import bundle_generator, open_graph
from defectdiffu.sampling.generator import Generator
from defectdiffu.sampling.guidance import SampleRequest

PLAN = DistillationPlan(trajectories=128, steps=60, batch_size=16, learning_rate=3e-3)
silent = lambda *_: None  # noqa: E731


@pytest.fixture(scope="module")
def distilled(exported, tmp_path_factory) -> tuple[Path, Path]:
    """A bundle with a student, and the folder of its distillation."""
    folder = tmp_path_factory.mktemp("distilled")
    bundle, run = folder / "tiny" / "0.1.0", folder / "run"
    shutil.copytree(exported, bundle)
    run_command("distil", "--bundle", bundle, "--run", run, "--trajectories", PLAN.trajectories, "--steps", PLAN.steps,
                "--batch-size", PLAN.batch_size, "--learning-rate", PLAN.learning_rate, "--samples", 2)  # fmt: skip
    return bundle, run


def test_the_students_loss_falls_below_that_of_the_teachers_own_modulations(distilled):
    bundle, run = distilled
    trajectories = TrajectoryStore(run / "trajectories").load()
    model = load_bundle(bundle)
    segments = random_segments(trajectories, 256, np.random.default_rng(1), torch.device("cpu"))
    every = torch.stack([*_texts(model)])
    losses = []
    for turbo in (TurboModulation(model.module.denoiser), read_turbo(bundle, model.module.denoiser)):
        assert turbo is not None
        with torch.no_grad():
            losses.append(float(student_loss(Student(model.module.denoiser, turbo, every), segments, 0.3)[0]))
    assert losses[1] < 0.9 * losses[0]


def _texts(model):
    words = model.vocabulary
    prompts = model.generator().prompts.every(words.products, words.defects)
    with torch.no_grad():
        return model.module.text.encode(prompts)


def test_the_manifest_says_what_the_student_can_do_and_what_it_costs(distilled):
    bundle, _ = distilled
    manifest = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
    assert manifest["turbo"]["steps"] == [2, 4, 8]
    assert manifest["turbo"]["strength"] == {"min": 0.0, "max": 3.0}
    assert manifest["turbo"]["trajectories"] == PLAN.trajectories
    assert manifest["turbo"]["trainingSteps"] == PLAN.steps
    assert set(manifest["turbo"]["quality"]) == {"8", "4", "2"}
    assert manifest["components"]["turbo_modulation"]["inputs"] == ["timestep", "next_timestep", "text", "guidance"]


def test_the_graph_computes_what_the_student_does(distilled):
    bundle, _ = distilled
    model = load_bundle(bundle)
    turbo = read_turbo(bundle, model.module.denoiser)
    assert turbo is not None
    text = torch.nn.functional.normalize(torch.randn(3, model.config.denoiser.text_dim), dim=-1)
    conditions = (
        torch.tensor([999, 500, 250]),
        torch.tensor([500, 250, END]),
        text,
        torch.tensor([[1.0, 1, 0], [2.3, 0.7, 0], [0.0, 1, 1]]),
    )
    names = ("timestep", "next_timestep", "text", "guidance")
    feeds = {name: value.numpy() for name, value in zip(names, conditions, strict=True)}
    given = open_graph(bundle / "turbo_modulation.onnx", 1).run(None, feeds)
    with torch.no_grad():
        for own, other in zip(turbo(*conditions), given, strict=True):
            np.testing.assert_allclose(own.numpy(), other, atol=1e-4)


@pytest.mark.parametrize("steps", STUDENT_STEPS)
def test_a_sample_of_the_student_depends_on_its_request_alone(distilled, steps):
    bundle, _ = distilled
    generator = _drawing(bundle)
    requests = [
        SampleRequest("tin", "dent", 1, 2.0, steps=steps, sampler="TURBO"),
        SampleRequest("felt", "hole", 2, 0.5, 1.5, steps, "TURBO"),
        SampleRequest("felt", "dent", 3, 1.0, guidance="PRODUCT_RELATIVE", steps=steps, sampler="TURBO"),
    ]
    together = generator.draw(requests)
    for request, sample in zip(requests, together, strict=True):
        np.testing.assert_allclose(generator.draw([request])[0].latent, sample.latent, atol=1e-4)


@pytest.mark.parametrize("steps", STUDENT_STEPS)
def test_the_graphs_draw_as_the_student_does(distilled, steps):
    bundle, _ = distilled
    requests = [
        SampleRequest("tin", "dent", 1, 2.0, steps=steps, sampler="TURBO"),
        SampleRequest("felt", "hole", 2, 0.5, 1.5, steps, "TURBO"),
    ]
    drawn = bundle_generator(bundle, load_bundle(bundle), "fp32", 1).draw(requests)
    for own, other in zip(_drawing(bundle).draw(requests), drawn, strict=True):
        np.testing.assert_allclose(own.latent, other.latent, atol=1e-3)


def test_an_evaluation_measures_the_student(distilled, halved, tmp_path):
    bundle, _ = distilled
    run_command("evaluate", "--data", halved, "--bundle", bundle, "--out", tmp_path, "--sections", "strength",
                "--sampler", "TURBO", "--steps", 2)  # fmt: skip
    document = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert document["measured"]["strength"] == ["tiny@0.1.0 after 40 steps, fp32 graphs, TURBO in 2 steps"]
    drawn = measure_strength(_drawing(bundle), [("tin", "dent")], 16, 2, silent, sampler="TURBO")["tin/dent"]
    assert document["figures"]["strength"]["tin/dent"]["change"] == pytest.approx(drawn["change"], abs=0.1)


def test_graphs_without_a_student_refuse_its_sampler(exported):
    generator = bundle_generator(exported, load_bundle(exported), "fp32", 1)
    with pytest.raises(ValueError, match="needs a student; this model has none"):
        generator.draw([SampleRequest("tin", "dent", 1, steps=4, sampler="TURBO")])


def _drawing(bundle: Path) -> Generator:
    model = load_bundle(bundle)
    return model.generator(turbo=read_turbo(bundle, model.module.denoiser))


def test_the_student_refuses_steps_that_it_did_not_learn(distilled):
    with pytest.raises(ValueError, match="steps is 5, must be one of 8, 4, 2 for TURBO"):
        _drawing(distilled[0]).draw([SampleRequest("tin", "dent", 1, steps=5, sampler="TURBO")])


def test_a_model_without_a_student_says_so(exported):
    with pytest.raises(ValueError, match="needs a student; this model has none"):
        load_bundle(exported).generator().draw([SampleRequest("tin", "dent", 1, steps=4, sampler="TURBO")])


def test_trajectories_end_where_the_teachers_own_samples_do(exported):
    model = load_bundle(exported)
    generator = model.generator()
    words = model.vocabulary
    every = generator.prompts.every(words.products, words.defects)
    requests = random_requests(Words(words, generator.normal), 6, seed=3)
    drawn = draw_trajectories(generator, requests, {phrase: i for i, phrase in enumerate(every)})
    for request, latents in zip(requests, drawn.latents, strict=True):
        twin = SampleRequest(
            request.product, request.defect, request.seed, request.strength, request.product_scale, 24,
            guidance=request.guidance,
        )  # fmt: skip
        np.testing.assert_allclose(generator.draw([twin])[0].latent, latents[-1].float().numpy(), atol=5e-3)


def test_a_repeated_call_draws_and_trains_nothing_again(distilled):
    bundle, run = distilled
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*.pt")}
    phases: set[str] = set()
    done = distil(bundle, run, PLAN, lambda phase, *_: phases.add(phase))
    assert done.steps == PLAN.steps and phases == {"trajectories"}
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*.pt")} == before


def test_an_interrupted_drawing_goes_on_with_what_is_missing(distilled, tmp_path):
    bundle, run = distilled
    shutil.copytree(run / "trajectories", tmp_path / "trajectories")
    store = TrajectoryStore(tmp_path / "trajectories")
    first, last = store.files()
    kept, lost = first.stat().st_mtime_ns, torch.load(last, weights_only=True)["latents"]
    last.unlink()
    model = load_bundle(bundle)
    words = Words(model.vocabulary, model.config.prompts.normal)
    store.draw(model.generator(), words, PLAN.trajectories, silent, lambda: False, torch.no_grad)
    assert first.stat().st_mtime_ns == kept
    torch.testing.assert_close(torch.load(last, weights_only=True)["latents"], lost, atol=2e-2, rtol=0)


def test_a_run_of_other_settings_is_refused_by_the_name_of_the_first(distilled):
    bundle, run = distilled
    result = invoke("distil", "--bundle", bundle, "--run", run, "--trajectories", 128, "--steps", 60, "--batch-size", 8)
    assert result.exit_code != 0
    assert "batch_size is 8, but" in result.output.replace("\n", " ")


def test_trajectories_of_other_graphs_at_the_same_path_are_refused(exported, tmp_path):
    bundle, run = shutil.copytree(exported, tmp_path / "0.1.0"), DistillationRun(tmp_path / "run")
    run.begin(bundle, PLAN)
    run.begin(bundle, PLAN)
    manifest = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
    manifest["components"]["denoiser"]["variants"][0]["sha256"] = "0" * 64
    (bundle / "bundle.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(ValueError, match="its graphs are other ones than those whose trajectories are in"):
        run.begin(bundle, PLAN)


def test_a_run_of_an_earlier_version_without_graphs_goes_on(exported, tmp_path):
    run, path = DistillationRun(tmp_path), tmp_path / "distillation.json"
    run.begin(exported, PLAN)
    recorded = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({name: value for name, value in recorded.items() if name != "graphs"}))
    run.begin(exported, PLAN)
    assert json.loads(path.read_text(encoding="utf-8")) == recorded


def test_with_no_minutes_left_the_command_says_that_nothing_was_drawn(exported, tmp_path):
    result = invoke("distil", "--bundle", exported, "--run", tmp_path / "run", "--minutes", 0)
    assert result.exit_code != 0
    assert "no trajectory was drawn before the time was over" in " ".join(result.output.split())
