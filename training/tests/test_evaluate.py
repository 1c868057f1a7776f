"""`evaluate` on a small trained model: every section, gone on with after a kill, and the page it writes."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import invoke

from defectdiffu.evaluation.context import EvaluationContext
from defectdiffu.evaluation.downstream import DRAWN, METHODS, ON_TWINS
from defectdiffu.evaluation.features import published_network
from defectdiffu.evaluation.generated_samples import GeneratedSamples
from defectdiffu.evaluation.plan import EvaluationPlan
from defectdiffu.quantisation.graph_generator import GraphGenerator

pytestmark = pytest.mark.usefixtures("few_windows")

SMALL = ("--samples", 3, "--steps", 2, "--segmenter-steps", 3, "--classifier-steps", 3, "--seeds", 2, "--threads", 1)


def evaluate(trained: Path, data: Path, out: Path, *more: str):
    return invoke("evaluate", "--run", trained / "run", "--data", data, "--out", out, *SMALL, *more)


@pytest.fixture(scope="module")
def evaluation(trained, halved, few_windows, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("evaluation")
    result = evaluate(trained, halved, out)
    assert result.exit_code == 0, result.output
    return out


def test_every_section_has_a_figure_for_every_pair_product_method_and_seed(evaluation):
    figures = json.loads((evaluation / "figures.json").read_text())["figures"]
    pairs = {"felt/hole", "tin/dent", "tin/scratch"}
    assert set(figures["quality"]) == pairs | {"felt/good", "tin/good"}
    assert (
        set(figures["masks on real defects"]) == set(figures["masks of samples"]) == set(figures["strength"]) == pairs
    )
    expected = {f"{product}/{method}/{seed}" for product in ("felt", "tin") for method in METHODS for seed in (0, 1)}
    for section in ("downstream", "classification"):  # this model hardly ever shows a defect on a twin
        assert {key for key in expected - set(figures[section]) if ON_TWINS not in key} == set()
        assert set(figures[section]) <= expected
    assert set(figures["judgement"]) == set(figures["twins"]) == pairs
    assert set(figures["autoencoder in defects"]) == pairs and set(figures["autoencoder"]) == {"felt", "tin"}
    assert figures["names"]["quality"] == {
        "frechet": "Fréchet distance", "kernel": "kernel distance", "perceptual": "perceptual diversity",
    }  # fmt: skip


def test_the_page_shows_what_was_measured(evaluation):
    page = (evaluation / "README.md").read_text()
    figures = json.loads((evaluation / "figures.json").read_text())["figures"]
    assert f"| felt/hole | {figures['quality']['felt/hole']['frechet']:.3g} |" in page
    lost, error = figures["autoencoder"]["tin"], figures["autoencoder in defects"]["tin/dent"]["error"]
    assert f"| tin | {lost['psnr']:.2f} | {lost['maskIou']:.2f} |" in page and f"| tin/dent | {error:.2f} |" in page
    means = [figures["downstream"][f"felt/perlin/{seed}"]["auroc"] for seed in (0, 1)]
    assert f"{100 * np.mean(means):.1f} ± {100 * np.std(means):.1f}" in page
    for plot in ("strength.png", "downstream.png", "nearest.png"):
        assert f"]({plot})" in page and (evaluation / plot).stat().st_size > 5000


def test_a_model_that_copies_is_flagged_with_the_copied_photographs(trained, halved, tmp_path, monkeypatch):
    def copied(self, pair, count=None, twins=True) -> GeneratedSamples:
        windows = self.windows(*pair, "train").take(np.arange(3))
        return GeneratedSamples(windows.image, windows.mask, windows.image, np.ones(3), np.ones(3))

    monkeypatch.setattr(EvaluationContext, "drawn", copied)
    result = evaluate(trained, halved, tmp_path, "--sections", "quality", "--products", "tin")
    assert result.exit_code == 0, result.output
    figures = json.loads((tmp_path / "figures.json").read_text())["figures"]["quality"]["tin/dent"]
    of_training = {f"tin/test/dent/{name}.png" for name in (0, 1)}
    assert figures["copies"] == 3 and {copy["photograph"] for copy in figures["flagged"]} == of_training
    assert {path.relative_to(halved).as_posix() for path in halved.rglob("tin/test/dent/*.png")} > of_training


def test_a_killed_evaluation_measures_only_what_is_missing(trained, halved, evaluation, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(evaluation, out)
    document = json.loads((out / "figures.json").read_text())
    lost = document["figures"]["downstream"].pop("tin/copy-paste/1")
    document["figures"]["quality"]["felt/hole"]["frechet"] = -5.0  # measured before: not measured again
    (out / "figures.json").write_text(json.dumps(document))
    (out / "nearest.png").unlink()
    assert evaluate(trained, halved, out).exit_code == 0
    assert (out / "nearest.png").read_bytes() == (evaluation / "nearest.png").read_bytes()
    figures = json.loads((out / "figures.json").read_text())["figures"]
    assert figures["downstream"]["tin/copy-paste/1"] == lost
    assert figures["quality"]["felt/hole"]["frechet"] == -5.0


def test_baselines_from_the_evaluation_of_another_model_are_not_trained_again(trained, halved, evaluation, tmp_path):
    document = json.loads((evaluation / "figures.json").read_text())
    document["settings"] |= {"model": "other@1.0.0", "step": 7}
    for figures in document["figures"]["downstream"].values():
        figures["miou"] = -1.0
    (tmp_path / "other.json").write_text(json.dumps(document))
    out = tmp_path / "out"
    result = evaluate(
        trained, halved, out, "--baselines", str(tmp_path / "other.json"), "--sections", "downstream",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    figures = json.loads((out / "figures.json").read_text())["figures"]["downstream"]
    taken = {key for key, value in figures.items() if value["miou"] == -1.0}
    assert taken == {key for key in figures if key.split("/")[1] not in DRAWN}


def test_a_later_call_adds_methods_to_those_measured_first(trained, halved, tmp_path):
    measured = lambda: {  # noqa: E731
        key.split("/")[1] for key in json.loads((tmp_path / "figures.json").read_text())["figures"]["downstream"]
    }
    one = ("--sections", "downstream", "--products", "tin", "--methods")
    assert evaluate(trained, halved, tmp_path, *one, "real only,perlin").exit_code == 0
    assert measured() == {"real only", "perlin"} and not (tmp_path / "drawn").exists()  # nothing of it needs samples
    assert evaluate(trained, halved, tmp_path, *one, "DefectDiffu").exit_code == 0
    assert measured() == {"real only", "perlin", "DefectDiffu"}


def test_a_bundle_is_measured_with_the_graphs_that_the_service_draws_with(
    exported, halved, evaluation, tmp_path, monkeypatch
):
    calls, evaluate_graphs = [], GraphGenerator.evaluate
    monkeypatch.setattr(GraphGenerator, "evaluate", lambda *given: calls.append(given) or evaluate_graphs(*given))
    arguments = ["evaluate", "--bundle", exported, "--data", halved, *SMALL, "--sections", "masks"]
    result = invoke(*arguments, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    of_bundle, of_run = (json.loads((folder / "figures.json").read_text()) for folder in (tmp_path / "out", evaluation))
    assert of_bundle["settings"]["graphs"] == "fp32" and calls
    key = "masks on real defects"
    for pair, figures in of_run["figures"][key].items():
        assert of_bundle["figures"][key][pair]["iou"] == pytest.approx(figures["iou"], abs=0.02)
    result = invoke(*arguments, "--precision", "int8", "--out", tmp_path / "other")
    assert result.exit_code == 1 and "has no int8 variant; there is fp32" in result.output.replace("\n", " ")


def test_evaluate_needs_either_a_run_or_a_bundle(trained, exported, halved, tmp_path):
    both = ["--run", trained / "run", "--bundle", exported]
    for given in ([], both):
        result = invoke("evaluate", "--data", halved, *given, "--out", tmp_path / "out")
        assert result.exit_code == 1 and "give either --run or --bundle" in result.output.replace("\n", " ")


def test_other_settings_need_another_folder(trained, halved, evaluation):
    result = evaluate(trained, halved, evaluation, "--seed", "7")
    assert result.exit_code == 1 and "seed was 0, now 7" in result.output


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--sections", "quality,beauty"), "unknown ['beauty']"),
        (("--sections", ""), "sections is empty, must name at least one of quality, masks"),
        (("--methods", "real only,magic"), "methods: unknown ['magic']; known: real only, DefectDiffu"),
        (("--methods", ""), "methods is empty, must name at least one of real only, DefectDiffu"),
        (("--samples", "1"), "samples is 1, must be at least 2"),
        (("--steps", "100000"), "steps is 100000, must be from 1 to 999"),
        (("--seed", "-1"), "seed is -1, must be from 0 to 2147483647"),
        (("--ratio", "0"), "ratio is 0.0, must be above 0 and finite"),
        (("--ratio", "nan"), "ratio is nan, must be above 0 and finite"),
        (("--guidance", "FOO"), "guidance is 'FOO', must be DOUBLE_FREE or PRODUCT_RELATIVE"),
        (("--products", "tin,"), "products is ['tin', ''], must name a product in each place"),
        (("--precision", "int8"), "precision is int8, but a run draws in PyTorch"),
        (("--inception", "i.pt"), "give both files or neither"),
        (("--products", "brass"), "no product 'brass'"),
    ],
)
def test_an_error_names_a_wrong_setting(trained, halved, tmp_path, more, message):
    result = evaluate(trained, halved, tmp_path / "out", *more)
    assert result.exit_code == 1 and message in result.output.replace("\n", " ")


def test_strengths_must_be_ascending_from_zero():
    for strengths in ((2.0, 1.0), (-1.0, 1.0), (0.0, math.nan)):
        with pytest.raises(ValueError, match=r"strengths is .*, must be two numbers from 0, the lower first"):
            EvaluationPlan(strengths=strengths)


def test_a_data_set_without_a_test_half_is_refused(trained, tmp_path):
    result = evaluate(trained, trained / "data", tmp_path / "out")
    assert result.exit_code == 1 and "nothing is held out" in result.output


class Published(torch.nn.Module):
    """Answers as StyleGAN's published files do: `return_features` of Inception, `return_lpips` of VGG."""

    def forward(self, image: torch.Tensor, return_features: bool = False, resize_images: bool = True,
                return_lpips: bool = False) -> torch.Tensor:  # fmt: skip
        return image.float().mean((2, 3)) / 255


def test_published_networks_name_the_figures(tmp_path):
    torch.jit.script(Published()).save(str(tmp_path / "net.pt"))
    network = published_network(tmp_path / "net.pt", tmp_path / "net.pt")
    assert (network.frechet, network.kernel, network.perceptual) == ("FID", "KID", "LPIPS")
    features = network.features(np.full((2, 8, 8, 3), 51, np.uint8))
    assert features.pooled == pytest.approx(np.full((2, 3), 0.2), abs=1e-6)  # the bytes that went in came back


def test_an_error_names_a_file_that_is_not_torchscript(tmp_path):
    (tmp_path / "net.pt").write_bytes(b"weights?")
    with pytest.raises(ValueError, match=r"net\.pt: cannot be read as TorchScript"):
        published_network(tmp_path / "net.pt", tmp_path / "net.pt")
