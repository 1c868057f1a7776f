"""Quantised variants: their files, their measured error, and that they draw what the bundle draws."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from conftest import invoke
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions

from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.evaluation.reconstruction import psnr
from defectdiffu.export.manifest_text import manifest_text
from defectdiffu.files.onnx_files import store_as_float16
from defectdiffu.quantisation.graph_generator import generator_of, open_graph
from defectdiffu.quantisation.graphs import answers, relative_error, with_float32_weights
from defectdiffu.quantisation.int8 import quantised
from defectdiffu.quantisation.plan import QuantisationPlan
from defectdiffu.quantisation.quantise_bundle import quantise_bundle
from defectdiffu.sampling.guidance import SampleRequest

REQUESTS = [SampleRequest("tin", "dent", seed, strength=2.0, steps=4) for seed in range(3)]


@pytest.fixture(scope="module")
def bundle(exported, tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("quantised") / "0.1.0"
    shutil.copytree(exported, directory)
    plan = QuantisationPlan(("int8", "fp16"), calibration=12, samples=2, steps=4, smallest_weight=64)
    quantise_bundle(directory, plan, lambda *_: None)
    return directory


def manifest_of(bundle: Path) -> dict:
    return json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))


def drawing_with(bundle: Path, precision: str | None):
    files = {} if precision is None else {n: bundle / f"{n}.{precision}.onnx" for n in ("denoiser", "image_decoder")}
    return generator_of(bundle, manifest_of(bundle), load_bundle(bundle), files)


def test_each_variant_is_named_with_its_measured_cost(bundle):
    for name in ("denoiser", "image_decoder"):
        variants = {each["precision"]: each for each in manifest_of(bundle)["components"][name]["variants"]}
        assert list(variants) == ["fp32", "int8", "fp16"]
        for precision in ("int8", "fp16"):
            assert variants[precision]["bytes"] == (bundle / f"{name}.{precision}.onnx").stat().st_size
            assert variants[precision]["quality"]["against"] == "fp32"
            assert 0 < variants[precision]["quality"]["relativeError"] < 0.05
            assert variants[precision]["quality"]["psnr"]["least"] > 20
    assert 0 <= variants["int8"]["quality"]["psnr"]["least"] <= variants["int8"]["quality"]["psnr"]["mean"]


def test_a_float16_graph_refers_to_the_weights_that_the_float32_graph_stores(bundle):
    for name in ("denoiser", "image_decoder"):
        base, _, fp16 = manifest_of(bundle)["components"][name]["variants"]
        assert fp16["externalData"] == [{key: base[key] for key in ("file", "sha256", "bytes")}]
        referring = onnx.load(bundle / fp16["file"], load_external_data=False).graph.initializer
        assert any(tensor.data_location == TensorProto.EXTERNAL for tensor in referring)
        stored = {numpy_helper.to_array(t).tobytes() for t in onnx.load(bundle / base["file"]).graph.initializer}
        read = {t.name: numpy_helper.to_array(t) for t in onnx.load(bundle / fp16["file"]).graph.initializer}
        for tensor in referring:
            if tensor.data_location == TensorProto.EXTERNAL:
                assert read[tensor.name].tobytes() in stored


@pytest.mark.parametrize(("precision", "least"), [("int8", 25), ("fp16", 40)])
def test_a_variant_draws_nearly_the_same_image(bundle, precision, least):
    """The image is not identical, because its products are computed at another precision."""
    ratios = [
        psnr(a.image, b.image)
        for a, b in zip(
            drawing_with(bundle, None).draw(REQUESTS), drawing_with(bundle, precision).draw(REQUESTS), strict=True
        )
    ]
    assert min(ratios) > least and min(ratios) < 99


def test_an_int8_sample_does_not_depend_on_its_batch(bundle):
    generator = drawing_with(bundle, "int8")
    together = generator.draw(REQUESTS)
    for request, beside in zip(REQUESTS, together, strict=True):
        (alone,) = generator.draw([request])
        assert np.allclose(alone.latent, beside.latent, atol=1e-5)


def test_int8_weights_leave_one_bit_free_for_16_bit_accumulation(bundle, tmp_path):
    model = as_opened(bundle / "denoiser.int8.onnx", tmp_path)
    matrices = [w for w in int8_weights(model) if w.ndim >= 2]
    assert matrices and all(w.min() >= -64 and w.max() <= 64 for w in matrices)
    assert any(node.op_type == "MatMulIntegerToFloat" and len(node.input) == 7 for node in model.graph.node)


def test_an_int8_graph_makes_its_weights_of_those_that_the_float32_graph_stores(bundle, tmp_path):
    stored = onnx.load(bundle / "denoiser.int8.onnx", load_external_data=False)
    variant = manifest_of(bundle)["components"]["denoiser"]["variants"][1]
    assert variant["externalData"][0]["file"] == "denoiser.onnx"
    assert not [w for w in int8_weights(stored) if w.nbytes >= 1024]
    opened = as_opened(bundle / "denoiser.int8.onnx", tmp_path)
    assert [w for w in int8_weights(opened) if w.nbytes >= 1024]
    assert not [
        node for node in opened.graph.node if node.op_type == "QuantizeLinear" and node.name.endswith("_quantise")
    ]


def int8_weights(model: onnx.ModelProto) -> list[np.ndarray]:
    return [numpy_helper.to_array(t) for t in model.graph.initializer if t.data_type == TensorProto.INT8]


def as_opened(path: Path, folder: Path) -> onnx.ModelProto:
    """What onnxruntime makes of the graph before it runs it."""
    options = SessionOptions()
    options.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(folder / "opened.onnx")
    InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return onnx.load(options.optimized_model_filepath, load_external_data=False)


def test_a_second_run_replaces_the_variants_of_the_first(bundle, tmp_path):
    copy = tmp_path / "0.1.0"
    shutil.copytree(bundle, copy)
    before = manifest_of(copy)
    quantise_bundle(copy, QuantisationPlan(("fp16",), calibration=12, samples=1, steps=4), lambda *_: None)
    after = manifest_of(copy)
    precisions = [each["precision"] for each in after["components"]["denoiser"]["variants"]]
    assert precisions == ["fp32", "int8", "fp16"]
    assert after["components"]["denoiser"]["variants"][1] == before["components"]["denoiser"]["variants"][1]


def two_products(first: np.ndarray, second: np.ndarray) -> onnx.ModelProto:
    """y = x · first + bias + z · second."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"], name="first"),
        helper.make_node("MatMul", ["z", "v"], ["i"], name="second"),
        helper.make_node("Add", ["i", "b"], ["j"], name="bias"),
        helper.make_node("Add", ["h", "j"], ["y"], name="sum"),
    ]
    initializers = [
        numpy_helper.from_array(a, n) for a, n in ((first, "w"), (second, "v"), (np.ones(len(second), np.float32), "b"))
    ]
    vectors = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", len(first)]) for n in "xzy"]
    graph = helper.make_graph(nodes, "g", vectors[:2], vectors[2:], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def random_vectors(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.standard_normal((n, 32)).astype(np.float32)


@pytest.mark.parametrize("both", [False, True])
def test_a_matrix_product_that_loses_too_much_stays_in_float32(both):
    """The first one's input has one channel a thousand times as large as the others, which its weight ignores; the
    second one's, unless `both`, is like any other and adds little."""
    rng = np.random.default_rng(0)
    first, second = random_vectors(rng, 32), random_vectors(rng, 32) * np.float32(1 if both else 0.01)
    first[0] = 0
    feeds = [{"x": random_vectors(rng, 8), "z": random_vectors(rng, 8)} for _ in range(40)]
    for each in feeds:
        each["x"][:, 0] *= 1000
    model = two_products(first, second)
    cheap, kept = quantised(model, feeds, smallest=64)
    assert kept == (["first", "second"] if both else ["first"])
    error = relative_error(answers(cheap, feeds), answers(model, feeds))
    assert error == 0 if both else 0 < error < 0.003


def test_weights_stored_as_float16_are_widened_to_float32(tmp_path):
    rng = np.random.default_rng(0)
    model = two_products(*(random_vectors(rng, 32).astype(np.float16).astype(np.float32) for _ in range(2)))
    feeds = [{"x": random_vectors(rng, 4), "z": random_vectors(rng, 4)}]
    expected = answers(model, feeds)
    store_as_float16(model)
    onnx.save_model(model, str(tmp_path / "half.onnx"))
    whole = with_float32_weights(tmp_path / "half.onnx")
    assert all(t.data_type == TensorProto.FLOAT for t in whole.graph.initializer)
    assert np.array_equal(answers(whole, feeds)[0], expected[0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"precisions": ()}, "precision is empty, must name at least one of int8, fp16"),
        ({"precisions": ("int4",)}, r"precision: unknown \['int4'\]; known: int8, fp16"),
        ({"calibration": 3}, "calibration is 3, must be at least 9"),
        ({"samples": 0}, "samples is 0, must be at least 1"),
    ],
)
def test_an_invalid_plan_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        QuantisationPlan(**settings)


