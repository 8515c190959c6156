"""L507: data without a sign of anything to learn, told from data with faint, bent or fast signals."""

import builtins
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from model_cases import (
    L,
    Model,
    Table,
    compiled,
    examined,
    found,
    number,
    only,
    outcome,
    put,
    quiet,
    stack,
    told,
    train,
    waves,
)

from mlpdoctor.core.finding import Certainty, Severity
from mlpdoctor.core.report_model import Status
from mlpdoctor.facts.ladder.learnable import INSTALL

pytest.importorskip("sklearn")


def answering(features: int, answer: float, end: str | None = None, loss: str = "mse") -> Model:
    """A trained model that gives one answer to every row."""
    model = compiled(stack(features, L.Dense(6, "tanh", name="hidden"), L.Dense(1, end, name="out")), loss=loss)
    put(model.get_layer("out"), np.full((6, 1), 1e-4), [answer])
    return model


def noise(kind: str, rows: int, features: int, seed: int) -> tuple[Table, Table]:
    rng = np.random.default_rng([seed, rows, features])
    x = rng.normal(size=(rows, features))
    drawn = {"normal": rng.normal(size=rows), "student": rng.standard_t(2, rows), "skewed": rng.exponential(size=rows)}
    return x, drawn[kind][:, None]


@pytest.mark.parametrize("kind", ["normal", "student", "skewed"])
@pytest.mark.parametrize(("rows", "features"), [(600, 1), (1200, 8), (2500, 20)])
@pytest.mark.series
def test_noise_is_named_and_heads_the_report(kind: str, rows: int, features: int, tmp_path: Path) -> None:
    x, y = noise(kind, rows, features, seed=1)
    report = examined(tmp_path, answering(features, float(y.mean())), x, y)
    finding = only(report, "L507")
    assert (finding.severity, finding.evidence.certainty) == (Severity.WARNING, Certainty.ESTIMATED)
    assert report.findings[0].code == "L507", told(report)
    assert report.verdict.startswith("Nothing was found that these inputs say about the target")
    assert number(finding, "saved_share") < number(finding, "smallest_share_seen") < 0.2


def test_shuffled_labels_of_two_classes(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(1500, 5)), (rng.uniform(size=(1500, 1)) < 0.3).astype(float)
    model = answering(5, float(np.log(0.3 / 0.7)), "sigmoid", "binary_crossentropy")
    assert only(examined(tmp_path, model, x, y, rules=("L507",)), "L507").severity is Severity.WARNING


def test_several_classes_and_several_targets(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(1000, 4))
    model = compiled(stack(4, L.Dense(6, "tanh"), L.Dense(3, name="out")))
    put(model.get_layer("out"), np.full((6, 3), 1e-4), np.zeros(3))
    assert found(examined(tmp_path, model, x, rng.normal(size=(1000, 3)), rules=("L507",)), "L507")


SIGNALS = {
    "a faint line": lambda x, rng: 0.3 * x[:, 0] + rng.normal(size=len(x)),
    "a product": lambda x, rng: x[:, 0] * x[:, 1] + 0.5 * rng.normal(size=len(x)),
    "a fast wave": lambda x, rng: np.sin(40 * x[:, 0]) + 0.1 * rng.normal(size=len(x)),
    "a corner": lambda x, rng: ((x[:, 0] > 0.8) & (x[:, 1] > 0.8)) * 2.0 + 0.5 * rng.normal(size=len(x)),
}


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.series
def test_false_alarm_there_is_something_to_learn(signal: str, seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1.7, 1.7, (2000, 1 if signal == "a fast wave" else 2))
    y = SIGNALS[signal](x, rng)[:, None]
    report = examined(tmp_path, answering(x.shape[1], float(y.mean())), x, y, rules=("L507",))
    nothing = [finding for finding in found(report, "L507") if not finding.evidence.numbers["linear_is_enough"]]
    assert not nothing, told(report)


