"""What an advice says after any time, however short."""

from __future__ import annotations

import pytest
from advice_workshop import METHODS, TRANSPLANTED, Workshop, better_with_samples

from defectdiffu.advice.findings import NOT_MEASURED, OUT_OF_TIME, SAMPLES_HELP


@pytest.fixture
def workshop(data_set, tmp_path, monkeypatch) -> Workshop:
    return Workshop(data_set, tmp_path / "out", monkeypatch)


def test_no_training_begins_that_would_not_fit(workshop):
    workshop.advise(minutes=20.5)
    assert len(workshop.began) == 20 and workshop.now == 20 * 60


def test_half_of_the_time_is_left_for_the_gain(workshop):
    found = workshop.advise(minutes=20)
    assert sum("choice" in key.product for _, key in workshop.began) <= 10
    assert found.gain["miou"].seeds >= 2


def test_a_short_time_gives_an_answer_by_a_short_choice(workshop):
    workshop.quality = better_with_samples
    found = workshop.advise(minutes=15)
    assert sum("choice" in key.product for _, key in workshop.began) == 3  # 12 are left for the gain
    assert found.verdict == SAMPLES_HELP and found.gain["miou"].seeds == 2


def test_the_minutes_that_an_unanswered_page_asks_for_suffice(workshop):
    workshop.quality = better_with_samples
    assert workshop.advise(minutes=4).verdict == NOT_MEASURED
    minutes = workshop.document["minutesNeeded"]
    assert workshop.advise(minutes=minutes - 4).verdict == SAMPLES_HELP


def test_too_little_time_gives_no_verdict(workshop):
    workshop.quality = better_with_samples
    found = workshop.advise(minutes=3)
    assert found.verdict == NOT_MEASURED and found.advised.method != TRANSPLANTED
    assert "**This cannot be told yet; use augmentation" in workshop.page and "give more minutes" in workshop.page


def test_the_true_reason_is_given_for_what_was_not_tried(workshop):
    methods = (*METHODS, "from noise + augmentation", "transferred + augmentation")
    workshop.advise(minutes=1.5, methods=methods)
    page = workshop.page
    assert f"- {METHODS[1]}; {TRANSPLANTED}: the time ended before it was trained." in page
    assert "- from noise + augmentation: needs a bundle." in page
    assert "- transferred + augmentation: needs defective photographs of other products." in page
    assert "No method with samples was trained: give more minutes (about 14 in all)" in " ".join(page.split())


def test_a_kind_without_figures_has_the_time_of_both(workshop):
    workshop.advise(minutes=2.5)  # of which the choice has 1.25
    assert [key.method for _, key in workshop.began] == [METHODS[0], TRANSPLANTED]


def test_methods_that_nothing_can_be_trained_for_are_refused_at_once(workshop):
    with pytest.raises(ValueError, match=r"none with samples that can be trained \(from noise .*: needs a bundle\)"):
        workshop.advise(minutes=90, methods=("real + augmentation", "from noise + augmentation"))
    assert not workshop.began


def test_a_time_that_is_too_short_for_one_training_is_told(workshop):
    workshop.advise(minutes=0.5)
    assert len(workshop.began) == 1 and workshop.document["trainings"] == 0  # given up when the time was spent
    assert "No training was finished within 0.5 minutes" in workshop.page


@pytest.mark.parametrize("luck", [1, 2])
def test_the_page_agrees_with_its_own_figures_after_any_time(workshop, luck):
    """Every second training that the time can end after, by continuing."""
    workshop.luck, verdicts = luck, set()
    for _ in range(16):
        found = workshop.advise(minutes=2.01)
        verdicts.add(found.verdict)
        own = {each.candidate: each for each in found.tried}
        assert {each.candidate.name for each in found.tried} & found.skipped.keys() == set()
        assert {*METHODS} <= {candidate.method for candidate in own} | found.skipped.keys()
        for each in found.tried:
            assert each.mean <= each.leader + 1e-9 or each.outcome == OUT_OF_TIME
        assert "None" not in workshop.page and all(len(line) < 200 for line in workshop.page.splitlines())
        if found.verdict == NOT_MEASURED:
            assert "use augmentation until it can" in workshop.page and not found.advised.sources
        if found.figures:
            ours, theirs = found.figures[found.ours.name], found.figures[found.theirs.name]
            assert theirs == max(value for name, value in found.figures.items() if name != found.ours.name)
            assert found.gain["miou"].mean == pytest.approx(ours - theirs)
            assert f"| best without samples | {found.theirs.name} | {100 * theirs:.1f} |" in workshop.page
    assert len(verdicts) > 1
