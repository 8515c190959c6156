"""Whole courses of treatment on real models: what is confirmed, refuted, kept and said."""

import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_fit import fit
from model_cases import save_data, stack
from paths import FIXTURES

from mlpdoctor.core.errors import UsageError
from mlpdoctor.core.finding import Certainty
from mlpdoctor.core.network import Network
from mlpdoctor.core.trial_result import TrialResult, Verdict
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.diagnosis.subject import opened
from mlpdoctor.report.json.report import trials_as_object
from mlpdoctor.report.trial_phrases import protocol
from mlpdoctor.treat.case import Case, companions
from mlpdoctor.treat.trials.budget import Budget
from mlpdoctor.treat.trials.run_treat import Order, confirmed, treat

L = keras.layers


def of(name: str, data: str = "data.csv") -> Question:
    return Question(str(FIXTURES / name / "model.keras"), str(FIXTURES / name / data))


@pytest.fixture(scope="module")
def three_points(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrialResult, Path]:
    file = tmp_path_factory.mktemp("cured") / "cured.keras"
    order = Order(Budget(epochs=3_000), seeds=2, output=str(file))
    return treat(of("three-points"), order), file


def test_the_activation_takes_three_points_below_a_millionth(three_points: tuple[TrialResult, Path]) -> None:
    """By itself it is confirmed; in so few epochs a higher rate, added to it, takes it all the way."""
    result, _ = three_points
    assert result.trials[0].names == ("restore-activation",)
    assert result.trials[0].verdict is Verdict.CONFIRMED
    assert result.best is not None
    assert result.best.names == ("restore-activation", "raise-learning-rate")
    assert result.best.verdict is Verdict.CONFIRMED
    assert result.best.treated.high < 1e-6
    assert result.best.control.low == pytest.approx(0.0056759, rel=1e-3)
    assert result.before == pytest.approx(0.0056759, rel=1e-4)
    assert any(sign == "+" and "activation" in line for sign, line in result.best.diff)
    assert "0.005676" in result.verdict


def test_the_finding_says_that_it_was_tried(three_points: tuple[TrialResult, Path]) -> None:
    first = three_points[0].report.findings[0]
    assert first.code == "A101"
    assert "Tried: give dense the activation" in first.evidence.why
    assert first.evidence.certainty is Certainty.PROVED  # a theorem is no less sure for having been tried


def test_the_cured_model_is_written_whole(three_points: tuple[TrialResult, Path]) -> None:
    result, file = three_points
    assert result.written == str(file)
    assert [path.name for path in file.parent.iterdir()] == ["cured.keras"]
    cured, case = keras.models.load_model(file), keras.models.load_model(FIXTURES / "three-points" / "model.keras")
    assert [layer.name for layer in cured.layers] == [layer.name for layer in case.layers]
    assert cured.layers[0].activation is not case.layers[0].activation
    assert type(cured.optimizer) is type(case.optimizer)
    assert float(cured.optimizer.learning_rate.numpy()) == pytest.approx(0.01)
    assert int(cured.optimizer.iterations.numpy()) > 0
    table = np.loadtxt(FIXTURES / "three-points" / "data.csv", delimiter=",", skiprows=1)
    answers = np.asarray(cured(table[:, :1].astype(np.float32)))
    assert float(np.square(answers - table[:, 1:]).mean()) < 1e-6


def test_a_lower_rate_on_three_points_is_refuted_and_again_the_same() -> None:
    order = Order(Budget(epochs=200), seeds=1, words=("lower-learning-rate",))
    result, again = (treat(of("three-points"), order) for _ in range(2))
    one, other = ({**trials_as_object(run), "timing": None} for run in (result, again))
    assert one == other
    assert [trial.verdict for trial in result.trials] == [Verdict.REFUTED]
    assert not result.cured
    assert not result.combinations


def test_a_healthy_model_is_left_alone() -> None:
    result = treat(of("healthy-linear"), Order(Budget(epochs=3), seeds=1))
    assert result.nothing_to_gain
    assert result.best is None
    assert not result.train_on
    assert result.verdict.startswith("There is nothing to cure")


