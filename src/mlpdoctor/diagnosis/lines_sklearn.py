"""Lines of scikit-learn for the remedies of an ``MLPRegressor`` or ``MLPClassifier``."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from mlpdoctor.core.network import Layer, Network
from mlpdoctor.diagnosis.code_parts import Compiled, Fitted, Made, Part, Plain
from mlpdoctor.nn.layers.family import LINEAR

NAMES: Mapping[str, str] = MappingProxyType({"tanh": "tanh", "relu": "relu", "sigmoid": "logistic"})
"""Hidden activations that scikit-learn has, by Keras's names."""
PATIENCE = re.compile(r"patience=(\d+)")
SOLVERS: Mapping[str, str] = MappingProxyType({"Adam": "adam", "SGD": "sgd"})


def sklearn_line(part: Part, network: Network) -> str | None:
    """A part of a remedy in scikit-learn; None where there is no such line."""
    kind = network.name
    if isinstance(part, Plain):
        return part.code
    if isinstance(part, Made) and part.kind in ("Normalization", "Rescaling"):
        scaler = "StandardScaler()" if part.kind == "Normalization" else "MinMaxScaler()"
        return f"make_pipeline({scaler}, {kind}(...))"
    if isinstance(part, Made):
        options = list(_made(part, network))
    elif isinstance(part, Compiled):
        options = list(_optimizer(part, network))
    elif isinstance(part, Fitted):
        options = list(_fitted(part))
    else:
        return None
    return f"{kind}({', '.join(options)})" if options else None


def _made(part: Made, network: Network) -> Iterator[str]:
    """Options that change a hidden layer: all of them have the same activation, and draw their weights alike."""
    hidden = [layer for layer in network.layers if layer.kind == "Dense"][:-1]
    layer = next((one for one in hidden if one.short_name == part.option("name")), None)
    if part.kind != "Dense" or layer is None:
        return
    if "kernel_regularizer" in part.options:
        yield "alpha=0"
        return
    units = _width(layer)
    if part.first is not None and part.first.isdigit() and int(part.first) != units:
        sizes = tuple(int(part.first) if one is layer else _width(one) for one in hidden)
        yield f"hidden_layer_sizes={sizes}"
    activation = part.option("activation")
    if activation is not None and activation in NAMES and activation != layer.config.get("activation", LINEAR.name):
        yield f'activation="{NAMES[activation]}"'
    if part.option("kernel_initializer") is not None:
        yield "random_state=1"


def _width(layer: Layer) -> int:
    return int(layer.config["units"])


def _optimizer(part: Compiled, network: Network) -> Iterator[str]:
    own = None if network.optimizer is None else network.optimizer.name
    if part.optimizer is not None and part.optimizer in SOLVERS and part.optimizer != own:
        yield f'solver="{SOLVERS[part.optimizer]}"'
    if part.rate is not None:
        yield f"learning_rate_init={part.rate}"


def _fitted(part: Fitted) -> Iterator[str]:
    """More epochs; watching rows that are held out, where the remedy does."""
    epochs, stops = part.options.get("epochs", ""), part.options.get("callbacks", "")
    if "val_loss" in stops:
        yield "early_stopping=True"
    if epochs.isdigit():
        yield f"max_iter={epochs}"
    if part.options.get("batch_size", "").isdigit():
        yield f"batch_size={part.options['batch_size']}"
    if "min_delta=0" in stops:
        yield "tol=0"
    patience = PATIENCE.search(stops)
    if patience is not None:
        yield f"n_iter_no_change={patience[1]}"
