"""Writes test/inference/models/tiny/1.0.0: a bundle of a few kilobytes that keeps the contract and draws nothing real.

    training/.venv/bin/python test/inference/golden/make_tiny_bundle.py

It is there so that the pool, the batch and the checks of bundles can be tested in milliseconds: every tensor of the
contract matters to the result, so a mixed-up row, background or timestep changes the picture.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

HERE = Path(__file__).resolve().parent.parent / "models" / "tiny" / "1.0.0"
C, H, W, D, CONTEXT = 4, 4, 4, 8, 12
SCALE = 8
PRODUCTS, DEFECTS = ["metal nut", "tile"], ["scratch", "crack"]
random = np.random.default_rng(0)


def constant(name, array, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(array, dtype=dtype), name)


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def save(name, nodes, inputs, outputs, constants):
    graph = helper.make_graph(nodes, name, inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, HERE / f"{name}.onnx")


def tokenizer():
    words = ["[PAD]", "[UNK]", "[BOS]", "[EOS]", "a", "photo", "of", "good", "industry"]
    words += sorted({word for name in PRODUCTS + DEFECTS for word in name.split()})
    model = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    model.pre_tokenizer = Whitespace()
    model.post_processor = TemplateProcessing(single="[BOS] $A [EOS]", special_tokens=[("[BOS]", 2), ("[EOS]", 3)])
    model.save(str(HERE / "tokenizer.json"))
    return len(words)


def text_encoder(words):
    """Each token's vector, weighted by its position so that the order counts, summed and normalised."""
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["tokens"]),
        helper.make_node("Mul", ["tokens", "positions"], ["placed"]),
        helper.make_node("ReduceSum", ["placed", "axis"], ["sum"], keepdims=0),
        helper.make_node("LpNormalization", ["sum"], ["text_embedding"], axis=1, p=2),
    ]
    constants = [
        constant("table", random.standard_normal((words, D))),
        constant("positions", (1 + 0.1 * np.arange(CONTEXT)).reshape(CONTEXT, 1)),
        constant("axis", [1], np.int64),
    ]
    inputs = [value("input_ids", TensorProto.INT64, ["P", CONTEXT])]
    save("text_encoder", nodes, inputs, [value("text_embedding", TensorProto.FLOAT, ["P", D])], constants)


