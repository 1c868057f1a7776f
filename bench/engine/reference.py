"""The training package's reference sampler, asked by reference.ts over standard input: one JSON per line each way.

    {"bundle": DIR, "threads": N}                 → {"flops": FLOPs of one denoiser call of one sample, three rows}
    {"matmul": PATH, "size": n}                   → writes a graph y = a·b of n × n matrices
    {"mode": MODE, "batch": n, "steps": s}        → {"seconds": of drawing n samples} | {"error": …}

Modes: "eager three" evaluates three rows with a background each, as published; "eager" shares backgrounds as the engine
does; "bf16" and "compiled" are that in bfloat16, and through torch.compile; "compiled bf16" is both. Where the CPU
emulates bfloat16, which takes 20 times as long, the answer is an error.
"""

import json
import sys
import time
from pathlib import Path

import onnx
import torch
from defectdiffu.checkpoints.from_bundle import load_bundle
from defectdiffu.sampling.generator import SampleRequest
from defectdiffu.model.tdia import Rows
from defectdiffu.training.devices import cpu_computes_bf16
from onnx import TensorProto, helper
from torch.utils.flop_counter import FlopCounterMode

PAIR = ("steel strip", "patch")


class Reference:
    def __init__(self, bundle: str, threads: int):
        torch.set_num_threads(threads)
        self.generator = load_bundle(Path(bundle)).generator()
        self.shared = self.generator.rows
        self.plain = self.generator.evaluate
        self.compiled: dict[bool, object] = {}

    def flops(self) -> int:
        """Of the rows of Eq. 4 over two backgrounds, without what follows from the conditions alone."""
        config = self.generator.denoiser.config
        x = torch.zeros(
            1, config.latent_channels, config.latent_size, config.latent_size
        )
        widths = [sum(part) for part in self.generator.denoiser.modulation_widths()]
        inputs = (
            x, torch.tensor([500]), torch.tensor([0, 0]), torch.zeros(2, widths[0]), torch.tensor([0, 1, 0]),
            torch.zeros(3, widths[1]), torch.zeros(3, widths[2]), torch.zeros(0, dtype=torch.long),
        )  # fmt: skip
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            self.generator.component(*inputs)
        return counter.get_total_flops()

    def seconds(self, mode: str, batch: int, steps: int) -> float:
        if "bf16" in mode and not cpu_computes_bf16():
            raise ValueError("this CPU has no bfloat16")
        generator = self.generator
        generator.rows = self.unshared if mode == "eager three" else self.shared
        generator.evaluate = self.evaluation("compiled" in mode)
        requests = [
            SampleRequest(*PAIR, seed, strength=2.0, steps=steps)
            for seed in range(batch)
        ]
        began = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled="bf16" in mode):
            generator.draw(requests)
        return time.perf_counter() - began

    def unshared(self, plans, products) -> Rows:
        rows = self.shared(plans, products)
        each = torch.arange(len(rows.row_background))
        return Rows(
            rows.background_sample[rows.row_background], rows.background_text[rows.row_background], each,
            rows.defect_text, rows.fusion_text, rows.adapter,
        )  # fmt: skip

    def evaluation(self, compiled: bool):
        if not compiled:
            return self.plain
        if True not in self.compiled:
            self.compiled[True] = torch.compile(
                self.generator.component.evaluate, dynamic=False
            )
        graph = self.compiled[True]

        def evaluate(x, t, rows, turbo=None):
            noise, feature, *variance = graph(x, torch.full((len(x),), t), rows)
            return noise.float(), variance[0] if variance else None, feature.float()

        return evaluate


def write_matmul(path: str, size: int) -> None:
    matrix = lambda name: helper.make_tensor_value_info(
        name, TensorProto.FLOAT, [size, size]
    )  # noqa: E731
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["a", "b"], ["y"])],
        "g",
        [matrix("a"), matrix("b")],
        [matrix("y")],
    )
    onnx.save(
        helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10
        ),
        path,
    )


def main() -> None:
    reference = None
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            if "bundle" in asked:
                reference = Reference(asked["bundle"], asked["threads"])
                answer = {"flops": reference.flops(), "torch": torch.__version__}
            elif "matmul" in asked:
                write_matmul(asked["matmul"], asked["size"])
                answer = {}
            else:
                answer = {
                    "seconds": reference.seconds(
                        asked["mode"], asked["batch"], asked["steps"]
                    )
                }
        except (
            Exception
        ) as error:  # a mode that this machine cannot run is an answer too
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), flush=True)


main()
