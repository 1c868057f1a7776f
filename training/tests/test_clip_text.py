"""The converted text tower of OpenAI's CLIP computes the same as the published one, which is rebuilt here."""

from __future__ import annotations

import gzip

import pytest
import torch
import torch.nn.functional as F
from conftest import invoke
from transformers import CLIPTokenizer

from defectdiffu.checkpoints.clip_conversion import byte_characters, clip_tokenizer, read_merges, text_tower
from defectdiffu.config import TextConfig
from defectdiffu.model.text_encoder import build_text_encoder

WIDTH, LAYERS, CONTEXT, EMBEDDING = 128, 2, 16, 24
MERGES = ["p h", "o t", "ph ot", "o f</w>", "phot o</w>", "m e", "t a", "me ta", "meta l</w>", "n u", "nu t</w>"]
TOKENS = 2 * 256 + len(MERGES) + 2
PHRASES = ["a photo of metal nut", "A  photo of METAL_nut 42", "a photo of Größe, it's", ""]


def published() -> dict[str, torch.Tensor]:
    """Both towers' state dict, as in RN50.pt but narrower, with random values; the weights in float16."""
    torch.manual_seed(0)
    shapes = {
        "positional_embedding": (CONTEXT, WIDTH), "text_projection": (WIDTH, EMBEDDING), "logit_scale": (),
        "visual.conv1.weight": (4, 3, 3, 3), "token_embedding.weight": (TOKENS, WIDTH),
        "ln_final.weight": (WIDTH,), "ln_final.bias": (WIDTH,),
    }  # fmt: skip
    for i in range(LAYERS):
        block = f"transformer.resblocks.{i}"
        for name, out, into in (
            ("attn.out_proj", WIDTH, WIDTH),
            ("mlp.c_fc", 4 * WIDTH, WIDTH),
            ("mlp.c_proj", WIDTH, 4 * WIDTH),
        ):
            shapes |= {f"{block}.{name}.weight": (out, into), f"{block}.{name}.bias": (out,)}
        shapes |= {f"{block}.attn.in_proj_weight": (3 * WIDTH, WIDTH), f"{block}.attn.in_proj_bias": (3 * WIDTH,)}
        shapes |= {f"{block}.{ln}.{kind}": (WIDTH,) for ln in ("ln_1", "ln_2") for kind in ("weight", "bias")}
    return {name: (torch.randn(shape) * 0.2).half() for name, shape in shapes.items()}