def test_linear_is_enough_is_a_note_above_l501(tmp_path: Path) -> None:
    keras.utils.set_random_seed(4)
    rng = np.random.default_rng(4)
    x = rng.normal(size=(1000, 3))
    y = x @ [[1.0], [-1.0], [0.5]] + 2 * rng.normal(size=(1000, 1))
    entry = keras.Input((3,))
    joined = L.Concatenate()([entry, L.Dense(8, "tanh")(entry)])
    model = compiled(keras.Model(entry, L.Dense(1, name="out")(joined)))
    line = np.linalg.lstsq(np.column_stack([x, np.ones(1000)]), y, rcond=None)[0]
    put(model.get_layer("out"), np.concatenate([line[:3], np.zeros((8, 1))]), line[3])
    report = examined(tmp_path, model, x, y)
    for finding in found(report, "L507"):
        assert finding.severity is Severity.NOTE
        assert finding.evidence.numbers["linear_is_enough"]
        assert only(report, "L501").because_of == "L507", told(report)


def test_what_the_ladder_explains_is_not_looked_into(tmp_path: Path) -> None:
    x, y = waves(500, 2, seed=5)
    assert (
        outcome(examined(tmp_path, answering(2, float(y.mean())), x, y, rules=("L507",)), "L507").status
        is Status.NOT_APPLICABLE
    )


def test_a_model_that_has_learned_what_quick_models_do_not_see(tmp_path: Path) -> None:
    """Parity in eight dimensions, answered by the network: nothing of it shows in lines, neighbours or trees."""
    rng = np.random.default_rng(6)
    x = rng.choice([-1.0, 1.0], (1000, 8)) * rng.uniform(0.9, 1.1, (1000, 8))
    y = np.prod(np.sign(x), axis=1, keepdims=True)
    entry = keras.Input((8,))
    signs = [L.Dense(1, "tanh", name=f"sign_{k}")(entry) for k in range(8)]
    model = compiled(keras.Model(entry, L.Dense(1, name="out")(L.Multiply()(signs))))
    for k in range(8):
        put(model.get_layer(f"sign_{k}"), 5 * np.eye(8)[:, [k]], [0.0])
    put(model.get_layer("out"), [[1.0]], [0.0])
    assert quiet(examined(tmp_path, model, x, y, rules=("L507",)), "L507")


def test_few_rows_say_that_they_are_few(tmp_path: Path) -> None:
    x, y = noise("normal", 60, 2, seed=7)
    not_asked = outcome(examined(tmp_path, answering(2, float(y.mean())), x, y, rules=("L507",)), "L507")
    assert not_asked.status in {Status.SKIPPED, Status.NOT_APPLICABLE}


def test_a_model_that_remembers_noise_is_a_note(tmp_path: Path) -> None:
    keras.utils.set_random_seed(8)
    x, y = noise("normal", 400, 6, seed=8)
    model = stack(6, L.Dense(64, "relu"), L.Dense(1))
    model.compile("adam", "mse")
    report = examined(tmp_path, train(model, x, y, epochs=30, batch=32, rate=0.01), x, y, rules=("L507",))
    assert all(finding.severity is Severity.NOTE for finding in found(report, "L507")), told(report)


def test_an_untrained_model_on_noise_is_told_before(tmp_path: Path) -> None:
    x, y = noise("normal", 800, 3, seed=9)
    report = examined(tmp_path, compiled(stack(3, L.Dense(8, "relu"), L.Dense(1)), updates=0), x, y, rules=("L507",))
    assert only(report, "L507").severity is Severity.NOTE


def test_the_same_data_give_the_same_numbers_in_little_time(tmp_path: Path) -> None:
    x, y = noise("normal", 2000, 20, seed=10)
    model = answering(20, float(y.mean()))
    for folder in "ab":
        (tmp_path / folder).mkdir()
    first = only(examined(tmp_path / "a", model, x, y, rules=("L507",)), "L507")
    started = time.process_time()
    second = only(examined(tmp_path / "b", model, x, y, rules=("L507",)), "L507")
    assert time.process_time() - started < 10  # under two seconds on an idle machine
    assert first.evidence == second.evidence


