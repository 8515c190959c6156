"""What tells of a rate that is too low, on numbers made by hand."""

import pytest

from mlpdoctor.facts.training.low_rate import LowRate


def low(**values: object) -> LowRate:
    known = {
        "optimizer": "SGD",
        "rate": 1e-9,
        "fallen": False,
        "updates": 100,
        "size": 1.0,
        "length": 10.0,
        "gone": 1e-7,
        "gradient": 1.0,
        "kept": (),
        "_most": 1.0,
        "_speed": None,
        "_once_higher": False,
    }
    return LowRate(**{**known, **values})  # type: ignore[arg-type]


def test_updates_that_cannot_have_moved_a_weight_are_idle() -> None:
    assert low().idle
    assert not low(gone=0.1).idle
    assert not low(rate=1e-3).idle
    for told in (
        {"fallen": True},
        {"_once_higher": True},
        {"updates": 0},
        {"updates": None},
        {"gone": None},
        {"rate": 0.0},
    ):
        assert not low(**told).idle, told


def test_the_first_step_is_told_only_where_it_leads_nowhere() -> None:
    assert low().first_step == pytest.approx(1e-10)
    assert low(rate=1e-3).first_step is None
    assert low(gradient=None).first_step is None
    assert low(gradient=0.0).first_step is None


def test_without_trials_no_rate_is_faster() -> None:
    assert low().faster(0.05) is None
