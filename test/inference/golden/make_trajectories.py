"""Writes trajectories.json: what diffusers' schedulers do with a model simple enough to be computed in both languages.

    training/.venv/bin/python test/inference/golden/make_trajectories.py

The model: eps = 0.6 x + 0.3 sin(t) + 0.1, and, where the variance is learned, v = tanh(x) cos(t).
diffusers holds its tables in float32; the engine's are float64, so the two agree to about 1e-6, not to the last bit.
"""

import json
from pathlib import Path
from unittest import mock

import diffusers
import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler

T = 1000
COMMON = {"num_train_timesteps": T, "beta_start": 1e-4, "beta_end": 0.02, "beta_schedule": "linear"}
START = torch.tensor([1.0, -0.5, 0.25, 2.0, -1.5, 0.1, -0.05, 0.7], dtype=torch.float64).reshape(1, 4, 1, 2)


def epsilon(x: torch.Tensor, t: int) -> torch.Tensor:
    return 0.6 * x + 0.3 * float(np.sin(t)) + 0.1


def learned(x: torch.Tensor, t: int) -> torch.Tensor:
    return torch.tanh(x) * float(np.cos(t))


def trajectory(scheduler, steps: int, *, variance: bool = False, exact_next: bool = False) -> dict:
    scheduler.set_timesteps(steps)
    timesteps = scheduler.timesteps.tolist()
    random = np.random.default_rng(steps)
    x, latents, noises = START.clone(), [], []
    for i, t in enumerate(timesteps):
        output = epsilon(x, t)
        if variance:
            output = torch.cat([output, learned(x, t)], dim=1)
        if exact_next and i + 1 < len(timesteps):
            # DDIM steps to t - T // N; make that the next entry of the list.
            scheduler.num_inference_steps = T // (t - timesteps[i + 1])
            assert t - T // scheduler.num_inference_steps == timesteps[i + 1]
        z = torch.from_numpy(random.standard_normal(tuple(x.shape)))
        noises.append(z.flatten().tolist())
        with mock.patch("diffusers.schedulers.scheduling_ddpm.randn_tensor", lambda *_, **__: z):
            x = scheduler.step(output, t, x).prev_sample.double()
        latents.append(x.flatten().tolist())
    result = {"steps": steps, "timesteps": timesteps, "latents": latents}
    return result | ({"noises": noises} if isinstance(scheduler, DDPMScheduler) else {})


def ddpm(variance_type: str) -> DDPMScheduler:
    return DDPMScheduler(**COMMON, variance_type=variance_type, clip_sample=False, timestep_spacing="linspace")


def ddim(spacing: str) -> DDIMScheduler:
    return DDIMScheduler(**COMMON, clip_sample=False, timestep_spacing=spacing)


def dpm_solver() -> DPMSolverMultistepScheduler:
    return DPMSolverMultistepScheduler(**COMMON, solver_order=2, solver_type="midpoint", timestep_spacing="linspace", final_sigmas_type="zero")


def main() -> None:
    golden = {
        "diffusers": diffusers.__version__,
        "start": START.flatten().tolist(),
        "ddpm_fixed_small": [trajectory(ddpm("fixed_small"), 10)],
        "ddpm_learned_range": [trajectory(ddpm("learned_range"), 10, variance=True)],
        "ddim_leading": [trajectory(ddim("leading"), n) for n in (10, 20)],
        "ddim_linspace": [trajectory(ddim("linspace"), 50, exact_next=True)],
        "dpm_solver": [trajectory(dpm_solver(), n) for n in (1, 2, 10, 20)],
    }
    path = Path(__file__).with_name("trajectories.json")
    path.write_text(json.dumps(rounded(golden)) + "\n")
    print(path, path.stat().st_size, "bytes")


def rounded(value):
    """Nine decimals are plenty for a comparison to 1e-5, and keep the file small."""
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main()
