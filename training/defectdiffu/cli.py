"""The command line: check, split, train, onboard, import, convert-clip, sample, export, placement, variants,
strength, evaluate, ablate."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import torch
import typer
from PIL import Image
from rich.markup import escape

from .config import TrainingConfig, load_config
from .console import bar, console, listed, plain_errors, require_known, shower
from .layout import read_data_set
from .runs import Run

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)

DataOption = Annotated[Path, typer.Option(help="Folder in the MVTec AD layout.")]
RunOption = Annotated[Path, typer.Option(help="Folder of the training run: checkpoints, sample sheets, log.")]
WindowsOption = Annotated[Path | None, typer.Option(help="TOML: how windows are cut from each product.")]
ProductsOption = Annotated[str | None, typer.Option(help="Only these products, by comma.")]


@app.command()
def check(
    data: DataOption,
    products: ProductsOption = None,
    windows: Annotated[
        Path | None, typer.Option(help="TOML: how windows are cut. Given, what the photographs lack is told as well.")
    ] = None,
    preset: Annotated[str, typer.Option(help="With --windows: the model that is to see them.")] = "small",
) -> None:
    """Reads every image and mask and reports all problems at once."""
    from . import advice
    from .windows import read_rules

    with plain_errors():
        records = read_data_set(data, listed(products))
        rules, size = read_rules(windows), load_config(preset).image_size
        measured = advice.measure(records, rules, size) if windows else []
    groups: dict[tuple[str, str, str], int] = {}
    for record in records:
        key = (record.product, record.defect, record.half)
        groups[key] = groups.get(key, 0) + 1
    for (product, defect, half), count in sorted(groups.items()):
        console.print(f"{product:20} {defect:20} {half:6} {count:5}")
    for group in measured:
        if group.share is not None:
            seen = f"covers {group.share:.1%} of a window, strokes {group.stroke:.1f} px"
            console.print(f"{group.product:20} {group.defect:20} {seen}", soft_wrap=True)
    for warning in [warning for group in measured for warning in advice.warnings(group)]:
        console.print(f"[yellow]warning:[/yellow] {escape(warning)}", soft_wrap=True)
    console.print(f"{len(records)} images, no problem found")


@app.command()
def split(
    data: DataOption,
    share: Annotated[float, typer.Option(help="Of the photographs of every product and defect: the test half.")] = 0.3,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Writes manifest.csv, which keeps a test half out of training. It knows nothing of what shows the same part."""
    from .splitting import split as run_split

    with plain_errors():
        for (product, defect), (train, test) in run_split(data, share, seed).items():
            console.print(f"{product:20} {defect:20} {train:5} train {test:5} test")
    console.print(f"{data / 'manifest.csv'}: see that pictures of one part are in one half")


@app.command()
def train(
    data: DataOption,
    run: RunOption,
    preset: Annotated[
        str | None,
        typer.Option(help="A preset's name or a TOML file, read when the run is new; small, or as the bundle was."),
    ] = None,
    from_bundle: Annotated[Path | None, typer.Option(help="Start a new run from this bundle's weights.")] = None,
    windows: WindowsOption = None,
    products: ProductsOption = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Total steps; the preset's unless given. Raise it to train on.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="Instead of steps: the denoiser's end, so long after the command began."),
    ] = None,
    without_validation: Annotated[
        bool, typer.Option("--without-validation", help="Keep out what `evaluate --half validation` measures on.")
    ] = False,
    sheet_minutes: Annotated[float, typer.Option(help="Minutes between sample sheets.")] = 15,
    save_minutes: Annotated[float, typer.Option(help="Minutes between checkpoints.")] = 2,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 takes them all.")] = 0,
) -> None:
    """Trains a model, or goes on with a run that was interrupted."""
    from .course import UntilStep, UntilTime
    from .devices import first_process_first, processes
    from .train import train as run_training
    from .validation import LEARNT

    if threads:
        torch.set_num_threads(threads)
    with plain_errors(), bar(disable=not processes().is_main_process) as progress:
        place = Run(run)
        with first_process_first() as first:
            config = _open_run(place, preset, from_bundle, without_validation) if first else place.config()
        if without_validation and config.validation == LEARNT:
            raise ValueError(f"{run}: this run was begun with the validation part; begin another one without it")
        if minutes is not None and (steps or processes().num_processes > 1):
            raise ValueError("--minutes goes with one process, and without --steps")
        plan = config.optimiser
        course = UntilTime(plan, 60 * minutes) if minutes is not None else UntilStep(plan, steps or plan.total_steps)
        sheets, saves = 60 * sheet_minutes, 60 * save_minutes
        run_training(place, config, data, windows, course, sheets, shower(progress), listed(products), saves)


