"""Reads a bundle back into PyTorch, to train on from it or to compare with it."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Tokenizer
from torch import Tensor, nn

from .autoencoder import build_autoencoder
from .config import TrainingConfig, config_from_dict
from .layout import GOOD
from .onnx_files import read_parameters
from .runs import Run, save
from .trained import TrainedModel
from .trainee import build_trainee
from .vocabulary import Vocabulary


def load_bundle(directory: Path) -> TrainedModel:
    """The exported (averaged, rounded) weights of a bundle. Raises ValueError when it does not hold them all."""
    manifest = json.loads((directory / "bundle.json").read_text(encoding="utf-8"))
    provenance, words = manifest["provenance"], manifest["vocabulary"]
    if "training" not in provenance.get("architecture", {}):
        raise ValueError(
            f"{directory}: the manifest has no provenance.architecture.training: not exported by this package"
        )
    config: TrainingConfig = config_from_dict(provenance["architecture"]["training"])
    vocabulary = Vocabulary(
        sorted([(p, GOOD) for p in words["products"]] + [tuple(pair) for pair in words["trainedPairs"]])
    )
    tokenizer = Tokenizer.from_file(str(directory / manifest["tokenizer"]["file"]))
    trainee = build_trainee(config, vocabulary, tokenizer)
    autoencoder = build_autoencoder(config.autoencoder)
    _fill(trainee.denoiser, "denoiser.", read_parameters(directory / "denoiser.onnx"), directory)
    _fill(trainee.text, "text.", read_parameters(directory / "text_encoder.onnx"), directory)
    halves = read_parameters(directory / "image_decoder.onnx") | read_parameters(directory / "image_encoder.onnx")
    _fill(autoencoder, "autoencoder.", halves, directory)
    return TrainedModel(
        config, vocabulary, trainee.eval(), autoencoder.eval(), provenance["trainingSteps"], provenance["samplesSeen"]
    )


FIXED_BY_WEIGHTS = ("image_size", "autoencoder", "denoiser", "text", "prompts")


def start_from_bundle(run: Run, directory: Path, preset: TrainingConfig | None = None) -> TrainingConfig:
    """Makes a new run that goes on where the bundle's training ended (its optimiser starts afresh).

    It is trained as it was, or as `preset` says, which must describe the same model: ValueError names what differs.
    """
    if run.denoiser.exists():
        raise FileExistsError(f"{run.denoiser}: this run has a checkpoint already; it goes on without a bundle")
    model = load_bundle(directory)
    for part in FIXED_BY_WEIGHTS if preset else ():
        if getattr(preset, part) != getattr(model.config, part):
            raise ValueError(
                f"{directory}: its {part} is {getattr(model.config, part)}, the preset's {getattr(preset, part)}; "
                "a bundle can be trained on only as the model it is"
            )
    config = run.open(preset or model.config)
    save(run.autoencoder, {"model": model.autoencoder.state_dict(), "step": 0, "finished": True})
    start = {"model": model.trainee.state_dict(), "step": model.step, "samples_seen": model.samples_seen}
    start["first_step"] = model.step
    pairs = [list(pair) for pair in model.vocabulary.pairs]
    save(run.denoiser, {**start, "pairs": pairs, "tokenizer": model.trainee.text.tokenizer.to_str()})
    return config


def _fill(module: nn.Module, prefix: str, tensors: dict[str, Tensor], directory: Path) -> None:
    shapes = {name: tensor.shape for name, tensor in module.state_dict().items()}
    own = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    own = {name: tensor.reshape(shapes[name]) for name, tensor in own.items()}
    result = module.load_state_dict(own, strict=False)
    trainable = {name for name, _ in module.named_parameters()}
    if missing := [name for name in result.missing_keys if name in trainable]:
        raise ValueError(f"{directory}: the graphs do not hold {missing[:5]}{' …' if len(missing) > 5 else ''}")