def denoiser():
    """noise = 0.97 x + t/10000 + patterns of the three texts; mask_feature = a fixed disc, brighter with the defect's text, on black."""
    nodes = [
        helper.make_node("Gather", ["background_sample", "row_background"], ["row_sample"]),
        helper.make_node("Gather", ["latent", "row_sample"], ["x"]),
        helper.make_node("Mul", ["x", "keep"], ["kept"]),
        helper.make_node("Gather", ["timestep", "row_sample"], ["t"]),
        helper.make_node("Cast", ["t"], ["t_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["t_float", "per_step"], ["t_scaled"]),
        helper.make_node("Reshape", ["t_scaled", "as_scalar"], ["t_term"]),
        helper.make_node("Gather", ["background_text", "row_background"], ["row_background_text"]),
        helper.make_node("MatMul", ["row_background_text", "of_background"], ["background_part"]),
        helper.make_node("MatMul", ["defect_text", "of_defect"], ["defect_part"]),
        helper.make_node("MatMul", ["fusion_text", "of_fusion"], ["fusion_part"]),
        helper.make_node("Sum", ["background_part", "defect_part", "fusion_part"], ["parts"]),
        helper.make_node("Reshape", ["parts", "as_latent"], ["pattern"]),
        # About a millisecond of work that adds nothing, so that a test can meet a sample halfway.
        helper.make_node("ReduceSum", ["t_float"], ["t_sum"], keepdims=0),
        helper.make_node("Mul", ["t_sum", "zero"], ["nothing"]),
        helper.make_node("Expand", ["nothing", "large"], ["matrix"]),
        helper.make_node("MatMul", ["matrix", "matrix"], ["work"]),
        helper.make_node("ReduceMax", ["work"], ["worked"], keepdims=0),
        helper.make_node("Sum", ["kept", "t_term", "pattern", "worked"], ["noise"]),
        helper.make_node("MatMul", ["defect_text", "to_brightness"], ["brightness"]),
        helper.make_node("Sigmoid", ["brightness"], ["bright"]),
        helper.make_node("Reshape", ["bright", "as_scalar"], ["bright_term"]),
        helper.make_node("Mul", ["bright_term", "disc"], ["lit"]),
        helper.make_node("Mul", ["x", "a_little"], ["jitter"]),
        helper.make_node("Sum", ["lit", "black", "jitter"], ["mask_feature"]),
    ]
    disc = np.hypot(*np.mgrid[-1.5:2.5, -1.5:2.5]) < 1.0
    constants = [
        constant("keep", 0.97),
        constant("per_step", 1e-4),
        constant("a_little", 0.01),
        constant("zero", 0.0),
        constant("large", [384, 384], np.int64),
        constant("as_scalar", [-1, 1, 1, 1], np.int64),
        constant("as_latent", [-1, C, H, W], np.int64),
        *(constant(f"of_{part}", 0.1 * random.standard_normal((D, C * H * W))) for part in ("background", "defect", "fusion")),
        constant("to_brightness", random.standard_normal((D, 1))),
        constant("disc", np.broadcast_to(4.0 * disc, (1, C, H, W))),
        constant("black", np.full((1, C, H, W), -1.0)),
    ]
    inputs = [
        value("latent", TensorProto.FLOAT, ["B", C, H, W]),
        value("timestep", TensorProto.INT64, ["B"]),
        value("background_sample", TensorProto.INT64, ["U"]),
        value("background_text", TensorProto.FLOAT, ["U", D]),
        value("row_background", TensorProto.INT64, ["R"]),
        value("defect_text", TensorProto.FLOAT, ["R", D]),
        value("fusion_text", TensorProto.FLOAT, ["R", D]),
    ]
    outputs = [value(name, TensorProto.FLOAT, ["R", C, H, W]) for name in ("noise", "mask_feature")]
    save("denoiser", nodes, inputs, outputs, constants)


def image_decoder():
    """The first three channels, enlarged."""
    nodes = [
        helper.make_node("Conv", ["latent", "mix"], ["rgb"]),
        helper.make_node("Resize", ["rgb", "", "scales"], ["large"], mode="nearest"),
        helper.make_node("Tanh", ["large"], ["image"]),
    ]
    constants = [constant("mix", np.eye(3, C).reshape(3, C, 1, 1)), constant("scales", [1, 1, SCALE, SCALE])]
    outputs = [value("image", TensorProto.FLOAT, ["B", 3, H * SCALE, W * SCALE])]
    save("image_decoder", nodes, [value("latent", TensorProto.FLOAT, ["B", C, H, W])], outputs, constants)


def component(name):
    content = (HERE / f"{name}.onnx").read_bytes()
    graph = onnx.load(HERE / f"{name}.onnx").graph
    variant = {"precision": "fp32", "file": f"{name}.onnx", "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    return {"variants": [variant], "inputs": [i.name for i in graph.input], "outputs": [o.name for o in graph.output]}


def manifest():
    return {
        "formatVersion": 1,
        "name": "tiny",
        "version": "1.0.0",
        "description": "For tests: keeps the contract, draws nothing real.",
        "license": {"id": "Apache-2.0", "terms": "Random weights, free to use.", "sources": []},
        "image": {"width": W * SCALE, "height": H * SCALE, "channels": 3},
        "latent": {"channels": C, "height": H, "width": W, "scale": 1.0},
        "schedule": {
            "numTrainTimesteps": 1000,
            "betaStart": 1e-4,
            "betaEnd": 0.02,
            "betaSchedule": "linear",
            "predictionType": "epsilon",
            "varianceType": "fixed_small",
            "timestepSpacing": "linspace",
        },
        "prompts": {
            "background": "a photo of {product}",
            "defect": "a photo of {defect}",
            "fusion": "a photo of {defect} {product}",
            "normal": "good",
            "nullProduct": "industry",
        },
        "vocabulary": {
            "products": PRODUCTS,
            "defects": DEFECTS,
            "trainedPairs": [["metal nut", "scratch"], ["tile", "crack"]],
            "aliases": {"fissure": "crack"},
        },
        "defaults": {"sampler": "DPM_SOLVER_PP", "steps": 5, "strength": 1.0, "productScale": 1.0, "guidance": "DOUBLE_FREE"},
        "ranges": {"strength": {"min": 0, "max": 5}, "productScale": {"min": 0, "max": 5}, "steps": {"min": 1, "max": 999}},
        "mask": {"lateTimestep": 100, "minimumPeak": 40},
        "tokenizer": {
            "file": "tokenizer.json",
            "sha256": hashlib.sha256((HERE / "tokenizer.json").read_bytes()).hexdigest(),
            "contextLength": CONTEXT,
            "padTokenId": 0,
        },
        "components": {name: component(name) for name in ("text_encoder", "denoiser", "image_decoder")},
        "provenance": {"dataset": "none", "codeVersion": "none", "trainingSteps": 0, "samplesSeen": 0, "createdAt": "2026-11-23"},
    }


def main():
    HERE.mkdir(parents=True, exist_ok=True)
    text_encoder(tokenizer())
    denoiser()
    image_decoder()
    (HERE / "bundle.json").write_text(json.dumps(manifest(), indent=2) + "\n")
    print(*(f"{path.name} {path.stat().st_size}" for path in sorted(HERE.iterdir())), sep="\n")


if __name__ == "__main__":
    main()
