"""Writes test/inference/published/models/published/1.0.0: a checkpoint of the authors' code, imported, exported, tiny.

    training/.venv/bin/python test/inference/golden/make_published_bundle.py

All that a published model has and the default one has not, for the engine to be tried on: learned variances, weights
beside the graphs, Stable Diffusion's kind of autoencoder, CLIP's byte-level BPE tokenizer. Names as published, values
random. Beside it, golden/samples/published@1.0.0: what the training package draws from the same weights.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from tokenizers import Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizerFast

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[2] / "training"), str(HERE.parents[2] / "training" / "tests")]
from defectdiffu.config import config_from_dict  # noqa: E402
from defectdiffu.export.bundle import export_bundle  # noqa: E402
from defectdiffu.checkpoints.importing import import_checkpoint, read_words, with_weights  # noqa: E402
from defectdiffu.checkpoints.runs import Run  # noqa: E402
from defectdiffu.sampling.guidance import SampleRequest# noqa: E402
from defectdiffu.checkpoints.trained_model import load_trained  # noqa: E402
from test_released_checkpoints import released  # noqa: E402
from written import asked, write  # noqa: E402

CONTEXT = 16
SENTENCES = ["a photo of good metal nut", "a photo of scratch bottle", "industry", "broken cable"]
PRESET = {
    "name": "published",
    "version": "1.0.0",
    "image_size": 64,
    "autoencoder": {"kind": "kl"},
    "denoiser": {
        "latent_size": 8,
        "hidden_size": 32,
        "heads": 2,
        "cross_heads": 2,
        "background_blocks": 1,
        "defect_blocks": 2,
        "fusion_blocks": 1,
        "text_dim": 16,
        "learn_sigma": True,
    },
    "text": {"kind": "clip"},
}
WORDS = 'products = ["metal nut", "bottle"]\npairs = [["metal nut", "scratch"], ["bottle", "broken"]]\n'
PROVENANCE = """
description = "Random values in the names and shapes of the authors' checkpoint."
license = "CC0-1.0"
terms = "Anything."
dataset = "None"
sources = []
"""
CASES = [
    ("metal nut", "scratch", 11, 1.5, "DDPM", 6, "DOUBLE_FREE"),
    ("metal nut", "broken", 12, 1.0, "DDPM", 4, "PRODUCT_RELATIVE"),
    ("bottle", "broken", 13, 2.0, "DPM_SOLVER_PP", 5, "PRODUCT_RELATIVE"),
]


def clip(folder: Path) -> None:
    """A text tower and the tokenizer of CLIP's kind, in the layout of Hugging Face."""
    end = "</w>"
    letters = pre_tokenizers.ByteLevel.alphabet()
    learner = Tokenizer(BPE(end_of_word_suffix=end))
    learner.normalizer = normalizers.Lowercase()
    learner.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = BpeTrainer(vocab_size=80, end_of_word_suffix=end, initial_alphabet=[], show_progress=False)
    learner.train_from_iterator(SENTENCES, trainer)
    merges = [" ".join(pair) for pair in json.loads(learner.to_str())["model"]["merges"]]
    tokens = [*sorted(letters), *(letter + end for letter in sorted(letters)), *("".join(m.split()) for m in merges)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))
    tokenizer = CLIPTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt"))
    text = CLIPTextConfig(
        vocab_size=len(vocabulary), hidden_size=16, intermediate_size=32, projection_dim=16, num_hidden_layers=1,
        num_attention_heads=2, max_position_embeddings=CONTEXT, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    CLIPTextModelWithProjection(text).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def awake(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The same names and shapes with values that draw something finite."""
    return {name: t if name == "pos_embed" else 0.2 * torch.randn(t.shape) for name, t in state.items()}


def main() -> None:
    torch.manual_seed(0)
    target = HERE.parent / "published" / "models"
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        disk = Path(scratch)
        (disk / "words.toml").write_text(WORDS)
        (disk / "provenance.toml").write_text(PROVENANCE)
        (disk / "clip").mkdir()
        clip(disk / "clip")
        AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(4, 4, 4, 4), layers_per_block=1, norm_num_groups=2, scaling_factor=0.18215,
        ).save_pretrained(disk / "vae")  # fmt: skip
        config = with_weights(config_from_dict(PRESET), disk / "vae", disk / "clip")
        torch.save({"model": awake(released(config.denoiser))}, disk / "released.pt")
        run = Run(disk / "run")
        import_checkpoint(run, config, disk / "released.pt", read_words(disk / "words.toml"))
        model = load_trained(run)
        export_bundle(model, target, disk / "provenance.toml", external_data=True)
        generator = model.generator()
        out = HERE / "samples" / "published@1.0.0"
        out.mkdir(parents=True, exist_ok=True)
        for n, (product, defect, seed, strength, sampler, steps, guidance) in enumerate(CASES):
            request = SampleRequest(product, defect, seed, strength, 1.0, steps, sampler, guidance)
            (drawn,) = generator.draw([request])
            write(out, n, asked(request) | {"confidence": drawn.confidence}, drawn.image, drawn.mask)
            print(n, drawn.image.std().round(1), drawn.mask.mean().round(3))


if __name__ == "__main__":
    main()