@app.command()
def onboard(
    bundle: Annotated[Path, typer.Option(help="The bundle that the new product joins.")],
    data: Annotated[Path, typer.Option(help="Its photographs, in the MVTec AD layout.")],
    run: RunOption,
    windows: WindowsOption = None,
    products: ProductsOption = None,
    replay: Annotated[
        Path | None, typer.Option(help="Photographs of the known products; without them the bundle draws its own.")
    ] = None,
    replay_windows: Annotated[Path | None, typer.Option(help="TOML: how windows are cut from those.")] = None,
    name: Annotated[str | None, typer.Option(help="Of the new bundle; the old one's unless given.")] = None,
    version: Annotated[str | None, typer.Option(help="Of the new bundle; required unless it has a new name.")] = None,
    steps: Annotated[int, typer.Option(help="May be raised later, to train on.")] = 600,
    learning_rate: Annotated[float, typer.Option(help="Of these steps.")] = 4e-4,
    new_share: Annotated[float, typer.Option(help="Of the defective windows trained on that are new ones.")] = 0.5,
    windows_per_pair: Annotated[int, typer.Option(help="Replayed of each known pair, of the photographs.")] = 200,
    samples_per_pair: Annotated[int, typer.Option(help="Replayed of each known pair, without photographs.")] = 16,
    seed: Annotated[int | None, typer.Option(help="Of windows and training; the bundle's unless given.")] = None,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 takes them all.")] = 0,
) -> None:
    """A product that the bundle has never seen joins it, in minutes; export the run when it is done."""
    from .devices import processes
    from .onboarding import onboard as run_onboarding
    from .onboarding_plan import OnboardingPlan, Photographs

    if threads:
        torch.set_num_threads(threads)
    with plain_errors(), bar(disable=not processes().is_main_process) as progress:
        plan = OnboardingPlan(name, version, steps, learning_rate, new_share, windows_per_pair, samples_per_pair, seed)
        known = Photographs(replay, replay_windows) if replay else None
        new = Photographs(data, windows, listed(products))
        run_onboarding(Run(run), bundle, new, known, plan, shower(progress))
        if processes().is_main_process:
            next_command = f"defectdiffu-train export --run {run} --provenance my-provenance.toml"
            console.print(f"{run} is done. Next: {next_command}", soft_wrap=True, markup=False, highlight=False)


@app.command("import")
def import_(
    checkpoint: Annotated[Path, typer.Option(help="A .pt file of the authors' code, or of DiT.")],
    run: RunOption,
    words: Annotated[Path, typer.Option(help="TOML: the products and pairs that it was trained on.")],
    preset: Annotated[str, typer.Option(help="The model it is: a preset's name or a TOML file.")] = "paper",
    size: Annotated[int | None, typer.Option(help="Of its images, in pixels; the preset's unless given.")] = None,
    autoencoder: Annotated[Path | None, typer.Option(help="Folder of diffusers AutoencoderKL weights.")] = None,
    text_encoder: Annotated[Path | None, typer.Option(help="Folder of transformers CLIP text weights.")] = None,
) -> None:
    """Makes a run of a published checkpoint: to export it as a bundle, or to train on."""
    from .importing import import_checkpoint, read_words, with_size, with_weights

    with plain_errors():
        config = load_config(preset)
        config = with_weights(with_size(config, size or config.image_size), autoencoder, text_encoder)
        imported = import_checkpoint(Run(run), config, checkpoint, read_words(words))
        console.print(f"{checkpoint} ({imported.kind}): {len(imported.loaded)} tensors loaded")
        if imported.kind == "dit":
            console.print(f"{len(imported.initial)} tensors that DiT has not are untrained: train before exporting")