def test_without_scikit_learn_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401  as the built-in
        if name.partition(".")[0] == "sklearn":
            raise ImportError(name)
        return real(name, *args, **options)

    x, y = noise("normal", 500, 2, seed=11)
    monkeypatch.setattr(builtins, "__import__", without)
    for name in [name for name in sys.modules if name.partition(".")[0] == "sklearn"]:
        monkeypatch.delitem(sys.modules, name)
    skipped = outcome(examined(tmp_path, answering(2, float(y.mean())), x, y, rules=("L507",)), "L507")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, INSTALL)
    assert 'pip install "mlpdoctor[opinion]"' in INSTALL


@pytest.mark.parametrize(("rows", "features", "slope"), [(4000, 1, 0.13), (4000, 4, 0.13)])
def test_false_alarm_a_line_that_saves_more_than_chance(rows: int, features: int, slope: float, tmp_path: Path) -> None:
    """Faint, but many times its own sampling error: no report may say that these inputs say nothing."""
    rng = np.random.default_rng(rows)
    x = rng.normal(size=(rows, features))
    y = slope * x[:, :1] + rng.normal(size=(rows, 1))
    report = examined(tmp_path, answering(features, float(y.mean())), x, y)
    for finding in found(report, "L507"):
        gain, chance = number(finding, "line_gain_share"), number(finding, "line_gain_by_chance_share")
        assert gain < 0.01 or finding.evidence.numbers["linear_is_enough"], (gain, chance)
        assert not str(finding.evidence.verdict).startswith("Nothing was found"), told(report)


@pytest.mark.parametrize("seed", range(3))
def test_the_gain_of_a_line_on_noise_is_called_chance(seed: int, tmp_path: Path) -> None:
    x, y = noise("normal", 500, 12, seed)
    finding = only(report := examined(tmp_path, answering(12, float(y.mean())), x, y, rules=("L507",)), "L507")
    assert number(finding, "line_gain_share") < number(finding, "line_gain_by_chance_share"), told(report)


def embedding(ids: int, answer: float) -> Model:
    model = compiled(stack(1, L.Embedding(ids, 4), L.Flatten(), L.Dense(1, name="out")))
    put(model.get_layer("out"), np.full((4, 1), 1e-4), [answer])
    return model


def test_false_alarm_ids_with_a_level_of_their_own(tmp_path: Path) -> None:
    """Near ids have nothing in common, but the rows of one id have."""
    rng = np.random.default_rng(12)
    ids = rng.integers(0, 100, (1500, 1))
    y = rng.normal(size=100)[ids] + 0.5 * rng.normal(size=(1500, 1))
    report = examined(tmp_path, embedding(100, float(y.mean())), ids.astype(float), y, rules=("L507",))
    assert not found(report, "L507"), told(report)


def test_ids_that_say_nothing_are_judged_by_their_groups(tmp_path: Path) -> None:
    rng = np.random.default_rng(13)
    ids, y = rng.integers(0, 40, (1500, 1)), rng.normal(size=(1500, 1))
    finding = only(examined(tmp_path, embedding(40, float(y.mean())), ids.astype(float), y, rules=("L507",)), "L507")
    assert finding.message.count("models") == 0, "no line and no neighbours were tried"
    assert "groups with equal values" in finding.message


def test_too_few_rows_an_id_tell_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(14)
    ids, y = rng.permutation(900)[:, None], rng.normal(size=(900, 1))
    not_asked = outcome(
        examined(tmp_path, embedding(900, float(y.mean())), ids.astype(float), y, rules=("L507",)), "L507"
    )
    assert not_asked.status is Status.SKIPPED
