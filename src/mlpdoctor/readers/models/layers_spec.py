"""What ``--layers`` says: activations one after the other, or a small TOML or JSON file with more."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlpdoctor.core.errors import UsageError, closest
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import ArrayOptions
from mlpdoctor.nn.layers.activations.named import activation_of, named_activations
from mlpdoctor.readers.models.keras_training import OPTIMIZERS

MOST_BYTES = 1 << 20
KEYS = ("layers", "loss", "optimizer", "learning_rate", "transposed")
LAYER_KEYS = ("activation", "kernel", "bias")
SUFFIXES = (".toml", ".json")


@dataclass(frozen=True)
class LayerSpec:
    """One layer: its activation, and the names of its arrays where the file gives them."""

    activation: str
    kernel: str | None = None
    bias: str | None = None


@dataclass(frozen=True)
class LayersSpec:
    """All that is said of a hand-written network.

    Attributes:
        layers: from the input on.
        loss: its name, where the file gives it.
        optimizer: its Keras name.
        learning_rate: of the optimizer.
        transposed: whether kernels are stored as (outputs, inputs); None where their shapes are to tell.
    """

    layers: tuple[LayerSpec, ...]
    loss: str | None = None
    optimizer: str | None = None
    learning_rate: float | None = None
    transposed: bool | None = None


def read_spec(options: ArrayOptions) -> LayersSpec:
    """What the options say; those of the command line go before those of a file.

    Raises:
        UsageError: a name is not known, or the file is not as expected.
    """
    if options.layers.lower().endswith(SUFFIXES):
        found = _of_file(options.layers)
    else:
        found = LayersSpec(tuple(LayerSpec(_activation(word, "--layers")) for word in options.layers.split(",")))
    optimizer = found.optimizer if options.optimizer is None else _optimizer(options.optimizer, "--optimizer")
    rate = found.learning_rate if options.learning_rate is None else _rate(options.learning_rate, "--learning-rate")
    if rate is not None and optimizer is None:
        raise UsageError("--learning-rate needs --optimizer: whose rate is it?")
    return LayersSpec(found.layers, found.loss, optimizer, rate, found.transposed)


def _of_file(path: str) -> LayersSpec:
    whose = f"--layers {path}"
    content = _content(path, whose)
    _known(content, KEYS, whose)
    layers = content.get("layers")
    if not isinstance(layers, list) or not layers:
        raise UsageError(f'{whose}: expected layers = ["tanh", "linear"], an activation for each layer')
    transposed = content.get("transposed")
    if not isinstance(transposed, bool | None):
        raise UsageError(f"{whose}: transposed is {transposed!r}; expected true or false")
    loss, optimizer, rate = (content.get(name) for name in ("loss", "optimizer", "learning_rate"))
    if not isinstance(loss, str | None):
        raise UsageError(f"{whose}: loss is {loss!r}; expected a name, such as mse")
    return LayersSpec(
        tuple(_layer(one, f"{whose}: layer {number}") for number, one in enumerate(layers, 1)),
        loss,
        None if optimizer is None else _optimizer(optimizer, f"{whose}: optimizer"),
        None if rate is None else _rate(rate, f"{whose}: learning_rate"),
        transposed,
    )


def _content(path: str, whose: str) -> Mapping[str, Any]:
    try:
        with Path(path).open("rb") as stream:
            text = stream.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise UsageError(f"{whose}: is larger than {MOST_BYTES:,} bytes; expected a few lines")
        content = json.loads(text) if path.lower().endswith(".json") else tomllib.loads(text.decode("utf-8"))
    except OSError as fault:
        raise UsageError(f"{whose}: cannot be read: {fault.strerror}") from fault
    except (ValueError, RecursionError) as fault:
        raise UsageError(f"{whose}: cannot be read: {fault}") from fault
    if not isinstance(content, Mapping):
        raise UsageError(f"{whose}: holds a {type(content).__name__}; expected the names {', '.join(KEYS)}")
    return content


def _layer(given: object, whose: str) -> LayerSpec:
    if isinstance(given, str):
        return LayerSpec(_activation(given, whose))
    if not isinstance(given, Mapping):
        raise UsageError(f"{whose} is {given!r}; expected an activation, or a table of {', '.join(LAYER_KEYS)}")
    _known(given, LAYER_KEYS, whose)
    for name, value in given.items():
        if not isinstance(value, str):
            raise UsageError(f"{whose}: {name} is {value!r}; expected a name")
    return LayerSpec(_activation(given.get("activation", "linear"), whose), given.get("kernel"), given.get("bias"))


def _known(given: Mapping[str, Any], keys: Sequence[str], whose: str) -> None:
    for name in given:
        if name not in keys:
            hint = closest(name, keys, f"there are {', '.join(keys)}")
            raise UsageError(f"{whose}: {name} is not known{hint}")


def _activation(word: str, whose: str) -> str:
    name = word.strip().lower()
    if activation_of(name) is None:
        hint = closest(name, named_activations(), "expected an activation for each layer, such as tanh,linear")
        raise UsageError(f"{whose}: there is no activation {word.strip()!r}{hint}")
    return name


def _optimizer(name: object, whose: str) -> str:
    found = OPTIMIZERS.get(name.lower()) if isinstance(name, str) else None
    if found is None:
        raise UsageError(f"{whose}: there is no optimizer {name!r}{closest(str(name), OPTIMIZERS.values())}")
    return found


def _rate(rate: object, whose: str) -> float:
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < float("inf"):
        raise UsageError(f"{whose}: {rate!r} is no learning rate; expected a number above 0")
    return float(rate)
