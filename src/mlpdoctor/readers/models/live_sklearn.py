"""Reads a fitted ``MLPRegressor`` or ``MLPClassifier`` of scikit-learn, alone or at the end of a ``Pipeline``."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType, SimpleNamespace
from typing import Any, TypeAlias

import numpy as np

from mlpdoctor.core.errors import DataFileError, ModelFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.history import History
from mlpdoctor.core.network import Layer, LossConfig, Network, Node, Optimizer, Stored
from mlpdoctor.core.report_model import MODEL
from mlpdoctor.readers.histories.live_history import read_live_history
from mlpdoctor.readers.tables.column_names import listed
from mlpdoctor.readers.tables.memory_columns import array_of

Estimator: TypeAlias = Any
"""Of scikit-learn, which ships no types."""
KINDS = ("MLPRegressor", "MLPClassifier")
FORMAT = "scikit-learn"
ACTIVATIONS: Mapping[str, str] = MappingProxyType(
    {
        "identity": "linear",
        "logistic": "sigmoid",
        "tanh": "tanh",
        "relu": "relu",
        "softmax": "softmax",
        "exp": "exponential",
    }
)
"""Keras's names for scikit-learn's."""
HALF = "losses: twice those in loss_curve_, which halves the squared error"


@dataclass(frozen=True, eq=False)
class FittedEstimator:
    """What a fitted estimator is made of.

    Attributes:
        network: the network that it is.
        preprocess: what x goes through before it; None outside of a pipeline.
        labels: from y as it is given to y as the network's loss takes it.
        history: what it logged; None with the solver lbfgs, which logs nothing, and with the Poisson loss.
    """

    network: Network
    preprocess: Callable[[Any], Any] | None
    labels: Callable[[Any], Any]
    history: History | None


def is_sklearn(thing: object) -> bool:
    """Whether something is a perceptron or a pipeline of scikit-learn, told from its classes; imports nothing."""
    return any(
        kind.__module__.partition(".")[0] == "sklearn" and kind.__name__ in (*KINDS, "Pipeline")
        for kind in type(thing).__mro__
    )


def read_estimator(given: Estimator) -> FittedEstimator:
    """The network of a fitted estimator, with what it remembers of training.

    Raises:
        ModelFileError: it is not fitted, or a pipeline ends in something else.
    """
    steps = getattr(given, "steps", None)
    mlp = given if steps is None else steps[-1][1]
    kind = next((one.__name__ for one in type(mlp).__mro__ if one.__name__ in KINDS), None)
    if kind is None:
        raise ModelFileError(f"{MODEL}: the pipeline ends in {type(mlp).__name__}; expected {' or '.join(KINDS)}")
    if not hasattr(mlp, "coefs_"):
        raise ModelFileError(f"{MODEL}: this {kind} is not fitted; call model.fit(x, y) first")
    before = None if steps is None or len(steps) == 1 else given[:-1].transform
    return FittedEstimator(_network(mlp, kind), before, _labels(mlp, kind), _history(mlp, kind))


def _network(mlp: Estimator, kind: str) -> Network:
    count = len(mlp.coefs_)
    width = int(mlp.coefs_[0].shape[0])
    layers = [_layer(mlp, place, "output" if place == count - 1 else f"hidden_{place + 1}") for place in range(count)]
    nodes = [Node(Layer("input", "InputLayer", {"batch_shape": (None, width)}), (), (width,))]
    for place, layer in enumerate(layers):
        nodes.append(Node(layer, (place,), (int(mlp.coefs_[place].shape[1]),)))
    return Network(
        name=kind,
        nodes=tuple(nodes),
        inputs=(0,),
        outputs=(count,),
        output_names=("output",),
        losses=(LossConfig(_loss(mlp)),),
        loss_weights=(1.0,),
        optimizer=_optimizer(mlp, layers),
        file=MODEL,
        format=f"{FORMAT} {kind}",
    )


def _layer(mlp: Estimator, place: int, name: str) -> Layer:
    own = mlp.out_activation_ if place == len(mlp.coefs_) - 1 else mlp.activation
    if own not in ACTIVATIONS:
        raise ModelFileError(f"{MODEL}: the activation {own!r} is none that mlpdoctor knows of scikit-learn")
    config: dict[str, Any] = {
        "name": name,
        "units": int(mlp.coefs_[place].shape[1]),
        "activation": ACTIVATIONS[own],
        "use_bias": True,
    }
    if mlp.alpha:
        # Its penalty is alpha / 2 a row of the batch beside half the squared error, so alpha beside the whole.
        share = 1.0 if _loss(mlp) == "mean_squared_error" else 0.5
        config["kernel_regularizer"] = {"class_name": "L2", "config": {"l2": share * mlp.alpha / _batch(mlp)}}
    return Layer(name, "Dense", config, {"kernel": mlp.coefs_[place], "bias": mlp.intercepts_[place]})


def _loss(mlp: Estimator) -> str:
    """The Keras name of what was minimised."""
    return {
        "squared_error": "mean_squared_error",
        "binary_log_loss": "binary_crossentropy",
        "log_loss": "sparse_categorical_crossentropy" if mlp.n_outputs_ > 1 else "binary_crossentropy",
        "poisson": "poisson",
    }.get(_own_loss(mlp), _own_loss(mlp))


def _own_loss(mlp: Estimator) -> str:
    """Its own name: a classifier of labels that exclude each other has a softmax at its end."""
    if str(mlp.loss) == "log_loss" and mlp.out_activation_ == "logistic":
        return "binary_log_loss"
    return str(mlp.loss)


def _batch(mlp: Estimator) -> int:
    """Rows of an update; all of them, as far as it is known, with lbfgs."""
    rows = max(int(getattr(mlp, "t_", 0)) // max(int(mlp.n_iter_), 1), 1)
    if mlp.solver == "lbfgs":
        return rows
    return min(200, rows) if mlp.batch_size == "auto" else min(int(mlp.batch_size), rows)


def _optimizer(mlp: Estimator, layers: list[Layer]) -> Optimizer | None:
    """Adam or SGD with their state; None for lbfgs, which Keras does not have."""
    own = getattr(mlp, "_optimizer", None)
    if mlp.solver == "lbfgs" or own is None:
        return None
    rate = float(own.learning_rate)
    rows = max(int(mlp.t_) // max(int(mlp.n_iter_), 1), 1)
    updates = int(mlp.n_iter_) * -(-rows // _batch(mlp))
    if mlp.solver == "sgd":
        options = {
            "learning_rate": mlp.learning_rate_init,
            "momentum": mlp.momentum,
            "nesterov": mlp.nesterovs_momentum,
        }
        return Optimizer("SGD", options, updates, rate, _slots(layers, {"momentum": getattr(own, "velocities", [])}))
    options = {
        "learning_rate": mlp.learning_rate_init,
        "beta_1": mlp.beta_1,
        "beta_2": mlp.beta_2,
        "epsilon": mlp.epsilon,
    }
    arrays = {"momentum": getattr(own, "ms", []), "velocity": getattr(own, "vs", [])}
    return Optimizer("Adam", options, updates, float(mlp.learning_rate_init), _slots(layers, arrays))


def _slots(layers: list[Layer], arrays: Mapping[str, list[Stored]]) -> dict[str, dict[str, dict[str, Stored]]]:
    """What an optimizer keeps, all kernels first and then all biases; nothing where that is not so."""
    owned = [(layer.name, "kernel") for layer in layers] + [(layer.name, "bias") for layer in layers]
    if any(len(values) != len(owned) for values in arrays.values()):
        return {}
    slots: dict[str, dict[str, dict[str, Stored]]] = {}
    for slot, values in arrays.items():
        for (layer, weight), array in zip(owned, values, strict=True):
            slots.setdefault(layer, {}).setdefault(weight, {})[slot] = array
    return slots


def _labels(mlp: Estimator, kind: str) -> Callable[[Any], Any]:
    """Labels of a classifier as numbers of its classes; other targets as they are."""
    if kind != "MLPClassifier" or getattr(mlp._label_binarizer, "y_type_", "").startswith("multilabel"):  # noqa: SLF001
        return lambda y: y
    classes = np.asarray(mlp.classes_)

    def numbered(y: Any) -> Any:  # noqa: ANN401
        given = array_of(y, "y").reshape(-1)
        places = np.searchsorted(classes, given).clip(0, len(classes) - 1)
        strange = given[classes[places] != given]
        if len(strange):
            known = listed([str(one) for one in classes])
            raise DataFileError(f"y: {str(strange[0])!r} is none of the classes that the model was fitted to: {known}")
        return places

    return numbered


def _history(mlp: Estimator, kind: str) -> History | None:
    """Its losses, in the size of Keras's."""
    curve = getattr(mlp, "loss_curve_", None)
    if not curve or _own_loss(mlp) == "poisson":  # of which it logs the deviance, from another zero
        return None
    halved = _own_loss(mlp) == "squared_error"
    factor = 2.0 if halved else 1.0 / mlp.n_outputs_ if _own_loss(mlp) == "binary_log_loss" else 1.0
    logged = SimpleNamespace(history={"loss": [factor * loss for loss in curve]}, params={"epochs": mlp.max_iter})
    found = read_live_history(logged)
    guesses = (*found.guesses, HALF) if halved else found.guesses
    return replace(found, path="loss_curve_", format=f"{FORMAT} {kind}", guesses=guesses)
