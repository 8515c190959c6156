"""One trial at a time: its control, what it shares with it, and what happens when there is no time."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras_fit import fit
from model_cases import save_data, stack

from mlpdoctor.core.trial_result import Verdict
from mlpdoctor.diagnosis.diagnose import diagnose
from mlpdoctor.diagnosis.question import Question
from mlpdoctor.diagnosis.subject import opened
from mlpdoctor.treat.case import Case, Treatment
from mlpdoctor.treat.editing.edits import Compile, Decay, Edit, Recode, Redraw, SetOption
from mlpdoctor.treat.trials.budget import Budget, Meter
from mlpdoctor.treat.trials.candidates import Candidate
from mlpdoctor.treat.trials.experiment import NO_TIME, CompletedTrial, Experiment
from mlpdoctor.treat.trials.model import load
from mlpdoctor.treat.trials.run_treat import rows_of
from mlpdoctor.treat.trials.runs import Pace
from mlpdoctor.treat.trials.variant import VariantBuilder

L = keras.layers


def experiment(question: Question, *, epochs: int = 60, meter: Meter | None = None) -> Experiment:
    subject = opened(question)
    report = diagnose(question, subject=subject)
    network, rows = subject.network, rows_of(subject, report, 0)
    case = Case(network, report, rows.features, rows.targets)
    end = meter or Meter(float("inf"))
    shop = VariantBuilder(rows, (0, 1))
    pace = Pace(Budget(epochs=epochs), end, rows.count, min(32, rows.count), 2)
    return Experiment(case, load(network, {}), shop, pace, "tensorflow", lambda _: None)


def change(*edits: Edit, shared: tuple[Edit, ...] = ()) -> tuple[Candidate]:
    treatment = Treatment("change-it", ("A101",), edits, "change it", "code", shared)
    return (Candidate(treatment, ("A101",)),)


def seeded(units: int, seed: int, activation: str | None = None) -> Any:  # noqa: ANN401
    start = keras.initializers.GlorotUniform(seed=seed)
    return L.Dense(units, activation, kernel_initializer=start, name=f"dense_of_{units}")


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Question:
    """A curve, a sound network, and a rate that is far too low."""
    folder = tmp_path_factory.mktemp("slow")
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (64, 1))
    model = stack(1, seeded(12, 1, "tanh"), seeded(1, 2))
    model.compile(keras.optimizers.Adam(1e-6), "mse")
    fit(model, x.astype(np.float32), np.sin(3 * x).astype(np.float32), epochs=2, shuffle=False)
    model.save(folder / "model.keras")
    return Question(str(folder / "model.keras"), save_data(folder / "data.npz", x, np.sin(3 * x)))


def test_the_same_edit_as_the_control_s_shows_nothing(slow: Question) -> None:
    """A control that shares everything differs in nothing: not in batches, nor in draws, nor in updates."""
    one = experiment(slow)
    one.begin(2)
    drawn = (Redraw("dense_of_12"), Redraw("dense_of_1"))
    found = one.one(change(*drawn, shared=drawn))
    assert isinstance(found, CompletedTrial)
    assert found.trial.control == found.trial.treated
    assert found.trial.verdict is Verdict.REFUTED
    assert found.trial.drawn_anew


def test_a_rate_that_is_raised_is_confirmed_and_one_that_is_lowered_refuted(slow: Question) -> None:
    one = experiment(slow)
    one.begin(3)
    higher, lower = (one.one(change(Compile("learning_rate", rate))) for rate in (0.01, 1e-8))
    assert isinstance(higher, CompletedTrial)
    assert isinstance(lower, CompletedTrial)
    assert higher.trial.verdict is Verdict.CONFIRMED
    assert lower.trial.verdict is Verdict.REFUTED
    assert higher.trial.updates == lower.trial.updates == 60 * 64 // 32
    assert higher.runs.variant.trainee is lower.runs.variant.trainee  # compiled once


def test_a_rate_that_falls_does_so_within_the_run_whatever_else_sets_it(slow: Question) -> None:
    one = experiment(slow)
    one.begin(3)
    falling, high = change(Decay()), change(Compile("learning_rate", 0.05))
    together = one.one((*falling, *high))
    alone = one.one(high)
    assert isinstance(together, CompletedTrial)
    assert isinstance(alone, CompletedTrial)
    assert together.decays
    assert not alone.decays
    rate = together.runs.variant.spec.compiled["optimizer"]["config"]["learning_rate"]
    assert rate["class_name"] == "CosineDecay"
    assert rate["config"] == {"initial_learning_rate": 0.05, "decay_steps": 120}
    assert together.trial.treated != alone.trial.treated


def test_without_time_nothing_is_confirmed(slow: Question) -> None:
    one = experiment(slow, meter=Meter(-1.0))
    one.begin(3)
    assert one.control == NO_TIME
    assert one.one(change(Compile("learning_rate", 0.01))) == NO_TIME


def test_an_edit_that_does_not_fit_says_why(slow: Question) -> None:
    one = experiment(slow)
    one.begin(2)
    told = one.one(change(SetOption("dense_9", "activation", "relu")))
    assert isinstance(told, str)
    assert "dense_9" in told
    shared = one.one(change(Compile("learning_rate", 0.01), shared=(Redraw("dense_9"),)))
    assert isinstance(shared, str)


def test_labels_that_no_loss_takes_are_cured_by_recoding(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(90, 2))
    y = np.where(x[:, :1] > 0.5, 3.0, np.where(x[:, :1] < -0.5, 1.0, 2.0))  # classes 1 to 3
    model = stack(2, seeded(8, 1, "relu"), seeded(3, 2, "softmax"))
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "model.keras")
    question = Question(str(tmp_path / "model.keras"), save_data(tmp_path / "data.npz", x, y))
    one = experiment(question)
    one.begin(2)
    found = one.one(change(Recode((0, 1), "minus", 1.0)))
    assert isinstance(found, CompletedTrial)
    assert found.trial.verdict is Verdict.CONFIRMED
    assert found.trial.judged_by == "sparse categorical cross-entropy"
    assert found.trial.treated.high < 0.5 < np.log(3)


def test_a_loss_that_means_nothing_judges_nothing(tmp_path: Path) -> None:
    """A cross-entropy of prices falls without end; what counts is how far the answers are from them."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(64, 2))
    y = 5 * x[:, :1] + 20
    model = stack(2, seeded(1, 1, "sigmoid"))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "model.keras")
    one = experiment(Question(str(tmp_path / "model.keras"), save_data(tmp_path / "data.npz", x, y)))
    assert one.scale.ladder is None
    one.begin(2)
    faster = one.one(change(Compile("learning_rate", 0.1)))
    assert isinstance(faster, CompletedTrial)
    assert faster.trial.judged_by == "1 - R2"
    assert faster.trial.verdict is not Verdict.CONFIRMED
    head = SetOption("dense_of_1", "activation", "linear"), Compile("loss", "mse"), Compile("learning_rate", 0.5)
    fixed = one.one(change(*head))
    assert isinstance(fixed, CompletedTrial)
    assert fixed.trial.verdict is Verdict.CONFIRMED