@app.command("convert-clip")
def convert_clip(
    checkpoint: Annotated[Path, typer.Option(help="OpenAI's RN50.pt.")],
    merges: Annotated[Path, typer.Option(help="OpenAI's bpe_simple_vocab_16e6.txt.gz.")],
    out: Annotated[Path, typer.Option(help="The new folder, for --text-encoder of import.")],
) -> None:
    """Writes the text tower of OpenAI's published CLIP, with its tokenizer, as a folder that `import` reads."""
    from .clip_text import convert_clip as convert

    with plain_errors():
        tower = convert(checkpoint, merges, out)
        console.print(f"{out}: {tower.num_hidden_layers} layers, projection_dim {tower.projection_dim}", soft_wrap=True)


@app.command()
def sample(
    run: RunOption,
    product: Annotated[str, typer.Option(help="Prompt name of the product.")],
    defect: Annotated[str, typer.Option(help="Prompt name of the defect, or good.")],
    out: Annotated[Path, typer.Option(help="Folder for the PNG files.")] = Path("samples"),
    count: Annotated[int, typer.Option(min=1)] = 4,
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1)] = 0,
    strength: float = 1.0,
    product_scale: float = 1.0,
    steps: Annotated[int, typer.Option(min=1)] = 20,
    sampler: str = "DPM_SOLVER_PP",
    guidance: str = "DOUBLE_FREE",
) -> None:
    """Draws samples with the reference sampler: image, mask, and the mask drawn on the image."""
    import numpy as np

    from .sampling import SampleRequest
    from .sheets import outlined
    from .trained import load_trained

    with plain_errors():
        model = load_trained(Run(run))
        require_known("product", product, model.vocabulary.products)
        require_known("defect", defect, [*model.vocabulary.defects, model.config.prompts.normal])
        generator = model.generator()
        out.mkdir(parents=True, exist_ok=True)
        for i in range(count):
            request = SampleRequest(product, defect, seed + i, strength, product_scale, steps, sampler, guidance)
            drawn = generator.draw([request])[0]
            stem = f"{product}-{defect}-{seed + i}".replace(" ", "_")
            Image.fromarray(drawn.image).save(out / f"{stem}.png")
            Image.fromarray(drawn.mask.astype(np.uint8) * 255).save(out / f"{stem}_mask.png")
            Image.fromarray(outlined(drawn.image, drawn.mask)).save(out / f"{stem}_overlay.png")
            console.print(f"{out / stem}.png  mask {drawn.mask.mean():.2%}")


@app.command()
def export(
    run: RunOption,
    provenance: Annotated[Path, typer.Option(help="TOML: licence, sources and name of the data set.")],
    models: Annotated[Path, typer.Option(help="Folder of bundles.")] = Path("models"),
    version: Annotated[str | None, typer.Option(help="Instead of the preset's.")] = None,
    figures: Annotated[Path | None, typer.Option(help="JSON of measured figures, for the manifest.")] = None,
    full_weights: Annotated[bool, typer.Option(help="Store float32 weights instead of float16.")] = False,
    external_data: Annotated[bool, typer.Option(help="Weights beside the graphs, for models over 2 GB.")] = False,
) -> None:
    """Writes the run's averaged weights as a bundle of ONNX files."""
    import dataclasses

    from .export import export_bundle
    from .json_files import read_json
    from .origin import load_origin
    from .trained import load_trained

    with plain_errors():
        started = time.monotonic()
        model = load_trained(Run(run))
        if version:
            model = dataclasses.replace(model, config=dataclasses.replace(model.config, version=version))
        measured = read_json(figures) if figures else {}
        origin = load_origin(Run(run))
        target = export_bundle(model, models, provenance, measured, not full_weights, external_data, origin)
        size = sum(file.stat().st_size for file in target.iterdir()) / 2**20
        console.print(f"{target}: {size:.1f} MiB in {time.monotonic() - started:.0f} s")


@app.command()
def placement(
    bundle: Annotated[Path, typer.Option(help="Folder of the bundle whose manifest gets the section.")],
    data: DataOption,
    windows: WindowsOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the windows that are measured.")] = 0,
) -> None:
    """Measures where real defects lie and how well they show, for drawing on photographs, into a bundle's manifest."""
    from .bundle_placement import write_placement
    from .windows import read_rules

    with plain_errors(), bar() as progress:
        section = write_placement(bundle, data, read_rules(windows), seed, shower(progress))
        console.print(f"{bundle / 'bundle.json'}: placement of {len(section['shapes'])} pairs")


