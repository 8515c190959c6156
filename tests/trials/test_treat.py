"""Whole courses of treatment on real models: what is confirmed, refuted, kept and said."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from clinic import save_data, stack
from mlpdoctor.course import Course, Verdict
from mlpdoctor.diagnose import Question
from mlpdoctor.errors import UsageError
from mlpdoctor.finding import Certainty
from mlpdoctor.report.treated_json import as_object
from mlpdoctor.trials.budget import Budget
from mlpdoctor.trials.treat import Order, treat

FIXTURES = Path(__file__).parents[2] / "fixtures"
L = keras.layers


def of(name: str, data: str = "data.csv") -> Question:
    return Question(str(FIXTURES / name / "model.keras"), str(FIXTURES / name / data))


@pytest.fixture(scope="module")
def three_points(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, Path]:
    file = tmp_path_factory.mktemp("cured") / "cured.keras"
    order = Order(Budget(epochs=3_000), seeds=2, output=str(file))
    return treat(of("three-points"), order), file


def test_the_activation_takes_three_points_below_a_millionth(three_points: tuple[Course, Path]) -> None:
    """By itself it is confirmed; in so few epochs a higher rate, added to it, takes it all the way."""
    course, _ = three_points
    assert course.trials[0].names == ("restore-activation",)
    assert course.trials[0].verdict is Verdict.CONFIRMED
    assert course.best is not None
    assert course.best.names == ("restore-activation", "raise-learning-rate")
    assert course.best.verdict is Verdict.CONFIRMED
    assert course.best.treated.high < 1e-6
    assert course.best.control.low == pytest.approx(0.0056759, rel=1e-3)
    assert course.before == pytest.approx(0.0056759, rel=1e-4)
    assert any(sign == "+" and "activation" in line for sign, line in course.best.diff)
    assert "0.005676" in course.verdict


def test_the_finding_says_that_it_was_tried(three_points: tuple[Course, Path]) -> None:
    first = three_points[0].report.findings[0]
    assert first.code == "A101"
    assert "Tried: give dense the activation" in first.evidence.why
    assert first.evidence.certainty is Certainty.PROVED  # a theorem is no less sure for having been tried


def test_the_cured_model_is_written_whole(three_points: tuple[Course, Path]) -> None:
    course, file = three_points
    assert course.written == str(file)
    assert [path.name for path in file.parent.iterdir()] == ["cured.keras"]
    cured, patient = keras.models.load_model(file), keras.models.load_model(FIXTURES / "three-points" / "model.keras")
    assert [layer.name for layer in cured.layers] == [layer.name for layer in patient.layers]
    assert cured.layers[0].activation is not patient.layers[0].activation
    assert type(cured.optimizer) is type(patient.optimizer)
    assert float(cured.optimizer.learning_rate.numpy()) == pytest.approx(0.01)
    assert int(cured.optimizer.iterations.numpy()) > 0
    table = np.loadtxt(FIXTURES / "three-points" / "data.csv", delimiter=",", skiprows=1)
    answers = np.asarray(cured(table[:, :1].astype(np.float32)))
    assert float(np.square(answers - table[:, 1:]).mean()) < 1e-6


def test_a_lower_rate_on_three_points_is_refuted_and_again_the_same() -> None:
    order = Order(Budget(epochs=200), seeds=1, words=("lower-learning-rate",))
    course, again = (treat(of("three-points"), order) for _ in range(2))
    one, other = ({**as_object(run), "timing": None} for run in (course, again))
    assert one == other
    assert [trial.verdict for trial in course.trials] == [Verdict.REFUTED]
    assert not course.cured
    assert not course.combinations


def test_a_healthy_model_is_left_alone() -> None:
    course = treat(of("healthy-linear"), Order(Budget(epochs=3), seeds=1))
    assert course.nothing_to_gain
    assert course.best is None
    assert not course.train_on
    assert course.verdict.startswith("There is nothing to cure")


def test_an_interruption_keeps_what_is_known(tmp_path: Path) -> None:
    def tell(text: str) -> None:
        if "learning rate" in text:
            raise KeyboardInterrupt

    file = tmp_path / "cured.keras"
    words = ("restore-activation", "lower-learning-rate")
    course = treat(of("three-points"), Order(Budget(epochs=3000), 1, words, output=str(file)), tell=tell)
    assert course.interrupted
    assert course.best is not None
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
    model.fit(x.astype(np.float32), y.astype(np.float32), epochs=2, shuffle=False, verbose=0)
    model.save(folder / "model.keras")
    return Question(str(folder / "model.keras"), save_data(folder / "data.npz", x, y))


def test_where_the_same_network_made_anew_learns_the_model_can(tmp_path: Path) -> None:
    course = treat(stuck(tmp_path), Order(Budget(epochs=300), seeds=1, words=("lower-learning-rate",)))
    assert [trial.verdict for trial in course.trials] == [Verdict.REFUTED]
    assert course.fresh is not None
    assert course.fresh.verdict is Verdict.CONFIRMED
    assert course.verdict.startswith("The model can, the training did not")
    assert course.memory is not None
    assert course.memory.learned
    assert course.memory.rows == 20


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
