"""Where a loss stands on the ladder of the model as it was saved, and when there is no point in going on."""

import dataclasses
import math

import pytest

from mlpdoctor.core.ladder import Ladder, Rung
from mlpdoctor.treat.trials.scale import arrived, bottom_of, least_of, rung_reached, span_of


def ladder(**values: float) -> Ladder:
    return Ladder(
        "mean squared error", tuple(Rung(name, f"best {name}", v, v, "proved", "") for name, v in values.items())
    )


LINE = ladder(constant=1.0, affine=0.5, model=0.5, architecture=0.5, data=0.0)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (2.0, "above the loss of the best constant"),
        (1.0, "at the loss of the best constant"),
        (0.7, "below the loss of the best constant"),
        (0.5, "on the floor of this architecture"),
        (0.2, "below the floor of the old architecture"),
        (1e-4, "practically zero"),
        (math.inf, "not a number"),
    ],
)
def test_the_rung_that_a_loss_reaches_is_named(loss: float, words: str) -> None:
    assert rung_reached(loss, LINE) == words


def test_conflicting_rows_are_the_least() -> None:
    rungs = ladder(constant=1.0, affine=0.5, data=0.2)
    assert rung_reached(0.203, rungs) == "the least these data allow"
    assert rung_reached(0.4, rungs) == "below the loss of the best affine"
    assert least_of(rungs) == 0.2
    assert span_of(rungs) == pytest.approx(0.8)


def test_noise_is_a_floor_for_as_long_as_nobody_goes_below() -> None:
    noisy = dataclasses.replace(LINE, rungs=(*LINE.rungs, Rung("noise", "noise", 0.1, 0.1, "estimated", "", 0.02)))
    assert rung_reached(0.11, noisy) == "on the noise"
    assert rung_reached(0.061, noisy) == "on the noise"
    assert rung_reached(0.05, noisy) == "below the noise as estimated"
    assert least_of(noisy) == 0.1
    assert arrived(0.1, 0.1, 0.9)
    assert not arrived(0.2, 0.1, 0.9)


@pytest.mark.parametrize(
    ("noise", "error", "data", "bottom"),
    [
        (0.1, 0.02, 0.0, 0.06),  # likely no more than noise is left there
        (0.1, 0.07, 0.0, 0.0),  # an estimate that says nothing
        (0.1, 0.02, 0.08, 0.08),  # rows in conflict are no estimate
        (0.1, None, 0.0, 0.1),
    ],
)
def test_the_bottom_is_where_noise_is_left_even_if_it_is_less(
    noise: float, error: float | None, data: float, bottom: float
) -> None:
    rungs = (*ladder(constant=1.0, data=data).rungs, Rung("noise", "noise", noise, noise, "estimated", "", error))
    found = dataclasses.replace(LINE, rungs=rungs)
    assert bottom_of(found) == pytest.approx(bottom)
    assert bottom_of(found) <= least_of(found)
