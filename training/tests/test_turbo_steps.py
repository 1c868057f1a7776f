"""The student's steps, and what its modulations begin as."""

from __future__ import annotations

import torch
from conftest import plain_rows

from defectdiffu.model.components import ModulationComponent
from defectdiffu.model.noise_schedule import alpha_bar, noise_from_velocity
from defectdiffu.model.turbo_modulation import TurboModulation
from defectdiffu.model.turbo_steps import (
    END,
    STUDENT_STEPS,
    TEACHER_STEPS,
    angle_of,
    step,
    timesteps_of,
    velocity_between,
)
from defectdiffu.sampling.guidance import SampleRequest, guidance_plan, turbo_guidance
from defectdiffu.sampling.schedulers import make_scheduler
from defectdiffu.sampling.turbo import TurboScheduler


def test_the_students_timesteps_are_among_the_teachers():
    teacher = make_scheduler("DPM_SOLVER_PP")
    teacher.set_timesteps(TEACHER_STEPS)
    assert timesteps_of(TEACHER_STEPS) == teacher.timesteps.tolist()
    for steps in STUDENT_STEPS:
        assert timesteps_of(steps) == teacher.timesteps.tolist()[:: TEACHER_STEPS // steps]


def test_a_step_with_the_velocity_between_two_latents_leads_from_one_to_the_other():
    x, later = torch.randn(2, 3, 4, 2, 2).unbind(0)
    here, there = torch.tensor([999, 500, 250]), torch.tensor([500, 250, END])
    velocity = velocity_between(x, later, here, there)
    torch.testing.assert_close(step(x, velocity, here, there), later, atol=1e-5, rtol=1e-5)


def test_the_scheduler_takes_the_same_step_from_the_noise():
    x, velocity = torch.randn(2, 3, 4, 2, 2).unbind(0)
    scheduler = TurboScheduler()
    scheduler.set_timesteps(4)
    for t, following in zip(timesteps_of(4), [*timesteps_of(4)[1:], END], strict=True):
        here = torch.full((3,), t)
        epsilon = noise_from_velocity(velocity.double(), x.double(), alpha_bar()[t].double())
        stepped = scheduler.step(epsilon, t, x.double()).prev_sample
        expected = step(x, velocity, here, torch.full((3,), following))
        torch.testing.assert_close(stepped.float(), expected, atol=2e-4, rtol=1e-4)


def test_the_angle_of_the_end_is_zero_and_that_of_the_noisiest_timestep_almost_a_right_angle():
    end, noisiest = angle_of(torch.tensor([END, 999])).tolist()
    assert end == 0
    assert 1.56 < noisiest < 1.571


def test_a_new_student_has_its_teachers_modulations_whatever_the_guidance(awake):
    denoiser = awake()
    turbo = TurboModulation(denoiser)
    rows, timestep = plain_rows(3), torch.tensor([999, 500, 250])
    taught = ModulationComponent(denoiser)(timestep, rows.defect_text)
    for guidance in ([1.0, 1.0, 0.0], [2.5, 0.5, 1.0]):
        own = turbo(timestep, torch.tensor([500, 250, END]), rows.defect_text, torch.tensor([guidance] * 3))
        for a, b in zip(own, taught, strict=True):
            torch.testing.assert_close(a, b)


def test_guidance_and_the_next_timestep_change_the_modulations_of_a_trained_student(awake):
    turbo = TurboModulation(awake())
    torch.nn.init.normal_(turbo.guidance[2].weight)
    text, timestep = plain_rows(1).defect_text, torch.tensor([500])
    given = {"next": torch.tensor([250]), "guidance": torch.tensor([[1.0, 1.0, 0.0]])}
    first = turbo(timestep, given["next"], text, given["guidance"])[0]
    others = [
        turbo(timestep, torch.tensor([END]), text, given["guidance"])[0],
        *(turbo(timestep, given["next"], text, torch.tensor([g]))[0] for g in ([2.0, 1, 0], [1, 2.0, 0], [1, 1, 1.0])),
    ]
    assert all((other - first).abs().max() > 1e-3 for other in others)


def test_a_student_evaluates_one_row_with_the_defect_on_the_product():
    request = SampleRequest("tin", "dent", 0, strength=2.0, sampler="TURBO", steps=4)
    assert guidance_plan(request, "good") == [("dent", "tin", 1.0)]
    assert turbo_guidance(request, "good") == (2.0, 1.0, 0.0)


def test_at_strength_zero_a_student_draws_the_normal_product():
    request = SampleRequest("tin", "dent", 0, strength=0.0, sampler="TURBO", steps=4)
    assert guidance_plan(request, "good") == [("good", "tin", 1.0)]


def test_what_has_no_effect_is_always_told_in_the_same_way():
    normal = SampleRequest("tin", "good", 0, strength=2.0, sampler="TURBO")
    relative = SampleRequest("tin", "dent", 0, product_scale=1.7, guidance="PRODUCT_RELATIVE", sampler="TURBO")
    assert turbo_guidance(normal, "good") == (0.0, 1.0, 0.0)
    assert turbo_guidance(relative, "good") == (1.0, 1.0, 1.0)
