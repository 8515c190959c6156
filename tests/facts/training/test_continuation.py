"""Training taken up from a saved model: what a trial tells, and where none is made."""

import math
from dataclasses import replace

import numpy as np
import pytest
from drawn_cases import L, Model, compiled, fit, optimizers, put, set_random_seed, stack, waves
from hand_built import examined

from mlpdoctor.core.check import Absent
from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.network import Array, Network
from mlpdoctor.core.text import short
from mlpdoctor.diagnosis.resolve import FactResolver
from mlpdoctor.engine.training import MOST_UPDATES, Descent, planned
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training.gradients import gradient_rows
from mlpdoctor.facts.training.rate_left import READILY, DescentSpeed
from mlpdoctor.facts.training.training_options import TrainingOptions
from mlpdoctor.facts.training.trial_updates import ADAM, OWN, TIMES, Continuation
from mlpdoctor.statistics.rows import RowSample


def answered(model: Model, x: Array, y: Array) -> tuple[Network, FactResolver]:
    network = model.network()
    return network, examined(network, x, y)


def descent(network: Network, resolver: FactResolver) -> Descent:
    objective = resolver.get(Objective)
    engine = objective.passes.engine.at({}, training=True)
    assert network.optimizer is not None
    rows = gradient_rows(engine, resolver.get(RowSample))
    return Descent(engine, objective.heads, network.optimizer, rows, objective.rows)


@pytest.mark.slow
def test_nothing_depends_on_chance_or_on_the_order_of_trials() -> None:
    _, answers = stuck()
    first = answers.get(Continuation)
    again = FactResolver(answers.network, answers.facts, answers.passes, None, answers.statistics).get(Continuation)
    assert again is not first
    assert [first.at(factor).path for factor in (1, 10, 0.1)] == [again.at(factor).path for factor in (1, 10, 0.1)]
    assert first.at(10) is first.at(10)


def stuck(rate: float = 1e-4, rows: int = 300) -> tuple[Network, FactResolver]:
    x, y = waves(rows, 3, 1)
    set_random_seed(1)
    model = stack(3, L.Dense(16, "tanh"), L.Dense(1))
    model.compile(optimizers.SGD(rate), "mse")
    fit(model, x, y, epochs=2)
    return answered(model, x, y)


def test_a_rate_that_blows_up_is_told_and_does_not_crash() -> None:
    _, answers = stuck()
    trial = answers.get(Continuation).at(1e6)
    assert not trial.finite
    assert trial.gain == -math.inf
    assert trial.least_gain == -math.inf
    assert trial.updates < MOST_UPDATES


def test_a_sample_has_an_error_and_all_rows_have_none() -> None:
    network, answers = stuck()
    run = descent(network, answers)
    whole, part = run.run(0.05), replace(run, usable=100_000).run(0.05)
    assert not isinstance(whole, str)
    assert not isinstance(part, str)
    assert whole.error == 0
    assert part.path == whole.path
    assert 0 < part.error < part.gain
    settled = part.before - max(part.path[-2:])
    assert part.least_gain == pytest.approx(settled - 2 * part.error)


def test_what_needs_no_trial_gets_none() -> None:
    x, y = waves(200, 2, 0)
    fresh = stack(2, L.Dense(4, "tanh"), L.Dense(1))
    fresh.compile(optimizers.Adam(0.01), "mse")
    _, answers = answered(fresh, x, y)
    found = answers.get(Continuation)
    assert isinstance(found, Absent)
    assert not found.applicable
    line = compiled(stack(2, L.Dense(1)))
    put(line.layers[-1], [[1], [2]], [0])
    _, answers = answered(line, x, x @ [[1.0], [2.0]])
    found = answers.get(Continuation)
    assert isinstance(found, Absent)
    assert "as well as anything" in found.reason


def test_large_networks_get_fewer_updates() -> None:
    class Wide:
        products = 10**6

    assert 10 <= planned(Wide()) < 20  # type: ignore[arg-type]


def options(rate: float, name: str = "SGD") -> tuple[TrainingOptions, Continuation]:
    x, y = waves(300, 3, 1)
    set_random_seed(1)
    model = stack(3, L.Dense(16, "tanh"), L.Dense(1))
    model.compile(getattr(optimizers, name)(rate), "mse")
    fit(model, x, y, epochs=2)
    answers = answered(model, x, y)[1]
    return answers.get(TrainingOptions), answers.get(Continuation)


