"""Reads a bundle back into PyTorch, to continue training from it or to compare with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from ..config import TrainingConfig, ValidationState, config_from_dict
from ..data.layout import GOOD
from ..data.validation_split import continued
from ..data.vocabulary import Vocabulary
from ..files.bundle_manifest import read_manifest
from ..files.onnx_files import read_parameters
from ..model.autoencoder import SmallAutoencoder, build_autoencoder
from ..model.mask_decoder import MASK_DECODER_COMPONENT, MaskDecoder
from ..model.training_module import TrainingModule, build_training_module
from .channel_expansion import Anchor, with_old_weights
from .origin import origin_of_bundle, save_origin
from .runs import Run, save
from .trained_model import TrainedModel

NEEDED = (
    "provenance.trainingSteps",
    "provenance.samplesSeen",
    "vocabulary.products",
    "vocabulary.trainedPairs",
    "tokenizer.file",
    "components",
)


def load_bundle(directory: Path) -> TrainedModel:
    """The exported (averaged, rounded) weights of a bundle. Raises ValueError if it does not hold all of them or if
    its manifest is damaged."""
    manifest = read_manifest(directory, *NEEDED)
    _require_words(directory / "bundle.json", manifest)
    provenance, words = manifest["provenance"], manifest["vocabulary"]
    if "training" not in provenance.get("architecture", {}):
        raise ValueError(
            f"{directory}: the manifest has no provenance.architecture.training: not exported by this package"
        )
    source = f"{directory / 'bundle.json'}: provenance.architecture.training"
    config = config_from_dict(provenance["architecture"]["training"], source)
    vocabulary = Vocabulary(
        sorted([(p, GOOD) for p in words["products"]] + [tuple(pair) for pair in words["trainedPairs"]])
    )
    tokenizer = _read_tokenizer(directory / str(manifest["tokenizer"]["file"]))
    module = build_training_module(config, vocabulary, tokenizer)
    autoencoder = build_autoencoder(config.autoencoder)
    _fill(module.denoiser, "denoiser.", read_components(directory, "denoiser", "modulation"), directory)
    _fill(module.text, "text.", read_components(directory, "text_encoder"), directory)
    _fill(autoencoder, "autoencoder.", read_components(directory, "image_decoder", "image_encoder"), directory)
    mask_decoder = None
    if MASK_DECODER_COMPONENT in manifest["components"]:
        mask_decoder = MaskDecoder(config.denoiser.latent_channels).eval()
        _fill(mask_decoder, "", read_components(directory, MASK_DECODER_COMPONENT), directory)
    return TrainedModel(
        config,
        vocabulary,
        module.eval(),
        autoencoder.eval(),
        provenance["trainingSteps"],
        provenance["samplesSeen"],
        mask_decoder=mask_decoder,
    )


def _read_tokenizer(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no other type
        raise ValueError(f"{path}: cannot be read as a tokenizer: {error}") from None


def _require_words(path: Path, manifest: dict[str, Any]) -> None:
    """The manifest's own schema, as far as training reads it."""
    texts = lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value)  # noqa: E731
    words, provenance = manifest["vocabulary"], manifest["provenance"]
    pairs = words["trainedPairs"]
    if not texts(words["products"]):
        raise ValueError(f"{path}: vocabulary.products is {words['products']!r}, must be a list of names")
    if not isinstance(pairs, list) or not all(texts(pair) and len(pair) == 2 for pair in pairs):
        raise ValueError(f"{path}: vocabulary.trainedPairs must be a list of [product, defect]")
    for name in ("trainingSteps", "samplesSeen"):
        if type(provenance[name]) is not int:
            raise ValueError(f"{path}: provenance.{name} is {provenance[name]!r}, must be a whole number")


GROWS = ("local_blocks", "mask_reads_picture", "latent_channels")  # these add nothing until they are trained
GROWS_WITH_CHANNELS = ("latent_channels", "fine_width", "fine_blocks")  # of the autoencoder, which is trained then


