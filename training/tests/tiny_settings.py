"""The preset and the provenance of the small model that the tests train and export."""

from __future__ import annotations

TINY_PRESET = """
name = "tiny"
image_size = 32
[autoencoder]
width = 8
deep_width = 8
blocks = 1
deep_blocks = 1
[autoencoder_training]
steps = 60
batch_size = 4
crop = 32
[denoiser]
latent_size = 4
hidden_size = 16
heads = 2
cross_heads = 4
background_blocks = 1
defect_blocks = 1
fusion_blocks = 1
text_dim = 8
prediction = "v"
locality = true
local_width = 4
[text]
hidden_size = 8
heads = 2
projection = 8
[optimiser]
batch_size = 4
warmup_steps = 5
cooldown_steps = 5
[latent_cache]
defect_windows = 8
normal_windows = 8
"""

PROVENANCE = """
description = "Blech und Größe."
license = "CC0-1.0"
terms = "Anything."
dataset = "Squares and strokes"
[aliases]
ding = "dent"
[[sources]]
product = "tin"
source = "made up"
license = "CC0-1.0"
"""
