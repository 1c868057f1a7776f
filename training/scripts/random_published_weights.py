"""Writes stand-ins for the published weights that `import` reads, of their true names and shapes, with random values.

    python training/scripts/random_published_weights.py weights --size 256

    weights/defectdiffu.pt      a checkpoint of the authors' code: DiT-XL/2 cut 10/10/8
    weights/dit.pt              DiT-XL/2, to start from
    weights/vae, weights/clip   Stable Diffusion's AutoencoderKL, CLIP RN50's text tower (with a tokenizer of few words)
    weights/preset.toml, words.toml, provenance.toml

For trying the way from checkpoint to service at full size, where the real weights are not at hand: it draws noise.
"""

from __future__ import annotations

import argparse
import tomllib
from dataclasses import replace
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from defectdiffu.checkpoints.released_weights import CLASS_TABLE, DEFECT_PARTS
from defectdiffu.config import PRESETS, config_from_dict
from defectdiffu.model.tdia import TDIA
from defectdiffu.model.text_encoder import END, START, word_tokenizer

SCALE = 0.02
CLASSES = 1001
WORDS = "a photo of good broken bottle cable industry"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, choices=(256, 512), default=256)
    options = parser.parse_args()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    write_texts(out, options.size)
    paper = config_from_dict(tomllib.loads((out / "preset.toml").read_text()))
    write_checkpoints(out, paper.denoiser)
    AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(128, 256, 512, 512), layers_per_block=2, scaling_factor=0.18215,
    ).save_pretrained(out / "vae")  # fmt: skip
    text = CLIPTextConfig(
        vocab_size=49408, hidden_size=512, intermediate_size=2048, projection_dim=1024, num_hidden_layers=12,
        num_attention_heads=8, max_position_embeddings=77, bos_token_id=START, eos_token_id=END,
    )  # fmt: skip
    CLIPTextModelWithProjection(text).save_pretrained(out / "clip")
    word_tokenizer([WORDS], 77).save(str(out / "clip" / "tokenizer.json"))


def write_texts(out: Path, size: int) -> None:
    preset = (PRESETS / "paper.toml").read_text()
    preset = preset.replace("image_size = 512", f"image_size = {size}")
    (out / "preset.toml").write_text(preset.replace("latent_size = 64", f"latent_size = {size // 8}"))
    (out / "words.toml").write_text('products = ["bottle", "cable"]\npairs = [["bottle", "broken"]]\n')
    (out / "provenance.toml").write_text(
        'description = "Random values in the published shapes."\nlicense = "none"\nterms = "For trials only."\n'
        'dataset = "none"\nsources = []\n'
    )


def write_checkpoints(out: Path, config) -> None:
    state = TDIA(replace(config, locality=False)).state_dict()
    for name, tensor in state.items():
        if name != "pos_embed" and tensor.is_floating_point():
            tensor.normal_(0, SCALE)
    own = ("adapt_mask.latent_",)  # this package's statistics
    released = {name: tensor for name, tensor in state.items() if not name.startswith(own)}
    torch.save({"model": released}, out / "defectdiffu.pt")
    plain = {name: tensor for name, tensor in released.items() if not name.startswith(DEFECT_PARTS)}
    torch.save(plain | {CLASS_TABLE: torch.randn(CLASSES, config.hidden_size) * SCALE}, out / "dit.pt")


if __name__ == "__main__":
    main()
