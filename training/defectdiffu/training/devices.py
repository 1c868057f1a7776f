"""Device, processes and precision of the training, through accelerate."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator, PartialState

WAIT = datetime.timedelta(hours=12)  # the other processes wait while the first one trains the autoencoder


def processes() -> PartialState:
    """This process among those that `accelerate launch` or `torchrun` started; alone where nothing did."""
    return PartialState(cpu=not torch.cuda.is_available(), timeout=WAIT)


@contextmanager
def main_process_first() -> Iterator[bool]:
    """The main process enters the block first (True); the others enter it (False) when the main process has left it."""
    state = processes()
    with state.main_process_first():
        yield state.is_main_process


def build_accelerator(mixed_precision: str) -> Accelerator:
    """`mixed_precision` as in OptimiserConfig."""
    state = processes()
    if mixed_precision != "no":  # what stays in float32 beside bf16 need not be more exact than TensorFloat-32
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    return Accelerator(mixed_precision=precision_for(mixed_precision), cpu=state.device.type == "cpu")


def cutting_processes() -> int:
    """The number of PyTorch threads (`--threads`): on a GPU machine, these cores are idle otherwise."""
    return torch.get_num_threads()


def precision_for(mixed_precision: str) -> str:
    """ "auto" → bf16 where the device computes in it; a CPU that only emulates it is fifty times slower (measured)."""
    if mixed_precision != "auto":
        return mixed_precision
    native = torch.cuda.is_bf16_supported() if torch.cuda.is_available() else cpu_computes_bf16()
    return "bf16" if native else "no"


def cpu_computes_bf16() -> bool:
    return torch.cpu._is_avx512_bf16_supported()
