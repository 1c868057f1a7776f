"""The lines that a training writes to its standard output; their contract is models/training-line.schema.json."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TextIO

from .. import __version__
from ..advice.detector_verdict import DetectorVerdict
from ..advice.onboarding_verdict import Verdict, concern
from ..checkpoints.trained_model import TrainedModel
from ..comparison.statistics import BETTER, WORSE
from ..data.layout import Pair
from .request import FORMAT_VERSION

SCHEMA = Path(__file__).resolve().parents[3] / "models" / "training-line.schema.json"
PHASE_SECONDS = 1.0  # between two lines of one phase
MESSAGES = 50  # warnings and notes
MESSAGE_CHARACTERS = 4000

ErrorCode = Literal["REQUEST_INVALID", "DATA_INVALID", "OUT_OF_TIME", "LOSS_NOT_FINITE"]


def claim_standard_output() -> TextIO:
    """The standard output, for lines alone: from now on, whatever else is printed goes to the standard error."""
    sys.stdout.flush()
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return lines


class Lines:
    def __init__(self, output: TextIO, clock: Callable[[], float] = time.monotonic):
        self._output, self._clock = output, clock
        self._written: dict[str, float] = {}
        self._messages = 0

    def begin(self) -> None:
        self._write("begin", formatVersion=FORMAT_VERSION, codeVersion=__version__)

    def phase(self, phase: str, done: int, total: int, figures: dict[str, float], seconds_left: float) -> None:
        """The first and the last line of a phase are always written, others once a second."""
        now = self._clock()
        if done < total and now - self._written.get(phase, -math.inf) < PHASE_SECONDS:
            return
        self._written[phase] = now
        finite = {name: value for name, value in figures.items() if math.isfinite(value)}
        left = round(max(0, seconds_left), 1)
        self._write("phase", phase=phase[:200], done=done, total=total, figures=finite, secondsLeft=left)

    def tell(self, text: str) -> None:
        """A note where the text begins with "note:", a warning otherwise. Of many, the first ones."""
        self._messages += 1
        if self._messages > MESSAGES:
            return
        kind, _, rest = text.partition(": ")
        if kind in ("warning", "note"):
            self._write(kind, message=_bounded(rest))
        else:
            self._write("warning", message=_bounded(text))

    def image_grid(self, path: Path, step: int, pairs: list[Pair]) -> None:
        self._write("imageGrid", path=str(path.resolve()), step=step, pairs=[list(pair) for pair in pairs])

    def verdict(self, verdict: Verdict, detectors: DetectorVerdict | None = None) -> None:
        pairs = [
            {
                "product": found.pair[0],
                "defect": found.pair[1],
                "samples": found.samples,
                "twins": found.twins,
                "real": found.real,
                "before": found.before,
                "concern": concern(found),
            }
            for found in verdict.found
        ]
        without_normal = [list(pair) for pair in verdict.without_normal]
        out_of_time = [list(pair) for pair in verdict.out_of_time]
        compared = {} if detectors is None else _compared(detectors)
        self._write("verdict", pairs=pairs, outOfTime=out_of_time, withoutNormal=without_normal, **compared)

    def model(self, folder: Path, model: TrainedModel) -> None:
        self._write("model", folder=str(folder.resolve()), step=model.step, samplesSeen=model.samples_seen)

    def error(self, code: ErrorCode, message: str) -> None:
        self._write("error", code=code, message=_bounded(message))

    def _write(self, kind: str, **content: Any) -> None:
        self._output.write(json.dumps({"type": kind, **content}, ensure_ascii=False, allow_nan=False) + "\n")
        self._output.flush()


CONCLUSIONS = {BETTER: "BETTER", WORSE: "WORSE"}  # everything else: not told apart


def _compared(detectors: DetectorVerdict) -> dict[str, Any]:
    gains = [
        {
            "product": each.product,
            "photographs": each.photographs,
            "without": round(each.without, 4),
            "withSamples": round(each.with_samples, 4),
            "gain": {
                "mean": round(each.gain.mean, 4),
                "low": round(each.gain.low, 4),
                "high": round(each.gain.high, 4),
            },
            "conclusion": CONCLUSIONS.get(each.gain.verdict, "NOT_TOLD_APART"),
        }
        for each in detectors.gains
    ]
    not_measured = [{"product": product, "reason": reason} for product, reason in detectors.not_measured]
    return {"detectors": gains, "withoutDetectors": not_measured}


def _bounded(text: str) -> str:
    return text if len(text) <= MESSAGE_CHARACTERS else f"{text[: MESSAGE_CHARACTERS - 1]}…"
