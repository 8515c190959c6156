"""The gradient of the whole objective, on real Keras models of random make, against TensorFlow's tape."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from effort import examples
from gradient_probe import agree, fact, side_by_side
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from keras_gradients import by_tensorflow, in_float64, saved
from loss_cases import CASES, UNITS, Case, head_of

from mlpdoctor.core.network import Array

L, R = keras.layers, keras.regularizers
ROWS = 7
"""So few that the fact takes all of them as one batch, as Keras is made to."""
EXACT = 1e-9
FLOAT32 = 1e-4
ACTIVATIONS = ["relu", "tanh", "sigmoid", "elu", "selu", "softmax", "silu", "softplus", "hard_sigmoid", "mish", "celu"]
PENALTIES = [R.L1(1 / 32), R.L2(1 / 64), R.L1L2(1 / 64, 1 / 32), None]
"""Factors, and a slope below, that are the same numbers in float32, in which Keras keeps them."""
LOSSES = ["mse", "mae", "huber", "log_cosh", "poisson", "kl_divergence"]
ON_ONES = {"poisson": "softplus", "kl_divergence": "softmax"}

pytestmark = pytest.mark.filterwarnings("ignore:(?s).*You are using a softmax over axis:UserWarning")
Draw = Callable[[Any], Any]


def layer(draw: Draw) -> Any:  # noqa: ANN401
    """A random layer of one input."""
    penalty, trainable = st.sampled_from(PENALTIES), draw(st.integers(0, 4)) > 0
    kinds: Sequence[Callable[[], Any]] = [
        lambda: L.Dense(
            draw(st.integers(1, 5)),
            draw(st.sampled_from(ACTIVATIONS)),
            use_bias=draw(st.booleans()),
            kernel_regularizer=draw(penalty),
            activity_regularizer=draw(penalty),
            trainable=trainable,
        ),
        lambda: L.BatchNormalization(gamma_regularizer=draw(penalty), trainable=trainable),
        lambda: L.LayerNormalization(trainable=trainable),
        lambda: L.PReLU(alpha_regularizer=draw(penalty)),
        lambda: L.Activation(draw(st.sampled_from(ACTIVATIONS)), activity_regularizer=draw(penalty)),
        lambda: L.LeakyReLU(0.25),
        lambda: L.Dropout(0.0),
        lambda: L.ActivityRegularization(1 / 64, 1 / 32),
        L.UnitNormalization,
        L.Softmax,
    ]
    return draw(st.sampled_from(kinds))()


def stretch(draw: Draw, tensor: Any) -> Any:  # noqa: ANN401
    """A few random layers that keep rank 2."""
    for _ in range(draw(st.integers(1, 4))):
        width, choice = tensor.shape[-1], draw(st.integers(0, 9))
        if choice > 2:
            tensor = layer(draw)(tensor)
        elif choice == 2:
            tensor = L.Add()([tensor, L.Dense(width, "tanh")(tensor)])
        else:
            merge = draw(st.sampled_from([L.Multiply, L.Maximum, L.Minimum, L.Average, L.Subtract, L.Concatenate]))
            tensor = merge()([L.Dense(width, "tanh")(tensor), L.Dense(width)(tensor)])
    return tensor


def network(draw: Draw) -> Any:  # noqa: ANN401
    inputs = [keras.Input((draw(st.integers(1, 4)),)) for _ in range(draw(st.integers(1, 3)))]
    parts = [stretch(draw, part) for part in inputs]
    joined = parts[0] if len(parts) == 1 else L.Concatenate()(parts)
    shared = L.Dense(3, "tanh", activity_regularizer=draw(st.sampled_from(PENALTIES)), bias_regularizer=R.L2(1 / 8))
    joined = L.Average()([shared(L.Dense(2)(joined)), shared(L.Dense(2)(joined))])
    losses = [draw(st.sampled_from(LOSSES)) for _ in range(draw(st.integers(1, 2)))]
    outputs = [L.Dense(2, ON_ONES.get(loss), name=f"out_{n}")(joined) for n, loss in enumerate(losses)]
    model = keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0])
    weights = [draw(st.sampled_from([1.0, 0.3, 2.5])) for _ in outputs]
    model.compile("sgd", losses if len(losses) > 1 else losses[0], loss_weights=weights)
    return model


def randomized(model: Any, seed: int) -> None:  # noqa: ANN401
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        if "seed" not in variable.path:
            signs = rng.choice([1, -1], variable.shape) if variable.trainable else 1
            variable.assign(rng.uniform(0.1, 0.9, variable.shape) * signs)


def compared(
    model: Any,  # noqa: ANN401
    path: Path,
    x: Sequence[Array],
    y: Sequence[Array],
    weights: Array | None = None,
    tolerance: float = EXACT,
) -> None:
    expected = by_tensorflow(model, x, y, weights)
    found = fact(saved(model, path), side_by_side(x), side_by_side(y), weights)
    assert found.unknown == ()
    assert found.scatter == dict.fromkeys(found.scatter, 0.0)  # one batch
    agree(found.total, expected.weights, tolerance)
    assert found.loss <= expected.loss + tolerance * abs(expected.loss)  # which holds penalties


@settings(
    max_examples=examples(25),
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # shrinking a Keras model takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data(), seed=st.integers(0, 99), weighted=st.booleans())
def test_random_networks_as_in_training(
    data: st.DataObject,
    seed: int,
    weighted: bool,  # noqa: FBT001
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with in_float64():
        model = network(data.draw)
        randomized(model, seed)
        rng = np.random.default_rng(seed)
        x = [rng.normal(size=(ROWS, *entry.shape[1:])) for entry in model.inputs]
        y = [rng.dirichlet(np.ones(2), ROWS) for _ in model.outputs]
        weights = rng.exponential(size=ROWS) if weighted else None
        if model.trainable_variables:
            compared(model, tmp_path_factory.mktemp("m") / "m.keras", x, y, weights)


@pytest.mark.parametrize("seed", range(4))
def test_random_networks_in_float32(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    entry = keras.Input((4,))
    body = L.BatchNormalization()(L.Dense(8, "relu", kernel_regularizer="l2")(entry))
    body = L.Add()([L.Dense(8, "tanh")(body), body])
    model = keras.Model(entry, L.Dense(3, "softmax")(body))
    model.compile("adam", "categorical_crossentropy")
    x, y = rng.normal(size=(ROWS, 4)), np.eye(3)[rng.integers(0, 3, ROWS)]
    compared(model, tmp_path / "m.keras", [x], [y], tolerance=FLOAT32)


@pytest.mark.parametrize("frozen", ["nothing", "inner", "layer"])
def test_nested_and_frozen_models(frozen: str, tmp_path: Path) -> None:
    with in_float64():
        inner = keras.Sequential(
            [keras.Input((3,)), L.Dense(3, "tanh", name="a"), L.BatchNormalization(name="b"), L.PReLU(name="c")],
            name="body",
        )
        entry = keras.Input((3,))
        model = keras.Model(entry, L.Dense(1, name="end")(L.Add()([inner(entry), inner(inner(entry))])))
        model.compile("sgd", "mse")
        randomized(model, 7)
        if frozen != "nothing":
            (inner if frozen == "inner" else inner.layers[1]).trainable = False
        rng = np.random.default_rng(7)
        x, y = rng.normal(size=(ROWS, 3)), rng.normal(size=(ROWS, 1))
        expected = by_tensorflow(model, [x], [y]).weights
        found = fact(saved(model, tmp_path / "m.keras"), x, y)
    assert len(found.weights) == {"nothing": 7, "inner": 2, "layer": 5}[frozen]
    agree(
        {(key[0].split("/")[0], "/".join([*key[0].split("/")[1:], key[1]])): v for key, v in found.weights.items()},
        expected,
        EXACT,
    )


def keras_loss(case: Case) -> Any:  # noqa: ANN401
    return getattr(keras.losses, case.name)(**case.options)


def same_in_keras(case: Case) -> bool:
    """Whether Keras trains by the derivative of the loss that the file names.

    A file does not keep Huber's delta. And TensorFlow takes for granted that the labels of a softmax add up to one: its
    gradient is ``softmax - labels`` for others too, which is that of no loss.
    """
    return "delta" not in case.options and not (case.note == "unnormalised" and case.name.startswith("Categorical"))


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("case", [case for case in CASES if same_in_keras(case)], ids=str)
def test_every_loss_behind_the_head_that_goes_with_it(case: Case, precision: str, tmp_path: Path) -> None:
    """In float32 Keras reads the logits behind a sigmoid or a softmax."""
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(ROWS, 3)), case.targets(rng, ROWS, UNITS)

    def compare(tolerance: float) -> None:
        head = head_of(case)
        if head is None and case.outputs.__name__ in {"unit", "distributions", "positive"}:
            head = "sigmoid"
        model = keras.Sequential([keras.Input((3,)), L.Dense(4, "tanh"), L.Dense(UNITS, head)])
        model.compile("sgd", keras_loss(case))
        compared(model, tmp_path / "m.keras", [x], [y], rng.exponential(size=ROWS), tolerance)

    if precision == "float32":
        compare(FLOAT32)
    else:
        with in_float64():
            compare(1e-6)  # some losses hold constants in float32


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "kl_divergence", "mse"])
def test_a_head_that_is_used_again_behind_its_activation(loss: str, tmp_path: Path) -> None:
    """Its gradient comes from the loss, by the logits, and from what is built on its answer."""
    rng = np.random.default_rng(4)
    entry = keras.Input((3,))
    kinds = L.Dense(3, "softmax", name="kinds", activity_regularizer=R.L2(0.1))(L.Dense(4, "tanh")(entry))
    model = keras.Model(entry, [kinds, L.Dense(1, name="size")(kinds)])
    model.compile("sgd", [loss, "mse"], loss_weights=[0.7, 1.3])
    x, y = rng.normal(size=(ROWS, 3)), [np.eye(3)[rng.integers(0, 3, ROWS)], rng.normal(size=(ROWS, 1))]
    compared(model, tmp_path / "m.keras", [x], y, tolerance=FLOAT32)


PENALISED: dict[str, Callable[[], Any]] = {
    "l1": lambda: L.Dense(4, kernel_regularizer=R.L1(0.25)),
    "l2": lambda: L.Dense(4, kernel_regularizer=R.L2(0.25), bias_regularizer=R.L1(0.5)),
    "both": lambda: L.Dense(4, kernel_regularizer=R.L1L2(0.25, 0.125)),
    "orthogonal rows": lambda: L.Dense(4, kernel_regularizer=R.OrthogonalRegularizer(0.25)),
    "orthogonal columns": lambda: L.Dense(4, kernel_regularizer=R.OrthogonalRegularizer(0.25, "columns")),
    "activity": lambda: L.Dense(4, "tanh", activity_regularizer=R.L1L2(0.25, 0.125)),
    "activity of a frozen layer": lambda: L.Dense(4, activity_regularizer=R.L1L2(0.25, 0.125), trainable=False),
    "of a frozen layer": lambda: L.Dense(4, kernel_regularizer=R.L2(0.25), trainable=False),
}


@pytest.mark.parametrize("name", sorted(PENALISED))
def test_penalties(name: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    # Keras's regulariser of cosines works in float32 alone.
    orthogonal = name.startswith("orthogonal")
    with nullcontext() if orthogonal else in_float64():
        model = keras.Sequential([keras.Input((3,)), L.Dense(3, "tanh"), PENALISED[name](), L.Dense(1)])
        model.compile("sgd", "mse")
        randomized(model, 5)
        x, y = rng.normal(size=(ROWS, 3)), rng.normal(size=(ROWS, 1))
        compared(model, tmp_path / "m.keras", [x], [y], tolerance=FLOAT32 if orthogonal else EXACT)


def test_zero_weights_and_rows_at_rest_have_no_l1_slope(tmp_path: Path) -> None:
    with in_float64():
        layer = L.Dense(4, "relu", kernel_regularizer=R.L1(0.25), activity_regularizer=R.L1(0.125))
        model = keras.Sequential([keras.Input((3,)), layer, L.Dense(1)])
        model.compile("sgd", "mse")
        kernel = np.array(layer.get_weights()[0])
        kernel[:, 1] = 0.0
        layer.set_weights([kernel, np.zeros(4)])
        rng = np.random.default_rng(6)
        compared(model, tmp_path / "m.keras", [rng.normal(size=(ROWS, 3))], [rng.normal(size=(ROWS, 1))])


def test_a_penalty_that_cannot_be_differentiated_is_named(tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable("gradients")
    class Shrink(keras.Regularizer):  # type: ignore[misc]
        def __call__(self, weight: object) -> Any:  # noqa: ANN401
            return keras.ops.sum(weight)

        def get_config(self) -> dict[str, Any]:
            return {}

    layers = [
        L.Dense(2, name="a", kernel_regularizer=Shrink(), bias_regularizer="l2"),
        L.Dense(2, name="b", activity_regularizer=R.OrthogonalRegularizer()),
        L.Dense(1, name="c", activity_regularizer=Shrink()),
    ]
    model = keras.Sequential([keras.Input((2,)), *layers])
    model.compile("sgd", "mse")
    found = fact(saved(model, tmp_path / "m.keras"), np.ones((20, 2)), np.ones((20, 1)))
    assert found.unknown == ("Shrink of a.kernel", "orthogonal of b's output", "Shrink of c's output")
    assert set(found.penalty) == {("a", "bias")}