def as_published_computes(state: dict[str, torch.Tensor], ids: torch.Tensor) -> torch.Tensor:
    """ids [P, L] → [P, EMBEDDING], with nothing but PyTorch's functions."""
    s = {name: tensor.float() for name, tensor in state.items()}
    normed = lambda x, name: F.layer_norm(x, (WIDTH,), s[f"{name}.weight"], s[f"{name}.bias"])  # noqa: E731
    linear = lambda x, name: F.linear(x, s[f"{name}.weight"], s[f"{name}.bias"])  # noqa: E731
    x = s["token_embedding.weight"][ids] + s["positional_embedding"]
    for i in range(LAYERS):
        block = f"transformer.resblocks.{i}"
        packed = F.linear(
            normed(x, f"{block}.ln_1"), s[f"{block}.attn.in_proj_weight"], s[f"{block}.attn.in_proj_bias"]
        )
        heads = [part.unflatten(-1, (WIDTH // 64, 64)).transpose(1, 2) for part in packed.chunk(3, dim=-1)]
        attended = F.scaled_dot_product_attention(*heads, is_causal=True).transpose(1, 2).flatten(2)
        x = x + linear(attended, f"{block}.attn.out_proj")
        hidden = linear(normed(x, f"{block}.ln_2"), f"{block}.mlp.c_fc")
        x = x + linear(hidden * torch.sigmoid(1.702 * hidden), f"{block}.mlp.c_proj")
    at_end = normed(x, "ln_final")[torch.arange(len(ids)), ids.argmax(-1)]  # the end marker has the highest number
    return at_end @ s["text_projection"]


@pytest.fixture
def files(tmp_path):
    torch.save(published(), tmp_path / "tower.pt")
    text = "\n".join(['"bpe_simple_vocab_16e6.txt#version: 0.2', *MERGES, "q q"])
    (tmp_path / "merges.txt.gz").write_bytes(gzip.compress(text.encode()))
    return tmp_path


def convert(folder, checkpoint: str = "tower.pt", merges: str = "merges.txt.gz"):
    options = {"checkpoint": checkpoint, "merges": merges, "out": "clip"}
    named = [word for name, value in options.items() for word in (f"--{name}", folder / value)]
    return invoke("convert-clip", *named)


@torch.no_grad()
def test_the_converted_tower_gives_the_embeddings_of_the_published_one(files):
    result = convert(files)
    assert result.exit_code == 0, result.output
    encoder = build_text_encoder(TextConfig(kind="clip", pretrained=str(files / "clip")), [])
    ids = encoder.ids(PHRASES[:2])
    assert ids.shape == (2, CONTEXT)
    expected = F.normalize(as_published_computes(published(), ids), dim=-1)
    torch.testing.assert_close(encoder.encode(PHRASES[:2]), expected, atol=1e-5, rtol=0)
    assert (expected[0] - expected[1]).abs().max() > 1e-3


def test_the_archive_may_be_torchscript(files):
    torch.jit.trace(_module(published()), torch.zeros(1)).save(files / "RN50.pt")
    result = convert(files, "RN50.pt")
    assert result.exit_code == 0 and "2 layers" in result.output, result.output


def _module(state: dict[str, torch.Tensor]) -> torch.nn.Module:
    class Both(torch.nn.Module):
        def forward(self, x):
            return x

    root = Both()
    for name, tensor in state.items():
        place = root
        *folders, leaf = name.split(".")
        for folder in folders:
            if folder not in dict(place.named_children()):
                place.add_module(folder, Both())
            place = place.get_submodule(folder)
        place.register_parameter(leaf, torch.nn.Parameter(tensor))
    return root


@pytest.mark.parametrize("phrase", PHRASES)
def test_the_tokenizer_is_that_of_clip(phrase, files):
    merges = read_merges(files / "merges.txt.gz", TOKENS)
    tokenizer = clip_tokenizer(merges)
    theirs = CLIPTokenizer(vocab=tokenizer.get_vocab(), merges=merges)
    assert tokenizer.encode(phrase).ids == theirs(phrase).input_ids


def test_token_ids_are_those_of_the_published_list(files):
    tokenizer = clip_tokenizer(read_merges(files / "merges.txt.gz", TOKENS))
    assert tokenizer.get_vocab_size() == TOKENS
    known = {
        "!": 0,
        "a": 64,
        "!</w>": 256,
        "a</w>": 320,
        "ph": 512,
        "<|startoftext|>": TOKENS - 2,
        "<|endoftext|>": TOKENS - 1,
    }
    assert {name: tokenizer.token_to_id(name) for name in known} == known
    assert tokenizer.encode("a photo of metal").tokens == [
        "<|startoftext|>", "a</w>", "photo</w>", "of</w>", "metal</w>", "<|endoftext|>",
    ]  # fmt: skip
    assert len(set(byte_characters())) == 256


def test_an_error_names_what_differs_from_the_published_weights(files):
    state = published()
    del state["transformer.resblocks.1.attn.in_proj_bias"]
    with pytest.raises(ValueError, match=r"it lacks \['transformer.resblocks.1.attn.in_proj_bias'\]"):
        text_tower(state)
    (files / "few.gz").write_bytes(gzip.compress(b"heading\np h\n"))
    (files / "plain.gz").write_text("p h\n")
    (files / "loose.gz").write_bytes(gzip.compress("\n".join(["heading", "xx yy", *MERGES]).encode()))
    expected = {
        ("tower.pt", "loose.gz"): "loose.gz: its merges do not build on one another",
        ("nothing.pt", "merges.txt.gz"): "nothing.pt: no such file",
        ("merges.txt.gz", "merges.txt.gz"): "merges.txt.gz: cannot be read as a checkpoint",
        ("tower.pt", "few.gz"): f"few.gz: holds 1 merges, must hold at least {len(MERGES)} for {TOKENS} tokens",
        ("tower.pt", "plain.gz"): "plain.gz: cannot be read as a gzip file",
    }
    for given, message in expected.items():
        result = convert(files, *given)
        assert result.exit_code == 1 and message in result.output, result.output
        assert not (files / "clip").exists()


def test_an_existing_folder_is_not_changed(files):
    assert convert(files).exit_code == 0
    result = convert(files)
    assert result.exit_code == 1 and "exists already" in result.output
