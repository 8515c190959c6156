"""D712: a feature that is the target in another form, and features that are merely good."""

from collections.abc import Callable
from pathlib import Path

import hand_built
import numpy as np
import pytest
from drawn_cases import L, Model, Table, compiled, examined, names, number, only, outcome, quiet, stack, told, waves
from sklearn import datasets

from mlpdoctor.checks.data.leaking_feature import leaking_feature
from mlpdoctor.core.finding import Certainty, Evidence, Severity
from mlpdoctor.core.report_model import Status
from mlpdoctor.facts.outputs.leaks import counters
from mlpdoctor.statistics.rows import RowSample


def network(width: int, outputs: int = 1, **options: str) -> Model:
    return compiled(stack(width, L.Dense(6, "tanh"), L.Dense(outputs, options.get("last"))), options.get("loss", "mse"))


def seen(x: Table, y: Table, block: int = 1 << 14) -> list[Evidence]:
    answers = hand_built.examined(hand_built.sequential(x.shape[1], (y.shape[1], None)), x, y, block)
    arguments = answers.arguments(leaking_feature.function)
    assert isinstance(arguments, dict)
    return list(leaking_feature.function(**arguments))


COPIES: dict[str, Callable[[Table], Table]] = {
    "y = x3": lambda y: y,
    "y = -x3": lambda y: -y,
    "y = 0.5 x3": lambda y: 2 * y,
    "y = 0.55556 x3 - 17.778": lambda y: 32 + 1.8 * y,
    "y = 1000 x3": lambda y: y / 1000,
}


@pytest.mark.parametrize("equation", COPIES)
@pytest.mark.parametrize("data", ["csv", "parquet"])
def test_a_copy_of_the_target_is_a_warning(equation: str, data: str, tmp_path: Path) -> None:
    x, y = waves(150, 3, seed=1)
    x[:, 2] = COPIES[equation](y)[:, 0]
    finding = only(report := examined(tmp_path, network(3), x, y, data=data, rules=("D712",)), "D712")
    assert (finding.severity, finding.evidence.certainty) == (Severity.WARNING, Certainty.MEASURED)
    assert finding.message == f"x3 gives the target exactly: {equation}", told(report)
    assert names(finding, "features") == ("x3",)
    assert finding.evidence.remedy is not None
    assert finding.evidence.remedy.code == "df = df.drop(columns=['x3'])"


@pytest.mark.parametrize("noise", [0.001, 0.01, 0.03])
@pytest.mark.parametrize("block", [11, 1000])
@pytest.mark.parametrize("seed", range(2))
def test_what_is_left_is_one_minus_the_squared_correlation(noise: float, block: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(400, 4)), rng.normal(size=(400, 1))
    x[:, 1] = 3 * y[:, 0] + 1e3 + 3 * noise * rng.normal(size=400)
    (evidence,) = seen(x, y, block)
    correlation = np.corrcoef(x[:, 1], y[:, 0])[0, 1]
    assert evidence.numbers["unexplained_share"] == pytest.approx(1 - correlation**2, rel=1e-5)
    assert evidence.severity is Severity.NOTE


