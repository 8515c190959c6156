"""The arrays of a hand-written network, in memory or in a file: a model like any other, with fixes in NumPy."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpdoctor

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (80, 1))
Y = np.cos(4 * X)
W1, B1, W2, B2 = RNG.normal(size=(1, 6)), RNG.normal(size=(1, 6)), RNG.normal(size=(6, 1)), np.zeros(1)
LOSS = float(np.mean((np.tanh(X @ W1 + B1) @ W2 + B2 - Y) ** 2))

WAYS: tuple[Any, ...] = (
    [W1, B1, W2, B2],
    [W1, W2, B1, B2],
    [(W1, B1), (W2, B2)],
    {"W1": W1, "b1": B1, "W2": W2, "b2": B2},
    [{"W": W1, "b": B1}, {"W": W2, "b": B2}],
    {"layer1.weight": W1.T, "layer1.bias": B1[0], "layer2.weight": W2.T, "layer2.bias": B2},
)


@pytest.mark.parametrize("model", WAYS)
@pytest.mark.parametrize("layers", ["tanh,linear", ["tanh", "linear"]])
def test_the_arrays_are_the_network(model: Any, layers: Any) -> None:  # noqa: ANN401
    report = mlpdoctor.check(model, X, Y, layers=layers, loss="mse", quick=True)
    assert report.ladder["model"].value == pytest.approx(LOSS, rel=1e-12)


def test_a_file_of_arrays_gives_the_same(tmp_path: Path) -> None:
    file = tmp_path / "weights.npz"
    np.savez(file, W1=W1, b1=B1, W2=W2, b2=B2)
    asked: dict[str, Any] = {"layers": "tanh,linear", "loss": "mse", "optimizer": "sgd", "learning_rate": 0.1}
    ours, theirs = (mlpdoctor.check(model, X, Y, **asked).to_dict() for model in (WAYS[3], file))
    assert [one["code"] for one in ours["findings"]] == [one["code"] for one in theirs["findings"]]
    assert ours["ladder"] == theirs["ladder"]
    assert ours["model"]["learning_rate"] == 0.1


def test_a_wider_layer_takes_the_next_array_along_and_spreads_its_bends() -> None:
    x = np.linspace(-1, 1, 300)[:, None]
    y = np.sin(2 * np.pi * 1.8 * x)
    two = {"W1": RNG.normal(size=(1, 2)), "b1": np.zeros(2), "W2": RNG.normal(size=(2, 1)), "b2": np.zeros(1)}
    report = mlpdoctor.check(two, x, y, layers="relu,linear", loss="mse")
    assert report.findings[0].code == "L505"
    there: dict[str, Any] = {**two, "np": np, "rng": RNG}
    exec(str(report.fix), there)  # noqa: S102  mlpdoctor's own line
    hidden = np.maximum(x @ there["W1"] + there["b1"], 0)
    assert (hidden @ there["W2"] + there["b2"]).shape == y.shape
    assert np.ptp(-there["b1"] / there["W1"][0]) > 1, "its units bend in different places"


def test_fixes_are_lines_of_numpy() -> None:
    straight = mlpdoctor.check(WAYS[3], X, Y, layers="linear,linear", loss="mse")
    assert straight.fix == "a1 = np.tanh(x @ W1 + b1)"
    listed = mlpdoctor.check(WAYS[2], X, Y, layers="linear,linear", loss="mse")
    assert listed.fix == "a1 = np.tanh(x @ model[0][0] + model[0][1])"
    shapes = {"W1": (1, 100), "b1": (100,), "W2": (100, 100), "b2": (100,), "W3": (100, 1), "b3": (1,)}
    wide = {name: RNG.normal(size=shape) for name, shape in shapes.items()}
    large = mlpdoctor.check(wide, X, Y, layers="tanh,tanh,tanh", loss="mse")
    assert large.findings[0].code == "W303"
    assert large.fix == "W2 = rng.normal(0, np.sqrt(1 / 100), (100, 100))"
    assert large.findings[0].remedy == "re-initialise the weights from N(0, 1 / inputs)"
    positive = mlpdoctor.check(WAYS[3], X, Y, layers="tanh,relu", loss="mse")
    assert positive.findings[0].code == "O204"
    assert positive.fix == "a2 = a1 @ W2 + b2"
    for report in (straight, large, positive):
        for word in ("Keras", "Dense(", "glorot", "he_uniform", "mlpdoctor treat"):
            assert word not in str(report)


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        (
            WAYS[0],
            {},
            r"list of arrays was given; name the activations: mlpdoctor.check\(\[W1, b1, W2, b2\], x, y, lay",
        ),
        (WAYS[0], {"layers": "tanh"}, "model: layers= names 1 activation, and there are 2 kernels"),
        (WAYS[0], {"layers": "tanh,lineer"}, "layers: there is no activation 'lineer'"),
        (WAYS[0], {"layers": 2}, "layers: int was given; expected names of activations"),
        (["W1", 3], {"layers": "tanh"}, r"model: model\[0\] is str; expected arrays of numbers"),
        ([], {"layers": "tanh"}, "model: holds no arrays"),
        ([W1, W1, W1], {"layers": "tanh,tanh,tanh"}, "model: cannot tell kernels from biases"),
        (WAYS[0], {"layers": "tanh,linear", "optimizer": 3}, "optimizer: int was given; of arrays it is a name"),
        (
            WAYS[0],
            {"layers": "tanh,linear", "learning_rate": 0.1},
            "learning_rate= needs optimizer: whose rate is it?",
        ),
        (WAYS[0], {"layers": "tanh,linear", "engine": "keras"}, "engine='keras': this model is none of Keras 3"),
        ("model.keras", {"optimizer": "sgd"}, "optimizer: it is for arrays of a hand-written network"),
    ],
)
def test_what_is_given_wrongly_is_told_in_words_of_python(model: Any, options: dict[str, Any], said: str) -> None:  # noqa: ANN401
    with pytest.raises(mlpdoctor.InputError, match=said):
        mlpdoctor.check(model, X, Y, loss="mse", **options)


def test_errors_on_frames_name_arguments() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": X[:, 0], "b": Y[:, 0], "c": Y[:, 0]})
    with pytest.raises(mlpdoctor.InputError) as told:
        mlpdoctor.check(WAYS[0], frame, layers="tanh,linear", loss="mse")
    assert "name them with drop=, or the ones used with features=" in str(told.value)
    assert "--" not in str(told.value)


def test_training_on_is_watched_by_the_validation_loss_that_was_logged() -> None:
    flat = {"loss": list(np.linspace(3, LOSS, 40)), "val_loss": [2.5, 2.2, 2.0, *[1.99] * 37]}
    asked: dict[str, Any] = {"layers": "tanh,linear", "loss": "mse", "optimizer": "sgd", "learning_rate": 0.1}
    report = mlpdoctor.check(WAYS[3], X, Y, history=flat, **asked)
    (found,) = [one for one in report.findings if one.code == "G607"]
    assert found.remedy is not None
    assert found.remedy.endswith("until the validation loss stops falling")
    assert "The validation loss has not been lower since epoch 4" in found.why


@pytest.mark.parametrize("loss", [None, "mse"])
def test_a_plateau_below_zero_is_no_loss(loss: str | None) -> None:
    with pytest.raises(mlpdoctor.InputError, match=r"^plateau: -1 was given; .* never below 0; give the loss"):
        mlpdoctor.curve(plateau=-1, loss=loss)
    assert "-1" in mlpdoctor.curve(plateau=-1, loss="cosine_similarity").verdict
