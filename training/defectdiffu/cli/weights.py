"""Commands for published weights: import, convert-clip."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..checkpoints.runs import Run
from ..config import load_config
from .console import console, readable_errors
from .options import RunOption


def import_(
    checkpoint: Annotated[Path, typer.Option(help="A .pt file of the authors' code or of DiT.")],
    run: RunOption,
    words: Annotated[Path, typer.Option(help="TOML file: the products and pairs that it was trained on.")],
    preset: Annotated[str, typer.Option(help="Preset of the model: a name or a TOML file.")] = "paper",
    size: Annotated[int | None, typer.Option(help="Size of its images in pixels; the preset's by default.")] = None,
    autoencoder: Annotated[Path | None, typer.Option(help="Folder of diffusers AutoencoderKL weights.")] = None,
    text_encoder: Annotated[Path | None, typer.Option(help="Folder of transformers CLIP text weights.")] = None,
) -> None:
    """Makes a run from a published checkpoint, to export it as a bundle or to continue training."""
    from ..checkpoints.importing import import_checkpoint, read_words, with_size, with_weights

    with readable_errors():
        config = load_config(preset)
        config = with_weights(with_size(config, config.image_size if size is None else size), autoencoder, text_encoder)
        imported = import_checkpoint(Run(run), config, checkpoint, read_words(words))
        console.print(f"{checkpoint} ({imported.kind}): {len(imported.loaded)} tensors loaded")
        if imported.kind == "dit":
            console.print(
                f"{len(imported.initial)} tensors that DiT does not have are untrained; train before you export"
            )


def convert_clip(
    checkpoint: Annotated[Path, typer.Option(help="OpenAI's RN50.pt.")],
    merges: Annotated[Path, typer.Option(help="OpenAI's bpe_simple_vocab_16e6.txt.gz.")],
    out: Annotated[Path, typer.Option(help="New folder, for --text-encoder of `import`.")],
) -> None:
    """Converts the text tower of OpenAI's published CLIP and its tokenizer to a folder that `import` reads."""
    from ..checkpoints.clip_conversion import convert_clip as convert

    with readable_errors():
        tower = convert(checkpoint, merges, out)
        console.print(f"{out}: {tower.num_hidden_layers} layers, projection_dim {tower.projection_dim}", soft_wrap=True)