@app.command()
def variants(
    bundle: Annotated[Path, typer.Option(help="Folder of the bundle that gets the variants.")],
    precision: Annotated[str, typer.Option(help="int8, fp16 or both, by comma.")] = "int8",
    data: Annotated[
        Path | None, typer.Option(help="Folder in the MVTec AD layout: measures on photographs too.")
    ] = None,
    windows: WindowsOption = None,
    calibration: Annotated[int, typer.Option(help="Trajectories that the ranges are taken from.")] = 36,
    samples: Annotated[int, typer.Option(help="Per trained pair, to compare; and beside photographs, four times.")] = 4,
    steps: Annotated[int, typer.Option(help="Of every sample.")] = 20,
    photographs: Annotated[int, typer.Option(help="Held-out windows per pair whose masks are compared.")] = 32,
    classifier_steps: Annotated[int, typer.Option(help="Training steps of the feature network.")] = 400,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Adds graphs in cheaper arithmetic to a bundle, each with its measured cost in quality."""
    from .evaluation.plan import EvaluationPlan
    from .variants.plan import VariantPlan
    from .variants.write import write_variants
    from .windows import read_rules

    with plain_errors(), bar() as progress:
        plan = VariantPlan(tuple(listed(precision) or ()), calibration, samples, steps, seed=seed)
        evaluation = EvaluationPlan(
            samples=max(2, 4 * samples), windows=photographs, steps=steps, classifier_steps=classifier_steps, seed=seed
        )
        real = None if data is None else {"data": data, "rules": read_rules(windows), "plan": evaluation}
        costs = write_variants(bundle, plan, shower(progress), real)
        for name, notes in costs.items():
            console.print(name, notes)


@app.command()
def strength(
    run: RunOption,
    out: Annotated[Path, typer.Option(help="JSON file of the figures.")] = Path("strength.json"),
    seeds: Annotated[int, typer.Option(min=1)] = 16,
    steps: Annotated[int, typer.Option(min=1)] = 10,
) -> None:
    """Measures visible change and mask area against the defect strength, for every trained and held-out pair."""
    import json

    from .runs import write_text
    from .strength import measure_strength
    from .trained import load_trained

    with plain_errors(), bar() as progress:
        model = load_trained(Run(run))
        held_out = [tuple(pair.split("/")) for pair in model.config.held_out_pairs]
        known = [(p, d) for p, d in held_out if p in model.vocabulary.products and d in model.vocabulary.defects]
        pairs = [*model.vocabulary.trained_pairs, *known]
        show = shower(progress)
        report = lambda done, total: show("strength", done, total, {})  # noqa: E731
        figures = measure_strength(model.generator(), pairs, seeds, steps, report)
        write_text(out, json.dumps({"seeds": seeds, "steps": steps, "pairs": figures}, indent=2))


@app.command()
def evaluate(
    data: DataOption,
    run: Annotated[Path | None, typer.Option(help="Folder of the training run.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="A bundle in the place of a run: its own graphs draw, as in the service.")
    ] = None,
    precision: Annotated[str, typer.Option(help="Of the bundle's graphs that draw: fp32, fp16 or int8.")] = "fp32",
    out: Annotated[Path, typer.Option(help="Folder for figures.json, README.md and plots.")] = Path("evaluation"),
    windows: WindowsOption = None,
    products: ProductsOption = None,
    sections: Annotated[
        str,
        typer.Option(help="By comma; all of them by default."),
    ] = "quality,masks,autoencoder,judgement,twins,photographs,strength,downstream,classification",
    half: Annotated[
        str, typer.Option(help="Measured on: test, or validation, a part of the train half, to choose by.")
    ] = "test",
    samples: Annotated[int, typer.Option(help="Drawn per pair.")] = 64,
    steps: Annotated[int, typer.Option(help="Sampler steps.")] = 20,
    guidance: str = "DOUBLE_FREE",
    ratio: Annotated[float, typer.Option(help="Synthetic windows per real defective one.")] = 2,
    segmenter_steps: Annotated[int, typer.Option(help="Training steps of every UNet.")] = 300,
    classifier_steps: Annotated[int, typer.Option(help="Training steps of every ResNet.")] = 400,
    seeds: Annotated[int, typer.Option(help="Detectors trained per product and method.")] = 3,
    seed: int = 0,
    methods: Annotated[
        str | None, typer.Option(help="By comma: what the detectors are trained with; all methods by default.")
    ] = None,
    baselines: Annotated[
        Path | None,
        typer.Option(help="Another model's figures.json: what needs no model is taken over."),
    ] = None,
    inception: Annotated[Path | None, typer.Option(help="TorchScript file: then the distance is FID.")] = None,
    lpips: Annotated[Path | None, typer.Option(help="TorchScript file: then the diversity is LPIPS.")] = None,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 takes them all.")] = 0,
) -> None:
    """Measures quality, masks, strength, and detectors trained with the pictures beside ones trained without."""
    from .evaluation.downstream import METHODS
    from .evaluation.evaluate import evaluate as run_evaluation
    from .evaluation.plan import EvaluationPlan
    from .evaluation.report import write_report
    from .from_bundle import load_bundle
    from .trained import load_trained
    from .variants.drawing import bundle_generator
    from .windows import read_rules

    if threads:
        torch.set_num_threads(threads)
    with plain_errors(), bar() as progress:
        plan = EvaluationPlan(
            half=half, samples=samples, steps=steps, guidance=guidance, ratio=ratio, segmenter_steps=segmenter_steps,
            classifier_steps=classifier_steps, seeds=seeds, seed=seed, products=tuple(listed(products) or ()),
            inception=str(inception or ""), lpips=str(lpips or ""),
        )  # fmt: skip
        if (run is None) == (bundle is None):
            raise ValueError("give either --run or --bundle: what is to be measured")
        if run and precision != "fp32":
            raise ValueError(f"precision is {precision}, but a run draws in PyTorch: give its --bundle")
        graphs = None
        if bundle:
            model = load_bundle(bundle)
            graphs = (precision, bundle_generator(bundle, model, precision, threads))
        else:
            model = load_trained(Run(run))
        rules = read_rules(windows)
        ledger = run_evaluation(
            model, data, rules, plan, listed(sections) or [], out, shower(progress), baselines, graphs,
            METHODS if methods is None else tuple(listed(methods) or ()),
        )  # fmt: skip
        console.print(f"{write_report(ledger, out)}")


@app.command()
def ablate(
    base: Annotated[Path, typer.Option(help="A run whose autoencoder and bank every variant is trained on.")],
    data: DataOption,
    out: Annotated[Path, typer.Option(help="Folder for the variants' runs, figures and the page.")],
    preset: Annotated[
        str | None,
        typer.Option(help="The whole model: a preset's name or a TOML file; as the base was made unless given."),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Of every variant; the preset's unless given.")] = None,
    windows: WindowsOption = None,
    samples: Annotated[int, typer.Option(help="Drawn per pair.")] = 32,
    sampler_steps: Annotated[int, typer.Option(help="Of every sample.")] = 20,
    segmenter_steps: Annotated[int, typer.Option(help="Training steps of every UNet.")] = 300,
    classifier_steps: Annotated[int, typer.Option(help="Training steps of the feature network.")] = 400,
    threads: Annotated[int, typer.Option(help="CPU threads; 0 takes them all.")] = 0,
) -> None:
    """Trains and measures the paper's ablations beside the whole model."""
    import dataclasses

    from .ablations import ablate as run_ablations
    from .evaluation.plan import EvaluationPlan
    from .windows import read_rules

    if threads:
        torch.set_num_threads(threads)
    with plain_errors(), bar() as progress:
        config = load_config(preset) if preset else Run(base).config()
        optimiser = dataclasses.replace(config.optimiser, total_steps=steps or config.optimiser.total_steps)
        config = dataclasses.replace(config, optimiser=optimiser)
        plan = EvaluationPlan(
            samples=samples, steps=sampler_steps, segmenter_steps=segmenter_steps, classifier_steps=classifier_steps
        )
        page = run_ablations(Run(base), config, data, read_rules(windows), plan, out, shower(progress))
        console.print(f"{page}")


def _open_run(place: Run, preset: str | None, from_bundle: Path | None, without_validation: bool) -> TrainingConfig:
    from .from_bundle import start_from_bundle
    from .validation import UNSEEN

    validation = UNSEEN if without_validation else None
    if from_bundle and not place.denoiser.exists():
        return start_from_bundle(place, from_bundle, load_config(preset) if preset else None, validation)
    config = load_config(preset or "small")
    return place.open(replace(config, validation=validation or config.validation))