def start_from_bundle(
    run: Run, directory: Path, preset: TrainingConfig | None = None, validation: ValidationState | None = None
) -> TrainingConfig:
    """Makes a new run that continues where the bundle's training ended (with a new optimiser).

    The run uses the bundle's configuration or `preset`, which must describe the same model or an expansion of it;
    otherwise a ValueError names the differences. Held-out pairs stay held out, unless the preset names some.
    An autoencoder with more latent channels is trained first (channel_expansion.py).
    `validation` replaces the configuration's own.
    """
    if run.denoiser.exists():
        raise FileExistsError(f"{run.denoiser}: this run has a checkpoint already; it continues without a bundle")
    model = load_bundle(directory)
    if preset is None:
        config, module = model.config, model.module
    else:
        config, module = preset, expanded_module(model, preset, directory)
    config = replace(config, held_out_pairs=config.held_out_pairs or model.config.held_out_pairs)  # its words stay
    record = run.open if run.trained() else run.begin  # one that was cut short had begun with the same
    config = replace(config, validation=continued(model.config.validation, validation or config.validation))
    if config.autoencoder == model.config.autoencoder:
        record(replace(config, autoencoder_training=model.config.autoencoder_training))  # as it was made: it stays
        _save_autoencoder(run, model)
    else:
        record(config)
        assert isinstance(model.autoencoder, SmallAutoencoder)  # `expanded_module` refuses others
        Anchor(model.autoencoder).save(run, model.config.autoencoder)
    save_origin(run, origin_of_bundle(directory))
    _save_denoiser(run, model, module, model.vocabulary)
    return run.config()


def save_start(run: Run, model: TrainedModel, module: TrainingModule, vocabulary: Vocabulary) -> None:
    """Puts a trained model's autoencoder, and `module` as the denoiser's checkpoint, into a new run."""
    _save_autoencoder(run, model)
    _save_denoiser(run, model, module, vocabulary)


def _save_autoencoder(run: Run, model: TrainedModel) -> None:
    save(run.autoencoder, {"model": model.autoencoder.state_dict(), "step": 0, "finished": True})
    if model.mask_decoder is not None:  # it is of that autoencoder
        save(run.mask_decoder, {"model": model.mask_decoder.state_dict()})


def _save_denoiser(run: Run, model: TrainedModel, module: TrainingModule, vocabulary: Vocabulary) -> None:
    place = {"step": model.step, "samples_seen": model.samples_seen, "first_step": model.step}
    pairs = [list(pair) for pair in vocabulary.pairs]
    tokenizer, channels = module.text.tokenizer.to_str(), model.config.denoiser.latent_channels
    state = {"model": module.state_dict(), "pairs": pairs, "tokenizer": tokenizer, "trained_channels": channels}
    save(run.denoiser, {**place, **state})


def expanded_module(model: TrainedModel, preset: TrainingConfig, directory: Path) -> TrainingModule:
    """The model's weights in the preset's, which computes the same at first: it may have more blocks of the local head,
    a mask head that reads the image, and more latent channels. Raises ValueError that names what else differs."""
    if differing := list(_differences(model.config, preset)):
        raise ValueError(
            f"{directory}: {'; '.join(differing)}. A bundle can be trained on only as the model it is, or with more "
            f"{', '.join(GROWS)}; with more latent_channels, autoencoder.fine_width and fine_blocks may differ too"
        )
    torch.manual_seed(preset.seed)
    return with_old_weights(build_training_module(preset, model.vocabulary, model.module.text.tokenizer), model.module)


def _differences(old: TrainingConfig, new: TrainingConfig) -> Iterator[str]:
    """Yields the settings that keep a model from becoming the preset's."""
    if old.image_size != new.image_size:
        yield f"its image_size is {old.image_size}, the preset's {new.image_size}"
    more_channels = new.denoiser.latent_channels > old.denoiser.latent_channels
    free = {"autoencoder": GROWS_WITH_CHANNELS if more_channels else (), "denoiser": GROWS, "text": (), "prompts": ()}
    for part, may_differ in free.items():
        before, after = asdict(getattr(old, part)), asdict(getattr(new, part))
        for name, value in before.items():
            shrinks = name in GROWS and after[name] < value
            if after[name] != value and (shrinks or name not in may_differ):
                yield f"its {part}.{name} is {value!r}, the preset's {after[name]!r}"
    if more_channels and old.denoiser.learn_sigma:
        yield "it predicts variances (denoiser.learn_sigma), which can have no more latent_channels"


def read_components(directory: Path, *names: str) -> dict[str, Tensor]:
    """The parameters of the components that the bundle has. Bundles of version 0.3 and before have no modulation: their
    denoiser holds those parameters."""
    files = [directory / f"{name}.onnx" for name in names]
    tensors: dict[str, Tensor] = {}
    for file in files:
        if file.exists():
            tensors |= read_parameters(file)
    return tensors


def _fill(module: nn.Module, prefix: str, tensors: dict[str, Tensor], directory: Path) -> None:
    shapes = {name: tensor.shape for name, tensor in module.state_dict().items()}
    own = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    own = {name: tensor.reshape(shapes[name]) for name, tensor in own.items()}
    result = module.load_state_dict(own, strict=False)
    trainable = {name for name, _ in module.named_parameters()}
    if missing := [name for name in result.missing_keys if name in trainable]:
        raise ValueError(f"{directory}: the graphs do not hold {missing[:5]}{' …' if len(missing) > 5 else ''}")
