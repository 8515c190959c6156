"""Facts about histories: what is there, why something is not, several runs in one, the rung among several."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hand_built import sequential
from hypothesis import given, settings
from hypothesis import strategies as st

from mlpdoctor import facts as fact_package
from mlpdoctor.analysis.curves.level import Level
from mlpdoctor.core.check import Absent, Fact
from mlpdoctor.core.discovery import declared
from mlpdoctor.core.history import BadLines, Column, History, Run, Trial, together
from mlpdoctor.core.ladder import Ladder, Penalty, Rung
from mlpdoctor.diagnosis.resolve import FactResolver, fact_types
from mlpdoctor.facts.history.curve_plateau import CurvePace, CurvePlateau, Source, TrialScores
from mlpdoctor.facts.history.plateau_rung import PlateauRung, plateau_rung
from mlpdoctor.facts.history.run_rates import RateCurve
from mlpdoctor.facts.history.training_curve import TrainingCurve, ValidationCurve

FACTS = fact_types(declared(fact_package, Fact))
NO_PASSES: Any = None


def column(name: str, values: Any, decimals: int | None = 6) -> Column:  # noqa: ANN401
    array = np.asarray(values, dtype=np.float64)
    half = 0.0 if decimals is None else 0.5 * 10.0**-decimals
    return Column(name, np.arange(1, len(array) + 1), array, np.full(len(array), half), decimals)


def run_of(name: str = "", **columns: Any) -> Run:  # noqa: ANN401
    return Run(name, {key: column(key, values) for key, values in columns.items()})


def history_of(*runs: Run, **more: Any) -> History:  # noqa: ANN401
    return History("log.csv", "table", runs, **more)


def known(history: History | None) -> FactResolver:
    return FactResolver(sequential(1, (1, None)), FACTS, history=history)


FALLING = 1.0 + np.exp(-np.arange(60) / 5.0)


def test_without_a_history_nothing_applies() -> None:
    answers = known(None)
    kinds = (History, TrainingCurve, ValidationCurve, RateCurve, TrialScores, CurvePace, CurvePlateau, PlateauRung)
    assert {answers.get(kind) for kind in kinds} == {Absent("no history was given", applicable=False)}


def test_what_a_history_lacks_is_named() -> None:
    answers = known(history_of(run_of(accuracy=[0.1, 0.2])))
    assert answers.get(TrainingCurve) == Absent("the history holds no training loss")
    assert answers.get(ValidationCurve) == Absent("the history holds no validation loss", applicable=False)
    assert answers.get(RateCurve) == Absent("the history holds no learning rate", applicable=False)
    assert answers.get(TrialScores) == Absent("the history holds no trials with a loss", applicable=False)
    assert answers.get(PlateauRung) == Absent("the history holds no training loss")
    trials = known(history_of(trials=(Trial("1", 0.5, "val_loss", {"lr": 0.1}),)))
    assert trials.get(TrainingCurve) == Absent("the history holds trials and no curve", applicable=False)
    assert trials.get(CurvePlateau) == Absent("the trials do not all stop at one value", applicable=False)


def test_the_last_run_is_the_one_that_made_the_model() -> None:
    first, last = run_of("first", loss=[9.0] * 20), run_of("last", loss=FALLING, val_loss=FALLING + 0.1)
    curve = known(history_of(first, last)).get(TrainingCurve)
    assert curve.run is last
    assert curve.earlier == (first,)
    assert (curve.first, curve.last, curve.epochs) == (2.0, FALLING[-1], 60)
    assert curve.settled
    assert curve.level.value == pytest.approx(1.0, abs=1e-3)
    assert curve.best.epoch == 60
    assert not curve.stated
    assert known(history_of(first, last)).get(ValidationCurve).gap is not None


def test_a_curve_that_breaks_has_no_level() -> None:
    for broken in (np.nan, np.inf):
        answers = known(history_of(run_of(loss=[*FALLING[:20], broken, broken])))
        curve = answers.get(TrainingCurve)
        assert curve.level is None
        assert curve.broken[0] == 21
        assert curve.first == 2.0
        assert answers.get(CurvePlateau) == Absent("the curve ends in NaN", applicable=False)
    nothing = known(history_of(run_of(loss=[np.nan, np.nan]))).get(TrainingCurve)
    assert nothing.first is None
    assert nothing.best is None


@settings(deadline=None)
@given(st.lists(st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(0, 10)), min_size=1, max_size=40))
def test_no_curve_makes_a_fact_fail(values: list[float]) -> None:
    answers = known(history_of(run_of(loss=values, val_loss=values[::-1], learning_rate=values)))
    for kind in (TrainingCurve, ValidationCurve, RateCurve, CurvePace, CurvePlateau, PlateauRung):
        answers.get(kind)


def test_a_number_that_was_told_is_a_plateau_as_wide_as_its_digits() -> None:
    found = known(History.of_plateau("0.0057")).get(CurvePlateau)
    assert found.source is Source.TOLD
    assert (found.level.value, found.level.error) == (0.0057, 0.0)
    assert found.level.low == pytest.approx(0.00565)
    assert known(History.of_plateau("0.0057")).get(TrainingCurve).stated


def test_swings_and_long_ways_are_no_plateau() -> None:
    rng = np.random.default_rng(3)
    swinging = known(history_of(run_of(loss=np.exp(rng.normal(size=40)))))
    assert swinging.get(CurvePlateau) == Absent("the loss swings too much to have a level", applicable=False)
    falling = known(history_of(run_of(loss=0.02 + np.exp(-np.arange(100) / 80))))
    assert falling.get(CurvePlateau) == Absent("the curve still falls", applicable=False)
    near = known(history_of(run_of(loss=1 + np.exp(-np.arange(100) / 35)))).get(CurvePlateau)
    assert near.source is Source.HEADING
    assert near.level.value == pytest.approx(1.0, abs=1e-3)


def test_a_steady_fall_over_few_epochs_is_no_standstill() -> None:
    values = 3.1 * np.exp(-0.026 * np.arange(18))
    found = known(history_of(run_of(loss=np.round(values, 5)))).get(CurvePlateau)
    assert isinstance(found, Absent)


def trials(*scores: float | None, objective: str = "val_loss") -> tuple[Trial, ...]:
    return tuple(
        Trial(str(k), score, objective, {"units": 2**k, "rate": 0.1, "seed": k}) for k, score in enumerate(scores)
    )


def test_trials_at_one_value_are_a_plateau_whatever_was_varied() -> None:
    answers = known(history_of(trials=trials(0.50, 0.501, 0.499, None)))
    found = answers.get(TrialScores)
    assert found.alike
    assert found.varied == ("units", "seed")
    assert (found.best, found.middle, len(found.scores)) == (0.499, 0.50, 3)
    assert answers.get(CurvePlateau).source is Source.TRIALS
    assert answers.get(CurvePlateau).level.within == pytest.approx(0.001)


@pytest.mark.parametrize(
    "found",
    [
        trials(0.5, 0.5),
        trials(0.5, 0.5, 0.6),
        tuple(replace(one, hyperparameters={"units": 4}) for one in trials(0.5, 0.5, 0.5)),
        trials(0.5, 0.5, 0.5, objective="val_accuracy"),
    ],
)
def test_trials_that_tell_nothing(found: tuple[Trial, ...]) -> None:
    scores = known(history_of(trials=found)).get(TrialScores)
    assert isinstance(scores, Absent) or not scores.alike


def test_several_histories_are_one_with_all_that_was_wrong_in_them() -> None:
    assert together([]) is None
    one = history_of(run_of("a", loss=[1.0]), bad=BadLines(2, ("line 1: x", "line 2: y")), guesses=("same",))
    assert together([one]) is one
    other = History("b.txt", "console log", (run_of("b", loss=[2.0]),), (Trial("1", 0.5),), BadLines(1, ("line 9: z",)))
    both = together([one, other, replace(one, guesses=("same", "of 3 runs the last is taken for this model's"))])
    assert both is not None
    assert both.path == "log.csv, b.txt, log.csv"
    assert both.format == "table, console log"
    assert [run.name for run in both.runs] == ["a", "b", "a"]
    assert both.bad.count == 5
    assert both.bad.examples[:3] == ("log.csv: line 1: x", "log.csv: line 2: y", "b.txt: line 9: z")
    assert both.guesses == ("same", "of 3 runs the last is taken for this model's")
    assert len(both.trials) == 1


def rung(name: str, value: float, lower: float | None = None, error: float | None = None) -> Rung:
    certainty = "estimated" if error is not None else "proved"
    return Rung(name, name, value, value if lower is None else lower, certainty, "", error)


def ladder(penalty: Penalty | None = None, loss: str = "mean squared error", **values: float) -> Ladder:
    return Ladder(loss, tuple(rung(name, value) for name, value in values.items()), penalty=penalty)


def beside(found: Ladder, value: float, error: float = 0.0) -> PlateauRung | Absent:
    level = Level(value, error, 0.5e-4, 1, 50, settled=True)
    compare: Any = plateau_rung.function
    compared: PlateauRung | Absent = compare(CurvePlateau(level, Source.CURVE), NO_PASSES, found, None)
    return compared


def names(found: PlateauRung | Absent) -> list[str]:
    assert isinstance(found, PlateauRung)
    return [on.rung.name for on in found.on]


def test_the_rung_is_named_that_the_plateau_equals() -> None:
    rungs = ladder(constant=1.0, affine=0.5, model=0.5, readout=0.3, data=0.1)
    for value, on in ((1.0, ["constant"]), (0.5, ["affine"]), (0.3, []), (0.1, ["data"]), (0.7, [])):
        assert names(beside(rungs, value)) == on
    found = beside(rungs, 0.5)
    assert isinstance(found, PlateauRung)
    assert found.with_model is True
    elsewhere = beside(rungs, 1.0)
    assert isinstance(elsewhere, PlateauRung)
    assert elsewhere.with_model is False


def test_proved_floors_come_first_and_equal_heights_once_by_their_topmost_name() -> None:
    assert names(beside(ladder(constant=1.0, affine=0.5, data=0.499), 0.5)) == ["data", "affine"]
    assert names(beside(ladder(constant=1.0, affine=0.5, architecture=0.5, data=0.0), 0.5)) == ["affine"]
    assert names(beside(ladder(constant=0.505, affine=0.5, data=0.0), 0.5)) == ["affine", "constant"]


def test_penalties_are_where_keras_logs_them() -> None:
    rungs = ladder(Penalty(0.25, ("l2",)), constant=1.0, affine=0.5, model=0.5, data=0.0)
    assert names(beside(rungs, 0.75)) == ["affine"]
    assert names(beside(rungs, 0.5)) == []
    unknown = beside(ladder(Penalty(0.25, (), ("own",)), constant=1.0), 1.0)
    assert unknown == Absent("the logged loss holds penalties that could not be worked out")


def test_a_loss_that_cannot_be_compared_is_not() -> None:
    assert isinstance(beside(ladder(constant=1e-4, data=0.0), 1e-4), Absent)
    summed = "mean squared error (mean over rows; Keras logs the sum over each batch)"
    assert isinstance(beside(ladder(loss=summed, constant=1.0), 1.0), Absent)
    # A rung at zero is reached by no logged loss, and a vague estimate of the noise by too many.
    assert names(beside(ladder(constant=1.0, affine=0.0, data=0.0), 0.5)) == []


def test_noise_is_a_rung_where_it_is_known_well() -> None:
    def with_noise(error: float) -> Ladder:
        return Ladder("mse", (rung("constant", 1.0), rung("noise", 0.5, error=error), rung("data", 0.0)))

    assert names(beside(with_noise(0.01), 0.515)) == ["noise"]
    assert names(beside(with_noise(0.01), 0.60)) == []
    vague = beside(with_noise(0.02), 0.53)  # eight of a hundred losses are within two of its error bars
    assert names(vague) == []
    assert isinstance(vague, PlateauRung)
    assert [(one.rung.name, round(one.chance, 3)) for one in vague.perhaps] == [("noise", 0.08)]
    assert names(beside(with_noise(0.3), 0.5)) == []


@settings(deadline=None)
@given(st.floats(1e-3, 1e3), st.floats(-0.2, 0.2))
def test_equal_means_within_two_percent_or_the_error_bar(height: float, share: float) -> None:
    value = height * (1 + share)
    found = beside(ladder(constant=2 * height, affine=height, data=0.0), value)
    if isinstance(found, Absent):  # a level known to too few digits
        assert 0.05 * value < 0.5e-4
        return
    away = abs(value - height)
    near = [*found.on, *found.perhaps]
    assert ("affine" in [on.rung.name for on in near]) == (away <= max(0.5e-4, 0.02 * height))
    for on in near:
        assert on.exact == (abs(value - on.logged) <= 0.5e-4)
        assert (on in found.on) == (on.chance <= 0.05)


def test_the_pace_leads_to_every_rung_below_that_it_can_reach() -> None:
    values = np.exp(-0.01 * np.arange(100))
    answers = known(history_of(run_of(loss=values)))
    found = answers.get(CurvePace)
    assert found.ways == ()
    assert found.slope.per_epoch == pytest.approx(-0.01, rel=0.05)
    reach = found.to(values[-1] / np.e)
    assert reach.epochs == pytest.approx(100, rel=0.1)
    compare: Any = FACTS[CurvePace].function
    down = compare(answers.get(TrainingCurve), ladder(constant=0.9, affine=0.2, model=0.3, data=0.0))
    assert [way[0].name for way in down.ways] == ["affine"]