def test_an_interruption_keeps_what_is_known(tmp_path: Path) -> None:
    def tell(text: str) -> None:
        if "learning rate" in text:
            raise KeyboardInterrupt

    file = tmp_path / "cured.keras"
    words = ("restore-activation", "lower-learning-rate")
    result = treat(of("three-points"), Order(Budget(epochs=3000), 1, words, output=str(file)), tell=tell)
    assert result.interrupted
    assert result.best is not None
    kept = keras.models.load_model(file)
    assert kept.layers[0].activation.__name__ == "tanh"
    assert float(kept.optimizer.learning_rate.numpy()) == pytest.approx(1e-5)  # what nobody changed


def stuck(folder: Path) -> Question:
    """A sound network on clean data, whose optimizer stands still."""
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (64, 2))
    y = (x[:, :1] * x[:, 1:]) + 0.5 * x[:, :1]
    model: Any = stack(
        2,
        L.Dense(16, "tanh", kernel_initializer=keras.initializers.GlorotUniform(seed=1)),
        L.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(seed=2)),
    )
    model.compile(keras.optimizers.SGD(1e-7), "mse")
    fit(model, x.astype(np.float32), y.astype(np.float32), epochs=2, shuffle=False)
    model.save(folder / "model.keras")
    return Question(str(folder / "model.keras"), save_data(folder / "data.npz", x, y))


def test_where_the_same_network_made_anew_learns_the_model_can(tmp_path: Path) -> None:
    result = treat(stuck(tmp_path), Order(Budget(epochs=300), seeds=1, words=("lower-learning-rate",)))
    assert [trial.verdict for trial in result.trials] == [Verdict.REFUTED]
    assert result.fresh is not None
    assert result.fresh.verdict is Verdict.CONFIRMED
    assert result.verdict.startswith("The model can learn this, the training did not")
    assert result.memory is not None
    assert result.memory.learned
    assert result.memory.rows == 20


def test_a_model_cured_by_a_falling_rate_can_be_trained_on(tmp_path: Path) -> None:
    """A line among noise, and a rate whose steps never settle: with the rate the steps fall, and start again later."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(64, 2))
    y = x @ [[1.0], [-2.0]] + rng.normal(size=(64, 1))
    model: Any = stack(2, L.Dense(1, kernel_initializer="zeros"))
    model.compile(keras.optimizers.SGD(0.5), "mse")
    fit(model, x, y, batch=8, epochs=3)
    model.save(tmp_path / "model.keras")
    question = Question(str(tmp_path / "model.keras"), save_data(tmp_path / "data.npz", x, y))
    file = tmp_path / "cured.keras"
    order = Order(Budget(epochs=30), 2, ("decay-learning-rate",), batch=8, output=str(file))
    result = treat(question, order)
    assert result.best is not None
    assert result.best.names == ("decay-learning-rate",)
    floor = np.linalg.lstsq(np.column_stack([x, np.ones(64)]), y, rcond=None)[1][0] / 64
    assert result.best.treated.high < 1.01 * floor
    kept = keras.models.load_model(file)
    assert int(kept.optimizer.iterations.numpy()) == 0
    assert float(kept.optimizer.learning_rate.numpy()) == pytest.approx(0.5)
    assert float(np.square(np.asarray(kept(x)) - y).mean()) == pytest.approx(result.best.treated.low, rel=1e-3)


def test_a_loss_that_fits_is_not_refuted_by_the_old_rate(tmp_path: Path) -> None:
    """Cross-entropy on amounts, at a rate at which the squared error that they ask for blows up."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(96, 3))
    y = 40 * np.tanh(x[:, :1]) + 20 * x[:, 1:2]
    model: Any = stack(3, seeded(24, 1, "relu"), seeded(1, 2, "sigmoid"))
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    model.save(tmp_path / "model.keras")
    question = Question(str(tmp_path / "model.keras"), save_data(tmp_path / "data.npz", x, y))
    result = treat(question, Order(Budget(epochs=100), 2))
    alone = next(one for one in result.trials if one.names == ("fit-head",))
    assert not np.isfinite(alone.treated.high)
    assert result.best is not None
    assert result.best.names[0] == "fit-head"
    assert len(result.best.names) > 1
    assert result.best.treated.high < 0.1
    assert result.best.judged_by == "1 - R2"


