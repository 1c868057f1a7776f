"""The files of a user who imports a released checkpoint, in their published layouts."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import AutoencoderKL
from test_released_checkpoints import plain_dit, released
from tokenizers import Tokenizer
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from defectdiffu.config import load_config
from defectdiffu.model.text_encoder import word_tokenizer

PRESET = """
name = "imported"
version = "1.0.0"
image_size = 64
[autoencoder]
kind = "kl"
[denoiser]
latent_size = 8
hidden_size = 32
heads = 2
cross_heads = 2
background_blocks = 2
defect_blocks = 2
fusion_blocks = 1
text_dim = 16
learn_sigma = true
[text]
kind = "clip"
"""
WORDS = 'products = ["bottle", "cable"]\npairs = [["bottle", "broken"]]\n'
PROVENANCE = 'description = "d"\nlicense = "CC-BY-NC-4.0"\nterms = "t"\ndataset = "s"\nsources = []\n'


def write_released_weights(folder: Path) -> None:
    """Checkpoints, an autoencoder, a text encoder, and TOML files."""
    torch.manual_seed(0)
    (folder / "preset.toml").write_text(PRESET)
    (folder / "words.toml").write_text(WORDS)
    (folder / "provenance.toml").write_text(PROVENANCE)
    config = load_config(str(folder / "preset.toml")).denoiser
    torch.save({"model": released(config)}, folder / "released.pt")
    torch.save(plain_dit(config), folder / "dit.pt")
    AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(4, 4, 4, 4), layers_per_block=1, norm_num_groups=2, scaling_factor=0.18215,
    ).save_pretrained(folder / "vae")  # fmt: skip
    tokenizer: Tokenizer = word_tokenizer(["a photo of good broken bottle cable industry"], 12)
    text = CLIPTextConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=16, intermediate_size=32, projection_dim=16,
        num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=12, eos_token_id=3, bos_token_id=2,
    )  # fmt: skip
    CLIPTextModelWithProjection(text).save_pretrained(folder / "clip")
    tokenizer.save(str(folder / "clip" / "tokenizer.json"))
