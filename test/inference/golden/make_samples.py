"""Draws from a bundle's graphs in Python, for the engine to be compared with: its own loop, diffusers' samplers.

    training/.venv/bin/python test/inference/golden/make_samples.py models/surfaces-small/0.5.0

Writes golden/samples/<name>@<version>/<n>.json, <n>.image.png and <n>.mask.png. Each row is evaluated on its own here,
so that the engine's shared backgrounds and mixed batches are compared with something that has neither.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from tokenizers import Tokenizer

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "training"))
from defectdiffu.sampling.masks import binary_mask, confidence, soft_mask  # noqa: E402
from defectdiffu.sampling.seeded_noise import seeded_noise  # noqa: E402
from defectdiffu.sampling.schedulers import ddpm_step, make_scheduler  # noqa: E402
from written import write  # noqa: E402


class Bundle:
    def __init__(self, folder: Path):
        self.manifest = json.loads((folder / "bundle.json").read_text())
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        components = self.manifest["components"]
        self.sessions = {
            name: ort.InferenceSession(folder / component["variants"][0]["file"], providers=["CPUExecutionProvider"])
            for name, component in components.items()
        }

    def run(self, component: str, **feeds) -> list[np.ndarray]:
        return self.sessions[component].run(None, feeds)

    def named(self, component: str, **feeds) -> dict[str, np.ndarray]:
        names = [output.name for output in self.sessions[component].get_outputs()]
        return dict(zip(names, self.run(component, **feeds), strict=True))

    def embed(self, phrase: str) -> np.ndarray:
        settings = self.manifest["tokenizer"]
        ids = self.tokenizer.encode(phrase).ids
        ids += [settings["padTokenId"]] * (settings["contextLength"] - len(ids))
        return self.run("text_encoder", input_ids=np.array([ids]))[0]

    def denoise(self, x: np.ndarray, t: int, defect: str, product: str | None) -> tuple[np.ndarray, np.ndarray]:
        prompts = self.manifest["prompts"]

        def fill(name: str) -> str:
            return prompts[name].replace("{product}", product or prompts["nullProduct"]).replace("{defect}", defect)

        timestep = np.array([t])
        texts = {part: self.embed(fill(part)) for part in ("background", "defect", "fusion")}
        feeds = {"latent": x, "timestep": timestep, "background_sample": [0], "row_background": [0]}
        if "modulation" in self.sessions:
            told = {part: self.named("modulation", timestep=timestep, text=text) for part, text in texts.items()}
            feeds |= {f"{part}_modulation": told[part][f"{part}_modulation"] for part in texts}
            feeds["mask_rows"] = [0]
        else:
            feeds |= {f"{part}_text": text for part, text in texts.items()}
        outputs = self.named("denoiser", **{name: np.asarray(value) for name, value in feeds.items()})
        return outputs["noise"], outputs["mask_feature"]

    def decode(self, latent: np.ndarray) -> np.ndarray:
        return self.run("image_decoder", latent=latent.astype(np.float32))[0][0]


def draw(bundle: Bundle, request: dict) -> tuple[np.ndarray, np.ndarray, float]:
    """The image, its mask, and how sure the mask module is of it."""
    manifest = bundle.manifest
    latent, normal, late = manifest["latent"], manifest["prompts"]["normal"], manifest["mask"]["lateTimestep"]
    shape = (latent["channels"], latent["height"], latent["width"])
    g, p, d, w_p, w_d = normal, request["product"], request["defect"], request["productScale"], request["strength"]
    scheduler = make_scheduler(request["sampler"])
    scheduler.set_timesteps(request["steps"])
    timesteps = scheduler.timesteps.tolist()
    x, features = seeded_noise(request["seed"], 0, shape)[None], []
    for i, t in enumerate(timesteps):
        if request["guidance"] == "DOUBLE_FREE":
            base, carrier = bundle.denoise(x, t, g, None)[0], bundle.denoise(x, t, d, None)
            noise = base + w_p * (bundle.denoise(x, t, g, p)[0] - base) + w_d * (carrier[0] - base)
        else:
            base, carrier = bundle.denoise(x, t, g, p)[0], bundle.denoise(x, t, d, p)
            noise = base + w_d * (carrier[0] - base)
        if t < late or i == len(timesteps) - 1:
            features.append(carrier[1])
        if request["sampler"] == "DDPM":
            z = torch.from_numpy(seeded_noise(request["seed"], 1 + i, shape)[None])
            x = ddpm_step(scheduler, torch.from_numpy(noise), t, torch.from_numpy(x), z).numpy()
        else:
            x = scheduler.step(torch.from_numpy(noise), t, torch.from_numpy(x)).prev_sample.numpy()
    image = ((bundle.decode(x) / 2 + 0.5).clip(0, 1) * 255).round().astype(np.uint8).transpose(1, 2, 0)
    if request["maskMode"] == "AVERAGE_PIXELS":
        grey = np.mean([soft_mask(bundle.decode(feature)) for feature in features], axis=0)
    else:
        grey = soft_mask(bundle.decode(np.mean(features, axis=0)))
    mask = binary_mask(grey, manifest["mask"]["minimumPeak"])
    return image, mask, confidence(grey, mask)


def requests(manifest: dict):
    vocabulary = manifest["vocabulary"]
    pairs = [vocabulary["trainedPairs"][0], [vocabulary["products"][-1], vocabulary["defects"][0]]]
    kinds = [
        ("DPM_SOLVER_PP", 20, "DOUBLE_FREE", "AVERAGE_FEATURES"),
        ("DDIM", 25, "PRODUCT_RELATIVE", "AVERAGE_FEATURES"),
        ("DDPM", 50, "DOUBLE_FREE", "AVERAGE_PIXELS"),
    ]
    for i, (sampler, steps, guidance, mask_mode) in enumerate(kinds):
        product, defect = pairs[i % 2]
        yield {
            "product": product,
            "defect": defect,
            "seed": 100 + i,
            "strength": 1.0 + 0.5 * i,
            "productScale": 1.0 + 0.25 * (2 - i),
            "steps": steps,
            "sampler": sampler,
            "guidance": guidance,
            "maskMode": mask_mode,
        }


def main() -> None:
    bundle = Bundle(Path(sys.argv[1]))
    folder = HERE / "samples" / f"{bundle.manifest['name']}@{bundle.manifest['version']}"
    folder.mkdir(parents=True, exist_ok=True)
    for n, request in enumerate(requests(bundle.manifest)):
        image, mask, sure = draw(bundle, request)
        write(folder, n, request | {"confidence": sure}, image, mask)
        print(folder / f"{n}.image.png", f"mask {mask.mean():.3f}")


if __name__ == "__main__":
    main()
