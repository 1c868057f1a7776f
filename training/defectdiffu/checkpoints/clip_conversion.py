"""Converts OpenAI's published CLIP to the folder that text_encoder.py reads: the text tower and its tokenizer.

RN50.pt is a TorchScript archive of both towers under OpenAI's own names; the tokenizer is a list of byte-pair merges,
`bpe_simple_vocab_16e6.txt.gz`, of which the tower uses the first ones, up to its number of tokens.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.processors import TemplateProcessing
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

START, END, WORD_END = "<|startoftext|>", "<|endoftext|>", "</w>"
PIECES = r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"
HEAD_WIDTH = 64
WHOLE = {  # OpenAI's name → transformers'
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
}
IN_BLOCK = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}


def convert_clip(checkpoint: Path, merges: Path, out: Path) -> CLIPTextConfig:
    """Writes config.json, model.safetensors and tokenizer.json into the new folder `out`.

    Raises FileNotFoundError, or ValueError that names the file, and the tensor or the line, that is not as published.
    """
    if out.exists():
        raise FileExistsError(f"{out}: exists already")
    try:
        model = text_tower(_read(checkpoint))
    except ValueError as error:
        raise ValueError(f"{checkpoint}: {error}") from None
    pairs = read_merges(merges, model.config.vocab_size)
    try:
        tokenizer = clip_tokenizer(pairs)
    except Exception as error:  # tokenizers raises nothing narrower
        raise ValueError(f"{merges}: its merges do not build on one another: {error}") from None
    model.save_pretrained(out)
    tokenizer.save(str(out / "tokenizer.json"))
    return model.config


def text_tower(state: dict[str, Tensor]) -> CLIPTextModelWithProjection:
    """Builds the text tower from a state dict, in float32. Raises ValueError that names missing tensors."""
    layers = 1 + max(
        (int(name.split(".")[2]) for name in state if name.startswith("transformer.resblocks.")), default=0
    )
    named = {ours: name for name, ours in WHOLE.items()}
    for i in range(layers):
        theirs, ours = f"transformer.resblocks.{i}", f"text_model.encoder.layers.{i}"
        for kind in ("weight", "bias"):
            named |= {f"{ours}.{b}.{kind}": f"{theirs}.{a}.{kind}" for a, b in IN_BLOCK.items()}
    packed = [f"transformer.resblocks.{i}.attn.in_proj_{kind}" for i in range(layers) for kind in ("weight", "bias")]
    if lacking := [name for name in [*named.values(), *packed, "text_projection"] if name not in state]:
        raise ValueError(f"no text tower of OpenAI's CLIP: it lacks {lacking[:5]}{' …' if len(lacking) > 5 else ''}")

    tensors = {ours: state[name] for ours, name in named.items()}
    for i in range(layers):
        for kind in ("weight", "bias"):
            parts = state[f"transformer.resblocks.{i}.attn.in_proj_{kind}"].chunk(3)  # query, key, value
            for part, tensor in zip("qkv", parts, strict=True):
                tensors[f"text_model.encoder.layers.{i}.self_attn.{part}_proj.{kind}"] = tensor
    tensors["text_projection.weight"] = state["text_projection"].T  # their matrix multiplies from the right
    vocabulary, width = state["token_embedding.weight"].shape
    model = CLIPTextModelWithProjection(
        CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            intermediate_size=state["transformer.resblocks.0.mlp.c_fc.weight"].shape[0],
            projection_dim=state["text_projection"].shape[1],
            num_hidden_layers=layers,
            num_attention_heads=width // HEAD_WIDTH,
            max_position_embeddings=state["positional_embedding"].shape[0],
            hidden_act="quick_gelu",
            bos_token_id=vocabulary - 2,
            eos_token_id=vocabulary - 1,
            pad_token_id=vocabulary - 1,
        )
    )
    model.load_state_dict({name: tensor.float().contiguous() for name, tensor in tensors.items()})
    return model.eval()


def read_merges(path: Path, tokens: int) -> list[tuple[str, str]]:
    """The merges of a vocabulary of `tokens` tokens: one for each token except the bytes and the two markers. Each byte
    occurs twice, alone and at a word's end. The file's first line is a heading."""
    expected = tokens - 2 * 256 - 2
    try:
        lines = gzip.decompress(path.read_bytes()).decode("utf-8").splitlines()
    except (gzip.BadGzipFile, EOFError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: cannot be read as a gzip file of text: {error}") from None
    pairs = [line.split() for line in lines[1 : expected + 1]]
    if len(pairs) < expected:
        raise ValueError(f"{path}: holds {len(pairs)} merges, must hold at least {expected} for {tokens} tokens")
    if odd := [i for i, pair in enumerate(pairs, start=2) if len(pair) != 2]:
        raise ValueError(f"{path}: line {odd[0]} must hold two pieces")
    return [(first, second) for first, second in pairs]


def clip_tokenizer(merges: list[tuple[str, str]]) -> Tokenizer:
    characters = byte_characters()
    pieces = [*characters, *(c + WORD_END for c in characters), *(a + b for a, b in merges), START, END]
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    tokenizer = Tokenizer(BPE(vocabulary, merges, unk_token=END, end_of_word_suffix=WORD_END))
    space = normalizers.Replace(Regex(r"\s+"), " ")
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), space, normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    markers = [(name, vocabulary[name]) for name in (START, END)]
    tokenizer.post_processor = TemplateProcessing(single=f"{START} $A {END}", special_tokens=markers)
    return tokenizer


def byte_characters() -> list[str]:
    """A printable character for each of the 256 bytes, in the vocabulary's order: printable bytes come first
    and keep their character; the others are numbered from U+0100."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(byte) for byte in printable] + [chr(0x100 + i) for i in range(256 - len(printable))]


def _read(checkpoint: Path) -> dict[str, Tensor]:
    """Reads a TorchScript archive or a plain .pt file."""
    if not checkpoint.is_file():
        raise FileNotFoundError(f"{checkpoint}: no such file")
    try:
        return torch.jit.load(checkpoint, map_location="cpu").state_dict()
    except RuntimeError:
        pass
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception as error:  # any error of torch for a file of another format
        raise ValueError(f"cannot be read as a checkpoint: {error}") from None
    if not isinstance(state, dict):
        raise ValueError(f"holds {type(state).__name__}, must hold a state dict")
    return state