def test_adam_leads_where_descent_crawls_and_its_gain_is_told() -> None:
    tried, continuation = options(1e-5)
    best = tried.best()
    assert best is not None
    assert best.trial is continuation.adam()
    remedy = tried.remedy("train on")
    assert remedy.code == "model.compile(optimizer=keras.optimizers.Adam(0.001), loss=model.loss)"
    assert short(best.trial.after) in remedy.text
    assert short(continuation.saved.after) in remedy.text
    other = Remedy("ten times the rate", "code")
    assert tried.or_adam(other, continuation.at(10)) != other


def test_nobody_is_sent_elsewhere_whose_training_goes_well() -> None:
    tried, continuation = options(0.1)
    best = tried.best()
    assert best is not None
    assert best.code is None
    assert tried.remedy("train on").code == "model.fit(x, y, epochs=10 * epochs)"
    other = Remedy("as it is", "code")
    assert tried.or_adam(other, continuation.saved) == other


def test_adam_is_not_offered_in_place_of_adam() -> None:
    tried, _ = options(1e-3, "Adam")
    assert tried.adam() is None


def test_ten_times_the_rate_is_proposed_where_it_gains_far_more() -> None:
    faster = options(1e-4, "Adam")[0].faster()
    assert faster is not None
    assert faster.trial.rate == pytest.approx(1e-3)
    assert faster.code == "keras.optimizers.Adam(0.001)"
    assert options(0.1)[0].faster() is None


def test_where_nothing_gains_fresh_weights_are_the_advice() -> None:
    tried, continuation = options(0.1)
    stuck = replace(continuation.saved, path=(1.0, 1.0, 1.0))
    ways = [(OWN, 1, TIMES), (ADAM, 1, 1), (ADAM, 1, TIMES), (OWN, 10.0, 1), (OWN, 0.1, 1)]
    nothing = replace(continuation, saved=stuck, _trials=dict.fromkeys(ways, stuck))
    resting = replace(tried, _continuation=nothing)
    assert resting.best() is None
    remedy = resting.remedy("train on")
    assert remedy.code is None
    assert "fresh weights" in remedy.text
    assert "nor did they with a learning rate of 1, a learning rate of 0.01, Adam" in remedy.text


def test_false_alarm_a_lower_rate_that_only_calms_the_scatter_does_not_lead() -> None:
    """Adam wins over four hundred updates where a tenth of the rate wins over one hundred."""
    tried, continuation = options(0.1)
    rising = replace(continuation.saved, path=(1.0, 1.1, 1.2))
    calmer, adam = replace(rising, path=(1.0, 0.95, 0.94)), replace(rising, path=(1.0, 1.05, 1.02))
    known = {(OWN, 0.1, 1): calmer, (OWN, 10.0, 1): rising, (OWN, 1, TIMES): rising, (ADAM, 1, 1): adam}
    known[ADAM, 1, TIMES] = replace(adam, path=(1.0, 0.9, 0.8))
    best = replace(tried, _continuation=replace(continuation, saved=rising, _trials=known)).best()
    assert best is not None
    assert best.name == "Adam"


@pytest.mark.slow
def test_a_slow_start_gets_a_trial_four_times_as_long() -> None:
    """Two layers of sigmoids and plain descent: the first hundred updates hardly tell, four hundred do."""
    x, y = waves(300, 3, 1)
    shown = []
    for rate in np.geomspace(0.003, 0.3, 5):
        set_random_seed(3)
        model = stack(3, L.Dense(24, "sigmoid"), L.Dense(24, "sigmoid"), L.Dense(1))
        model.compile(optimizers.SGD(float(rate)), "mse")
        fit(model, x, y, epochs=4)
        speed = answered(model, x, y)[1].get(DescentSpeed)
        first = speed.sure_share(speed.saved) >= READILY
        doubtful = not first and not speed.rests
        assert (speed.longer is not None) == doubtful
        assert speed.shown.updates == (TIMES if doubtful else 1) * speed.saved.updates
        shown.append(doubtful)
    assert any(shown)
    assert not all(shown)
