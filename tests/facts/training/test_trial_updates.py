"""What trials on so few rows are, and what training cannot have begun with."""

import numpy as np
from drawn_cases import L, Model, Table, fit, optimizers, set_random_seed, stack
from hand_built import examined

from mlpdoctor.engine.training import BATCH
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.model_loss import Objective
from mlpdoctor.facts.training.rate_left import DescentSpeed
from mlpdoctor.facts.training.trial_updates import (
    TIMES,
    TIMES_OF_FEW,
    Continuation,
    FirstUpdates,
    of_zeros,
    too_high_anyway,
)
from mlpdoctor.statistics.rows import RowSample


def line(rows: int, size: float = 1.0) -> tuple[Table, Table]:
    x = np.random.default_rng(0).normal(size=(rows, 2))
    return x, size * (x[:, :1] + 3)


def network(rate: float, *layers: Model) -> Model:
    set_random_seed(0)
    model = stack(2, L.Dense(8, "tanh"), *layers, L.Dense(1))
    model.compile(optimizers.SGD(rate), "mse")
    return model


def test_where_all_rows_are_one_batch_a_longer_trial_is_much_longer() -> None:
    for rows, times in ((BATCH, TIMES_OF_FEW), (BATCH + 1, TIMES)):
        x, y = line(rows)
        facts = examined(fit(network(1e-4), x, y, epochs=1).network(), x, y)
        assert facts.get(Continuation).times == times


def test_training_begins_about_the_loss_of_nothing() -> None:
    x, y = line(200, size=50)
    facts = examined(network(1e-4).network(), x, y)
    found = of_zeros(facts.get(Objective), facts.get(RowSample))
    assert found == np.square(y).mean()


def test_the_pace_of_a_trial_says_nothing_of_training_with_much_dropout() -> None:
    """At its pace, and with as many updates, training would have come far below where it is."""
    x, y = line(200)
    for layers, expected in (((), True), ((L.Dropout(0.7),), False)):
        model = fit(network(0.01, *layers), x, y, epochs=1)
        model.optimizer.iterations = 100_000
        assert examined(model.network(), x, y).get(DescentSpeed).contradicted is expected


def test_a_rate_is_too_high_anyway_where_scaled_targets_do_not_help() -> None:
    x, y = line(200, size=1000)
    mean, deviation = y.mean(axis=0), y.std(axis=0)
    first = examined(network(0.05).network(), x, y).get(FirstUpdates)
    assert not too_high_anyway(first, mean, deviation)
    first = examined(network(50.0).network(), x, y).get(FirstUpdates)
    assert too_high_anyway(first, mean, deviation)


def test_a_truth_table_is_there_to_be_learned_whole() -> None:
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = np.array([[0.0], [1.0], [1.0], [0.0]])
    position = examined(network(0.01).network(), x, y).get(LossPosition)
    assert (position.reach, position.whole) == (0.0, True)
    position = examined(network(0.01).network(), x, 5 * y).get(LossPosition)  # amounts may be noise
    assert (position.reach, position.whole) == (position.constant, False)
