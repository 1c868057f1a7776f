"""The checkpoint of an adapter in training, and the model that it makes together with its bundle."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from ..config import AdapterConfig
from ..data.vocabulary import Vocabulary
from ..model.adapter import Adapter
from ..model.ema import Ema
from .base_bundle import BaseBundle, require_base
from .from_bundle import load_bundle
from .runs import Run, load, save
from .trained_model import TrainedModel, load_trained

STORED_NAME = "adapter"  # in a checkpoint's averages
CHECKPOINT = ("adapter", "settings", "phrases", "pairs", "bundle", "base", "step", "samples_seen")


def save_adapter(
    run: Run, adapter: Adapter, vocabulary: Vocabulary, bundle: Path, base: BaseBundle, more: dict[str, Any]
) -> None:
    """`more`: the place in the training, and its state."""
    about = {"settings": asdict(adapter.config), "phrases": adapter.phrases, "bundle": str(bundle.resolve())}
    pairs = [list(pair) for pair in vocabulary.pairs]
    save(run.adapter, {"adapter": adapter.state_dict(), **about, "pairs": pairs, "base": asdict(base), **more})


def adapter_of(state: dict[str, Tensor], settings: AdapterConfig, phrases: list[str]) -> Adapter:
    """An adapter with the weights of `state`, from which the widths follow."""
    widths = [state[f"up.{part}.weight"].shape[0] for part in range(3)]
    adapter = Adapter(settings, widths, phrases, state["embedding"])
    adapter.load_state_dict(state)
    return adapter


def load_run(run: Run) -> TrainedModel:
    """What the run trained: a model, or an adapter together with its bundle. Raises as `load_trained` does."""
    return load_adapter_run(run) if run.adapter.exists() else load_trained(run)


def load_adapter_run(run: Run) -> TrainedModel:
    """The bundle with the averaged weights of the run's adapter. Raises ValueError when the bundle is another now."""
    state = load(run.adapter, *CHECKPOINT)
    bundle = Path(state["bundle"])
    require_base(bundle, BaseBundle(**state["base"]), run.adapter)
    adapter = adapter_of(state["adapter"], AdapterConfig(**state["settings"]), state["phrases"])
    config = run.config()
    if "ema" in state:
        ema = Ema({STORED_NAME: adapter}, config.optimiser.ema_decay)
        ema.load_state_dict(state["ema"])
        ema.swap()
    vocabulary = Vocabulary([tuple(pair) for pair in state["pairs"]])
    base = load_bundle(bundle)
    return replace(
        base, config=config, vocabulary=vocabulary, adapter=adapter.eval(), base=bundle,
        step=state["step"], samples_seen=state["samples_seen"],
    )  # fmt: skip