def test_what_is_put_on_top_suits_the_changed_model(tmp_path: Path) -> None:
    """Frozen layers cannot be widened; thawed ones can."""
    rng = np.random.default_rng(5)
    x = rng.uniform(-2, 2, (128, 1))
    model: Any = stack(1, seeded(6, 3, "tanh"), seeded(1, 2))
    model.layers[0].trainable = False
    model.compile(keras.optimizers.Adam(0.03), "mse")
    fit(model, x, np.sin(4 * x), epochs=20, shuffle=False)
    model.save(tmp_path / "model.keras")
    question = Question(str(tmp_path / "model.keras"), save_data(tmp_path / "data.npz", x, np.sin(4 * x)))
    subject, report = opened(question), diagnose(question)
    offers = [
        {one.name for one in companions(Case(thawed(subject.network, trainable=free), report, x, np.sin(4 * x)))}
        for free in (False, True)
    ]
    assert offers[1] - offers[0] >= {"widen-layers"}
    result = treat(question, Order(Budget(epochs=300), 1, ("A103",)), report=report, subject=subject)
    assert ("unfreeze",) in {one.names for one in result.trials}
    # Which changes gain on top of it is for the training to say, and differs from machine to machine.
    assert all(one.names[0] == "unfreeze" for one in result.combinations)


def thawed(network: Network, *, trainable: bool) -> Network:
    """The same network with all layers that way."""
    nodes = tuple(
        dataclasses.replace(node, layer=dataclasses.replace(node.layer, trainable=trainable)) for node in network.nodes
    )
    return dataclasses.replace(network, nodes=nodes)


def seeded(units: int, seed: int, activation: str | None = None) -> Any:  # noqa: ANN401
    return L.Dense(units, activation, kernel_initializer=keras.initializers.GlorotUniform(seed=seed))


def test_an_existing_file_is_not_replaced_without_force(tmp_path: Path) -> None:
    file = tmp_path / "cured.keras"
    file.write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        treat(of("three-points"), Order(Budget(epochs=1), output=str(file)))
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("restore-activatoin",), "did you mean|restore-activation"),
        (("D701",), "found nothing here"),
    ],
)
def test_a_word_that_names_nothing_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        treat(of("three-points"), Order(Budget(epochs=1), words=words))


def ticking(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Whoever looks at the clock finds that so many seconds have gone by since somebody last did."""
    now = itertools.count(0.0, seconds)
    monkeypatch.setattr("mlpdoctor.treat.trials.budget.time.monotonic", lambda: next(now))


def test_a_budget_in_seconds_gives_the_same_on_a_machine_that_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock that the second run looks at is a hundred times as fast."""
    told = []
    for seconds in (1e-4, 1e-2):
        ticking(monkeypatch, seconds)
        order = Order(Budget(seconds=4), 2, ("restore-activation", "lower-learning-rate"))
        whole = trials_as_object(treat(of("three-points"), order, started=0.0))
        del whole["timing"]
        told.append(json.dumps(whole))
        assert whole["protocol"]["cut"] is False
    assert told[0] == told[1]
    assert whole["protocol"]["updates"] > 100


def test_a_machine_that_is_far_too_busy_is_not_waited_for_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    ticking(monkeypatch, 3.0)
    order = Order(Budget(seconds=4), 2, ("restore-activation", "lower-learning-rate"))
    result = treat(of("three-points"), order, started=0.0)
    assert result.protocol.cut
    assert "stopped by the clock" in protocol(result.protocol)
    _, why = confirmed(result.report, of("three-points"), opened(of("three-points")), Budget(seconds=2))
    assert why is not None
