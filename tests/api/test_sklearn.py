"""A perceptron of scikit-learn is the network that it is: the same losses, the same findings, in its own words."""

from typing import Any

import numpy as np
import pytest
from paths import FIXTURES
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mlpdoctor
from mlpdoctor.readers.models.model import read_network

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3)) * [1, 100, 0.01]
Y = X[:, 0] + np.sin(X[:, 1] / 100)
THREE = np.where(Y > 0.5, "high", np.where(Y < -0.5, "low", "middle"))
ALL = {"max_iter": 5, "random_state": 0, "hidden_layer_sizes": (6, 4)}

pytestmark = [
    pytest.mark.slow,  # networks are trained by scikit-learn
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


def table(name: str) -> tuple[Any, Any]:
    data = FIXTURES / name / ("data.csv.gz" if name == "four-relu-sine" else "data.csv")
    x, y = np.hsplit(np.loadtxt(data, delimiter=",", skiprows=1), 2)
    return x, y.ravel()


def twin(name: str, x: Any, y: Any) -> MLPRegressor:  # noqa: ANN401
    """An estimator with the weights and the optimizer's state of a fixture."""
    network = read_network(str(FIXTURES / name / "model.keras"))
    layers = [layer for layer in network.layers if layer.kind == "Dense"]
    kept = network.optimizer
    assert kept is not None
    made = MLPRegressor(
        hidden_layer_sizes=tuple(layer.config["units"] for layer in layers[:-1]),
        activation={"linear": "identity"}.get(layers[0].config["activation"], layers[0].config["activation"]),
        alpha=0,
        learning_rate_init=kept.learning_rate,
        batch_size=min(len(x), 32),
    ).partial_fit(x, y)
    owned = [(layer, "kernel") for layer in layers] + [(layer, "bias") for layer in layers]
    made.coefs_ = [layer.weights["kernel"] for layer in layers]
    made.intercepts_ = [layer.weights["bias"] for layer in layers]
    for slot, own in (("momentum", "ms"), ("velocity", "vs")):
        setattr(made._optimizer, own, [kept.slots[layer.name][weight][slot] for layer, weight in owned])  # noqa: SLF001
    made.n_iter_ = (kept.iterations or 0) // -(-len(x) // made.batch_size)
    made.t_, made.loss_curve_ = made.n_iter_ * len(x), []
    return made


@pytest.mark.parametrize("name", ["three-points", "four-relu-sine"])
def test_the_twin_of_a_keras_model_has_its_findings(name: str) -> None:
    x, y = table(name)
    ours, theirs = (
        mlpdoctor.check(twin(name, x, y), x, y),
        mlpdoctor.check(FIXTURES / name / "model.keras", *table(name)),
    )
    assert {one.code for one in ours.findings} == {one.code for one in theirs.findings}
    assert {name: rung.value for name, rung in ours.ladder.items()} == pytest.approx(
        {name: rung.value for name, rung in theirs.ladder.items()}, rel=1e-6
    )
    assert ours.to_dict()["model"]["iterations"] == theirs.to_dict()["model"]["iterations"]


def test_the_line_to_change_is_one_of_scikit_learn() -> None:
    model = MLPRegressor(hidden_layer_sizes=(8,), activation="identity", max_iter=2000, random_state=0)
    x = np.linspace(-1, 1, 50)[:, None]
    report = mlpdoctor.check(model.fit(x, np.sin(3 * x[:, 0])), x, np.sin(3 * x[:, 0]))
    assert report.fix == 'MLPRegressor(activation="tanh")'
    assert "Dense(" not in str(report)
    assert "mlpdoctor treat" not in str(report)


def test_what_a_remedy_says_is_said_of_scikit_learn() -> None:
    """On a training that ended too soon and one with a constant feature: no word of Keras, options of the estimator."""
    x = np.column_stack([X / [1, 100, 0.01], np.full(200, 10.0)])
    short = MLPRegressor(max_iter=3, random_state=0).fit(x[:, :3], Y)
    assert mlpdoctor.check(short, x[:, :3], Y).fix == "MLPRegressor(max_iter=50, batch_size=32, n_iter_no_change=20)"
    spoilt = MLPRegressor(
        hidden_layer_sizes=(16,), solver="sgd", learning_rate_init=0.02, momentum=0, max_iter=60, random_state=0
    )
    report = mlpdoctor.check(spoilt.fit(x, Y), x, Y)
    assert report.findings[0].code == "D704"
    assert report.fix == "x = np.delete(x, [3], axis=1)"
    for told in (str(report), str(mlpdoctor.check(short, x[:, :3], Y))):
        for word in ("Keras", "EarlyStopping", "he_uniform", "glorot", "Dense"):
            assert word not in told


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_the_loss_of_a_regressor_is_the_mean_squared_error(solver: str) -> None:
    model = make_pipeline(StandardScaler(), MLPRegressor(solver=solver, **ALL)).fit(X, Y)
    report = mlpdoctor.check(model, X, Y, quick=True)
    assert report.ladder["model"].value == pytest.approx(np.mean((model.predict(X) - Y) ** 2), rel=1e-9)
    told = report.to_dict()["model"]
    assert (told["optimizer"], told["iterations"]) == {
        "adam": ("Adam", 5), "sgd": ("SGD", 5), "lbfgs": (None, None)
    }[solver]  # fmt: skip
    assert (report.to_dict()["history"] is None) == (solver == "lbfgs")


@pytest.mark.parametrize("labels", [THREE, np.where(Y > 0, "yes", "no"), (Y > 0).astype(int), Y > 0])
def test_the_loss_of_a_classifier_is_the_cross_entropy(labels: Any) -> None:  # noqa: ANN401
    model = make_pipeline(StandardScaler(), MLPClassifier(**ALL)).fit(X, labels)
    report = mlpdoctor.check(model, X, labels, quick=True)
    assert report.ladder["model"].value == pytest.approx(log_loss(labels, model.predict_proba(X)), rel=1e-6)


def test_labels_of_several_kinds_at_once() -> None:
    labels = np.stack([Y > 0, X[:, 0] > 0], axis=1).astype(int)
    model = MLPClassifier(**ALL).fit(X, labels)
    seen = model.predict_proba(X)
    expected = -np.mean(np.where(labels, np.log(seen), np.log(1 - seen)))
    assert mlpdoctor.check(model, X, labels, quick=True).ladder["model"].value == pytest.approx(expected, rel=1e-5)


def test_the_logged_losses_have_the_size_of_the_ladder() -> None:
    x, y = table("three-points")
    options: dict[str, Any] = {"activation": "identity", "max_iter": 400, "tol": 0, "alpha": 0, "random_state": 0}
    model = MLPRegressor(hidden_layer_sizes=(4,), learning_rate_init=0.05, **options).fit(x, y)
    report = mlpdoctor.check(model, x, y)
    assert report.to_dict()["history"]["last"] == pytest.approx(report.ladder["model"].value, rel=0.1)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (MLPRegressor(), "this MLPRegressor is not fitted; call model.fit"),
        (
            make_pipeline(StandardScaler()),
            "the pipeline ends in StandardScaler; expected MLPRegressor or MLPClassifier",
        ),
    ],
)
def test_what_is_no_fitted_perceptron_is_told(model: Any, said: str) -> None:  # noqa: ANN401
    with pytest.raises(mlpdoctor.InputError, match=said):
        mlpdoctor.check(model, X, Y)


def test_a_class_that_was_not_there_in_training_is_told() -> None:
    model = MLPClassifier(**ALL).fit(X, THREE)
    with pytest.raises(mlpdoctor.InputError, match="y: 'strange' is none of the classes"):
        mlpdoctor.check(model, X, np.where(THREE == "low", "strange", THREE))
    with pytest.raises(mlpdoctor.InputError, match="treat trains models of Keras 3"):
        mlpdoctor.treat(model, X, THREE)