def test_a_bundle_without_modulations_is_refused(bundle, tmp_path):
    copy = tmp_path / "0.1.0"
    shutil.copytree(bundle, copy)
    manifest = manifest_of(copy)
    del manifest["components"]["modulation"]
    (copy / "bundle.json").write_text(json.dumps(manifest))
    result = invoke("quantise", "--bundle", copy)
    assert result.exit_code != 0 and "has no component modulation; export the model again" in result.output


def test_photographs_that_show_no_pair_in_both_splits_are_refused_before_anything_is_computed(
    exported, trained, tmp_path, monkeypatch
):
    monkeypatch.setattr("defectdiffu.quantisation.quantise_bundle.collected_feeds", None)
    copy = shutil.copytree(exported, tmp_path / "0.1.0")
    before = (copy / "bundle.json").read_bytes()
    result = invoke("quantise", "--bundle", copy, "--data", trained / "data")
    told = " ".join(result.output.split())
    assert result.exit_code == 1 and "no pair of the bundle has photographs in both splits, train and test" in told
    assert "manifest.csv names the images of the test split" in told
    assert (copy / "bundle.json").read_bytes() == before


def test_quality_is_measured_on_photographs_of_both_splits(exported, halved, tmp_path):
    copy = shutil.copytree(exported, tmp_path / "0.1.0")
    few = ("--calibration", 9, "--samples", 1, "--steps", 2, "--photographs", 2, "--classifier-steps", 2)
    result = invoke("quantise", "--bundle", copy, "--data", halved, "--precision", "fp16", *few)
    assert result.exit_code == 0, result.output
    quality = manifest_of(copy)["components"]["denoiser"]["variants"][1]["quality"]
    assert 0 <= quality["realMaskIou"]["fp16"] <= 1 and quality["frechet"]["fp16"] >= 0


@pytest.mark.parametrize("place", ["provenance", "placement"])
def test_a_manifest_with_a_number_that_is_not_finite_is_refused(place):
    """The service could not read it."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        manifest_text({"name": "tiny", place: {"figure": float("nan")}})


def test_graphs_open_on_as_many_threads_as_are_asked_for(bundle):
    session = open_graph(bundle / "image_decoder.onnx", threads=1)
    assert session.get_session_options().intra_op_num_threads == 1
