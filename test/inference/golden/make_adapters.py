"""Makes two adapters of the default bundle with random changes, and draws from them in PyTorch, and with the student of
the bundle in onnxruntime, for the engine to be compared with.

    training/.venv/bin/python test/inference/golden/make_adapters.py models/surfaces-small/0.5.0

Writes test/inference/adapters/<name>/1.0.0/ and golden/adapters/<n>.json, <n>.image.png and <n>.mask.png.
"""

import dataclasses
import shutil
import sys
import tempfile
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "training"))
from defectdiffu.checkpoints.from_adapter import load_adapter  # noqa: E402
from defectdiffu.checkpoints.from_bundle import load_bundle  # noqa: E402
from defectdiffu.config import AdapterConfig  # noqa: E402
from defectdiffu.data.vocabulary import Vocabulary  # noqa: E402
from defectdiffu.export.adapter import export_adapter  # noqa: E402
from defectdiffu.model.adapter import new_adapter  # noqa: E402
from defectdiffu.model.text_encoder import Prompts  # noqa: E402
from defectdiffu.quantisation.graph_generator import bundle_generator  # noqa: E402
from defectdiffu.sampling.guidance import TURBO, SampleRequest  # noqa: E402
from written import asked, write  # noqa: E402

PAIRS = {"ring": ("brass ring", "dent"), "wool": ("wool", "hole")}  # "hole" is a word of the bundle's too
PROVENANCE = """
description = "Random changes, for tests."
license = "CC0-1.0"
terms = "Anything."
dataset = "none"
[[sources]]
product = "none"
source = "random numbers"
license = "CC0-1.0"
"""


def make(base: Path, models: Path, name: str, seed: int) -> Path:
    model, (product, defect) = load_bundle(base), PAIRS[name]
    words = Vocabulary([(product, defect), (product, "good")])
    torch.manual_seed(seed)
    adapter = new_adapter(AdapterConfig(rank=1, hidden=4), model.module, Prompts(model.config.prompts), words,
                          model.vocabulary)  # fmt: skip
    with torch.no_grad():
        adapter.embedding.add_(0.05 * torch.randn_like(adapter.embedding))
        for up in adapter.up:
            up.weight.add_(0.2 * torch.randn_like(up.weight))
    config = dataclasses.replace(model.config, name=name, version="1.0.0", held_out_pairs=())
    made = dataclasses.replace(model, config=config, vocabulary=words, adapter=adapter, base=base, step=0, samples_seen=0)
    provenance = models / "provenance.toml"
    provenance.write_text(PROVENANCE)
    return export_adapter(made, models, provenance)


def main() -> None:
    base = Path(sys.argv[1]).resolve()
    adapters, samples = HERE.parent / "adapters", HERE / "adapters"
    for folder in (adapters, samples):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as temporary:
        models = Path(temporary)
        (models / base.parent.name).symlink_to(base.parent)
        for n, name in enumerate(PAIRS):
            exported = make(base, models, name, n)
            shutil.copytree(exported.parent, adapters / name)
            product, defect = PAIRS[name]
            model = load_adapter(exported)
            graphs = bundle_generator(exported, model, "fp32")
            by_teacher = SampleRequest(product, defect, 40 + n, steps=10)
            by_student = dataclasses.replace(by_teacher, sampler=TURBO, steps=4, strength=1.5)
            for i, (generator, request) in enumerate([(model.generator(), by_teacher), (graphs, by_student)]):
                [drawn] = generator.draw([request])
                about = asked(request) | {"bundle": f"{name}@1.0.0", "confidence": drawn.confidence}
                write(samples, i * len(PAIRS) + n, about, drawn.image, drawn.mask)


if __name__ == "__main__":
    main()
