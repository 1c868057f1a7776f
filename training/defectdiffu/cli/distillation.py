"""The commands that distil a bundle: distil and distil-masks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer

from .console import bar, console, progress_reporter, readable_errors
from .options import ThreadsOption

LEAST_IOU = 0.95


def distil(
    bundle: Annotated[Path, typer.Option(help="Bundle that gets a student: models/<name>/<version>.")],
    run: Annotated[
        Path, typer.Option(help="Folder for the teacher's trajectories and the checkpoint; a repeated call goes on.")
    ],
    trajectories: Annotated[
        int, typer.Option(min=1, help="Samples that the teacher draws to learn from; can be raised later.")
    ] = 8_000,
    steps: Annotated[int, typer.Option(min=1, help="Training steps; can be raised later.")] = 12_000,
    batch_size: Annotated[int, typer.Option(help="Steps of the student in one training step.")] = 64,
    learning_rate: Annotated[float, typer.Option()] = 8e-4,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Instead of --steps: two fifths of the time for drawing, the rest for training."),
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="Samples per pair that the quality is measured on.")] = 4,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    threads: ThreadsOption = 0,
) -> None:
    """Adds a student to a bundle, which draws in 2, 4 or 8 steps of one row (sampler TURBO)."""
    from ..distillation.distil import distil as run_distillation
    from ..distillation.plan import DistillationPlan
    from ..distillation.quality import turbo_quality
    from ..distillation.turbo_component import add_turbo

    if threads:
        torch.set_num_threads(threads)
    with readable_errors(), bar() as progress:
        report = progress_reporter(progress)
        plan = DistillationPlan(
            trajectories=trajectories, steps=steps, batch_size=batch_size, learning_rate=learning_rate, seed=seed
        )
        done = run_distillation(bundle, run, plan, report, minutes)
        quality = turbo_quality(done.model, done.generator(), samples, report)
        provenance = {"trainingSteps": done.steps, "trajectories": done.trajectories, "quality": quality}
        file = add_turbo(bundle, done.turbo, done.model.config.denoiser.text_dim, provenance)
        for few, figures in quality.items():
            psnr, iou = figures["psnr"]["mean"], figures["maskIou"]["mean"]
            console.print(f"{few} steps: {psnr} dB and mask IoU {iou} against the teacher, from the same noise")
        console.print(f"{file} is in the bundle; its samples have the sampler TURBO", soft_wrap=True, highlight=False)


def distil_masks(
    bundle: Annotated[Path, typer.Option(help="Bundle that gets the decoder: models/<name>/<version>.")],
    minutes: Annotated[
        float, typer.Option(min=0, help="A quarter of it is for drawing mask features, the rest for training.")
    ] = 20,
    least_iou: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Masks that agree less with those of the image decoder leave the bundle as it is."
        ),
    ] = LEAST_IOU,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    threads: ThreadsOption = 0,
) -> None:
    """Adds a small decoder of masks to a bundle, so that a sample needs the image decoder once."""
    from ..distillation.mask_decoder import add_mask_decoder, distil_mask_decoder, require_quality

    if threads:
        torch.set_num_threads(threads)
    with readable_errors(), bar() as progress:
        distilled = distil_mask_decoder(bundle, minutes, progress_reporter(progress), seed)
        require_quality(distilled.quality, least_iou)
        file = add_mask_decoder(bundle, distilled)
        quality = distilled.quality
        console.print(
            f"{file}: its masks have an IoU of {quality['maskIou']} with those of the image decoder on average, and of "
            f"{quality['fifthPercentile']} at the 5th percentile, over features it did not learn from",
            soft_wrap=True,
            highlight=False,
        )