@pytest.mark.slow
def test_a_code_for_each_class_is_a_warning(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    kind = rng.integers(0, 4, 300)
    x = np.column_stack([rng.normal(size=(300, 2)), np.array([7.0, 3.0, 11.0, 5.0])[kind]])
    for k, (y, loss) in enumerate(
        (
            (kind[:, None].astype(float), "sparse_categorical_crossentropy"),
            (np.eye(4)[kind], "categorical_crossentropy"),
        )
    ):
        (folder := tmp_path / str(k)).mkdir()
        report = examined(folder, network(3, 4, loss=loss, last="softmax"), x, y, data="csv", rules=("D712",))
        finding = only(report, "D712")
        assert (finding.severity, finding.message) == (Severity.WARNING, "x3 has one value for each class")


def test_a_threshold_that_tells_all_is_a_note(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(300, 3))
    y = (x[:, 1:2] > 0.4).astype(float)
    report = examined(
        tmp_path, network(3, loss="binary_crossentropy", last="sigmoid"), x, y, data="csv", rules=("D712",)
    )
    finding = only(report, "D712")
    assert (finding.severity, number(finding, "rows")) == (Severity.NOTE, 300)
    assert finding.message == "x2 tells the classes apart by thresholds alone"


@pytest.mark.parametrize("first", [0, 1, 500])
def test_a_row_number_of_a_sorted_file_is_a_warning(first: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    x = np.column_stack([np.arange(first, first + 300), rng.normal(size=(300, 2))])
    y = (np.arange(300) >= 120).astype(float)[:, None]
    model = network(3, loss="binary_crossentropy", last="sigmoid")
    finding = only(examined(tmp_path, model, x, y, rules=("D712",)), "D712")
    assert finding.severity is Severity.WARNING
    assert "numbers the rows" in finding.message
    x[:, 0] += 0.5 * (np.arange(300) % 2)  # an amount that grows, which may well tell the classes apart
    assert only(examined(tmp_path, model, x, y, rules=("D712",)), "D712").severity is Severity.NOTE


def test_false_alarm_one_feature(tmp_path: Path) -> None:
    x = np.linspace(-1, 1, 200)[:, None]
    assert quiet(examined(tmp_path, network(1), x, 2 * x, rules=("D712",)), "D712")


def test_false_alarm_one_feature_beside_constant_ones() -> None:
    x = np.column_stack([np.linspace(-1, 1, 200), np.ones(200), np.zeros(200)])
    assert not seen(x, 2 * x[:, :1])


def test_false_alarm_all_features_are_images_of_one() -> None:
    x = np.linspace(0, 1, 100)[:, None]
    assert not seen(np.concatenate([x, 2 * x, 1 - x], axis=1), 3 * x)


@pytest.mark.parametrize("width", [2, 5])
def test_false_alarm_an_autoencoder(width: int, tmp_path: Path) -> None:
    x = np.random.default_rng(4).normal(size=(200, width))
    assert quiet(examined(tmp_path, network(width, width), x, x, rules=("D712",)), "D712")


def test_false_alarm_a_truth_table(tmp_path: Path) -> None:
    x = np.array([[0.0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]])
    assert quiet(examined(tmp_path, network(3), x, x[:, :1], rules=("D712",)), "D712")


@pytest.mark.parametrize("seed", range(4))
def test_false_alarm_an_exact_line_in_several_features(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(300, 4))
    assert not seen(x, x @ rng.uniform(0.5, 2, (4, 1)))


def test_false_alarm_a_main_feature_with_noise() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(300, 4))
    assert not seen(x, x[:, :1] + 0.1 * rng.normal(size=(300, 1)))


def test_false_alarm_blobs_that_every_feature_tells_apart() -> None:
    rng = np.random.default_rng(6)
    y = rng.integers(0, 2, (400, 1)).astype(float)
    assert not seen(rng.normal(size=(400, 2)) + 20 * y, y)


def test_a_constant_target_leaks_nowhere() -> None:
    assert not seen(np.random.default_rng(7).normal(size=(100, 3)), np.ones((100, 1)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "load", [datasets.load_iris, datasets.load_wine, datasets.load_breast_cancer, datasets.load_diabetes]
)
def test_false_alarm_real_tables(load: Callable[..., tuple[Table, Table]]) -> None:
    x, y = load(return_X_y=True)
    assert not seen(x, y[:, None].astype(float))


def test_without_data_it_is_skipped_and_says_so(tmp_path: Path) -> None:
    skipped = outcome(examined(tmp_path, network(2), rules=("D712",)), "D712")
    assert (skipped.status, skipped.reason) == (Status.SKIPPED, "no data were given")


@pytest.mark.parametrize("name", ["Id", "PassengerId", "Serial No.", "Unnamed: 0"])
@pytest.mark.parametrize("in_order", [True, False])
def test_a_column_that_numbers_the_rows_is_known_by_name(name: str, *, in_order: bool) -> None:
    rng = np.random.default_rng(0)
    x, y = np.column_stack([np.arange(1, 201), rng.normal(size=(200, 3))]), rng.normal(size=(200, 1))
    x, y = (x, np.sort(y, axis=0)) if in_order else (x, y)
    answers = hand_built.examined(hand_built.sequential(4, (1, None)), x, y)
    sample = answers.get(RowSample)
    (found,) = counters(sample, (name, "a", "b", "c"), [])
    assert (found.feature, found.copy, found.counts) == (0, in_order, True)
    assert counters(sample, ("time", "a", "b", "c"), []) == []
    assert counters(sample, ("a", name, "b", "c"), []) == []  # what is called so, and counts nothing
