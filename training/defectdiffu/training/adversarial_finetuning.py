"""Fine-tunes a trained decoder against a discriminator. The encoder, and so every latent, stays the same.

What a reconstruction loss cannot know it blurs: grain, weave, the edge of a crack. The discriminator sees windows and
their reconstructions and learns what real grain is like (Esser et al. 2021, §3.1; hinge loss). Its gradient is scaled
to a share of the reconstruction's on the decoder's last layer, so that neither drowns the other; the differences
between its inner features of both pictures are a perceptual loss of its own (Wang et al. 2018, feature matching).
"""

from __future__ import annotations

import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..checkpoints.runs import load, save
from ..config import AutoencoderTraining
from ..model.autoencoder import SmallAutoencoder, autoencoder_loss
from ..model.ema import Ema
from .autoencoder_stage import AutoencoderStage

WARMUP = 0.05  # of the steps: the discriminator learns alone
FEATURE_WEIGHT = 1.0
FORMER_FILE = "sharpening.pt"  # of an unfinished run, with the former names of its parts
FORMER_PARTS = {"judge": "discriminator", "judging": "discriminator_optimiser"}
MAX_SCALE = 1e3


class Discriminator(nn.Module):
    """Says of each patch of about 34 pixels whether it is of a real window."""

    def __init__(self, width: int = 64):
        super().__init__()
        norm = lambda i, o, stride: nn.Sequential(nn.Conv2d(i, o, 4, stride, 1, bias=False), nn.BatchNorm2d(o))  # noqa: E731
        self.layers = nn.ModuleList(
            [
                nn.Conv2d(3, width, 4, 2, 1),
                norm(width, 2 * width, 2),
                norm(2 * width, 4 * width, 1),
                nn.Conv2d(4 * width, 1, 4, 1, 1),
            ]
        )

    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """images [B, 3, H, W] → scores [B, 1, h, w], features of each layer before."""
        features, x = [], images
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), 0.2)
            features.append(x)
        return self.layers[-1](x), features


def is_finetuned(state: dict, plan: AutoencoderTraining) -> bool:
    """Whether a finished autoencoder has had the adversarial fine-tuning that the plan asks for."""
    done = state.get("adversarial_steps", state.get("sharpened", 0))  # sharpened: its former name
    return done >= plan.adversarial_steps or state["step"] == 0  # step 0: it came out of a bundle


def finetune_adversarially(model: SmallAutoencoder, stage: AutoencoderStage) -> None:
    """Trains the decoder in place and saves the autoencoder; continues where an earlier call was interrupted."""
    run, config, crops, bf16, progress, save_every_seconds = stage
    plan, device = config.autoencoder_training, crops.device
    torch.manual_seed(config.seed + 1)
    discriminator = Discriminator().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    decoder = model.decoder
    ema = Ema({"decoder": decoder}, plan.ema_decay)
    rate = plan.adversarial_learning_rate
    optimiser = torch.optim.Adam(decoder.parameters(), rate, betas=(0.5, 0.9))
    discriminator_optimiser = torch.optim.Adam(discriminator.parameters(), rate, betas=(0.5, 0.9))
    parts = {
        "decoder": decoder,
        "ema": ema,
        "optimiser": optimiser,
        "discriminator": discriminator,
        "discriminator_optimiser": discriminator_optimiser,
    }
    unfinished = run.directory / "adversarial.pt"
    step, saved = 0, time.monotonic()
    former = run.directory / FORMER_FILE
    if unfinished.exists() or former.exists():
        state = load(unfinished if unfinished.exists() else former)
        state = {FORMER_PARTS.get(name, name): part for name, part in state.items()}
        step = state.pop("step")
        for name, part in parts.items():
            part.load_state_dict(state[name])
    last = next(layer for layer in reversed(decoder) if isinstance(layer, nn.Conv2d)).weight
    begun, masks = step, round(plan.adversarial_batch_size * plan.mask_share)
    while step < plan.adversarial_steps:
        rng = np.random.default_rng((config.seed, 7, step))
        batch, near_defect = crops.batch(plan.adversarial_batch_size, plan.mask_share, plan.crop, rng)
        pictures = plan.adversarial_batch_size - masks  # masks come last and are no matter of taste
        for group in (*optimiser.param_groups, *discriminator_optimiser.param_groups):
            group["lr"] = rate * min(1, 2 * (1 - step / plan.adversarial_steps))
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            with torch.no_grad():
                latent = model.posterior(batch)[0]
            output = model.decode_raw(latent)
            real, features = discriminator(batch[:pictures])
            fake, _ = discriminator(output[:pictures].detach())
            verdict = F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()
        discriminator_optimiser.zero_grad(set_to_none=True)
        verdict.backward()
        discriminator_optimiser.step()
        if step >= WARMUP * plan.adversarial_steps:
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                score, drawn = discriminator(output[:pictures])
                pairs = zip(drawn, features, strict=True)
                matching = sum((a.float() - b.detach().float()).abs().mean() for a, b in pairs) / len(drawn)
            none, weight = torch.zeros_like(latent), 1 + plan.defect_weight * near_defect
            reconstruction = autoencoder_loss(batch, output.float(), none, none, 0, weight)
            faithful = reconstruction + FEATURE_WEIGHT * matching
            doubt = -score.float().mean()
            scale = plan.adversarial_weight * _gradient_ratio(faithful, doubt, last)
            optimiser.zero_grad(set_to_none=True)
            (faithful + scale * doubt).backward()
            torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
            optimiser.step()
            ema.update()
            if step % 20 == 0:
                figures = {"loss": faithful.item(), "verdict": verdict.item(), "scale": scale.item()}
                progress("adversarial", step - begun, plan.adversarial_steps - begun, figures)
        step += 1
        if time.monotonic() - saved > save_every_seconds:
            save(unfinished, {"step": step, **{name: part.state_dict() for name, part in parts.items()}})
            saved = time.monotonic()
    progress("adversarial", plan.adversarial_steps - begun, plan.adversarial_steps - begun, {})
    ema.swap()
    state = {
        "model": model.state_dict(),
        "step": plan.steps,
        "finished": True,
        "adversarial_steps": plan.adversarial_steps,
    }
    save(run.autoencoder, state)
    unfinished.unlink(missing_ok=True)
    former.unlink(missing_ok=True)


def _gradient_ratio(faithful: Tensor, doubt: Tensor, weight: Tensor) -> Tensor:
    norms = [torch.autograd.grad(loss, weight, retain_graph=True)[0].norm() for loss in (faithful, doubt)]
    return (norms[0] / (norms[1] + 1e-6)).clamp(max=MAX_SCALE).detach()
