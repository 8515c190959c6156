"""Reads a Keras model that is in memory, by its configuration and variables, and leaves it as it is."""

import importlib
import io
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from mlpdoctor.core.errors import ModelFileError, legible
from mlpdoctor.core.network import KERAS_3, Layer, LossConfig, Network, Stored
from mlpdoctor.core.report_model import MODEL, legible_parts
from mlpdoctor.nn.layers.family import Variable
from mlpdoctor.readers.bounded_stream import reason
from mlpdoctor.readers.models.keras_calls import Blueprint
from mlpdoctor.readers.models.keras_contents import Expected, Source, fill, json_object, keep, major_version
from mlpdoctor.readers.models.keras_h5 import H5Model
from mlpdoctor.readers.models.keras_hdf5 import Budget
from mlpdoctor.readers.models.keras_training import losses
from mlpdoctor.readers.models.model import network_of

Live = Any
"""A Keras model, layer or optimizer in memory: Keras ships no types."""
IN_MEMORY = "Keras {} model in memory"
UNPACKED = 4
"""What is read of a model of Keras 2 may be so many times as large as what it was written as."""
HOW = "give a built Sequential or functional model"


def is_keras(thing: object) -> bool:
    """Whether something is a Keras model, told from its classes; imports nothing."""
    return any(
        kind.__name__ == "Model" and kind.__module__.partition(".")[0] in ("keras", "tf_keras")
        for kind in type(thing).__mro__
    )


def read_live(model: Live) -> Network:
    """The network that a Keras model in memory is, with its optimizer's state.

    Args:
        model: built, compiled or not, on any backend of Keras 3, or of tf_keras.

    Raises:
        ModelFileError: it is no Sequential or functional model, or not built yet.
    """
    keras = _keras(model)
    try:
        with _quiet():
            network = network_of(_source(model, keras))
    except ModelFileError as error:
        raise ModelFileError(f"{MODEL}: {error}") from error
    except Exception as error:
        raise ModelFileError(f"{MODEL}: cannot be read ({type(error).__name__}: {reason(error)}); {HOW}") from error
    return replace(network, file=MODEL, format=IN_MEMORY.format(_major(keras)))


def loss_of(loss: object) -> LossConfig:
    """The loss that a Keras loss object or function is.

    Raises:
        ModelFileError: it is neither.
    """
    if not callable(loss):
        raise ModelFileError(
            f"loss: {type(loss).__name__} was given; expected a name such as 'mse', or a loss of Keras"
        )
    found = losses(_spelt(importlib.import_module("keras"), loss), [MODEL])[0]
    if found is None:
        raise ModelFileError("loss: Keras cannot say what it is; give its name, such as 'mse'")
    return found


def _keras(model: Live) -> Any:  # noqa: ANN401  a module without types
    """Keras itself, which is loaded where one of its models is."""
    package = next(kind.__module__.partition(".")[0] for kind in type(model).__mro__ if kind.__name__ == "Model")
    return importlib.import_module(package)


def is_keras_3(model: Live) -> bool:
    """Whether something is a model of Keras 3, which Keras can copy and run; imports nothing that is not there."""
    return is_keras(model) and _major(_keras(model)) >= KERAS_3


def _major(keras: Any) -> int:  # noqa: ANN401  a module without types
    return major_version(str(getattr(keras, "__version__", None) or keras.version()), KERAS_3)


def _source(model: Live, keras: Any) -> Source:  # noqa: ANN401  a module without types
    """What tells of the model: one of Keras 2 is written as HDF5 in memory, for that is all it can say of itself."""
    if _major(keras) >= KERAS_3:
        return _LiveModel(model, keras)
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        keras.models.save_model(model, file, save_format="h5")
    size = stream.getbuffer().nbytes
    return H5Model(stream, Budget(max(size, 1) * UNPACKED, size))


def _spelt(keras: Any, loss: Any) -> Any:  # noqa: ANN401  JSON of whatever ``compile`` takes
    """A loss as a file spells it, or those of several outputs; with its options, some of which Keras does not save."""
    if isinstance(loss, list | tuple):
        return [_spelt(keras, one) for one in loss]
    if isinstance(loss, dict):
        return {legible(str(name)): _spelt(keras, one) for name, one in loss.items()}
    if loss is None or isinstance(loss, str):
        return loss
    spec = legible_parts(keras.losses.serialize(loss))
    options = getattr(loss, "_fn_kwargs", {})
    if isinstance(spec, dict) and isinstance(spec.get("config"), dict):
        return {**spec, "config": {**options, **spec["config"]}}
    return spec


@contextmanager
def _quiet() -> Iterator[None]:
    """No warnings of Keras's on what a configuration leaves out: the model is not saved."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class _LiveModel:
    """A model in memory in the part of a model file."""

    def __init__(self, model: Live, keras: Any) -> None:  # noqa: ANN401  a module without types
        """Args: model: of Keras 3; keras: the module."""
        if not model.built:
            raise ModelFileError(
                "it is not built yet, so its weights do not exist; give it an Input layer, or call it on data"
            )
        self._model, self._keras = model, keras
        self.keras_version: str | None = str(keras.__version__)
        self.keras = major_version(self.keras_version, KERAS_3)
        spec = keras.saving.serialize_keras_object(model)
        self.config: dict[str, object] = json_object(json.dumps(spec), "its configuration")

    def close(self) -> None:
        """Nothing was opened."""

    @property
    def compiled(self) -> dict[str, object] | None:
        """What ``compile`` was called with: loss, loss_weights, optimizer."""
        found = self.config.get("compile_config")
        if not isinstance(found, dict) or not found:
            return None
        return {**found, "loss": _spelt(self._keras, self._model.loss)}

    def fill(self, model: Blueprint, expected: Expected) -> None:
        """Gives every layer of a model its weights."""
        self._fill(model, expected, self._model)

    def optimizer(self) -> list[tuple[str, Stored]]:
        """The optimizer's variables by their numbers, in order."""
        stored = self._stored(_inner(self._model.optimizer))
        if stored and not stored[0].any():  # it has made no update, so the zeros that it may hold tell nothing
            stored = [values for values in stored if not values.ndim]
        return [(str(number), values) for number, values in enumerate(stored)]

    def first_width(self, model: Blueprint) -> int | None:
        """Rows of the first Dense kernel of a Sequential model."""
        for layer in self._model.layers:
            member = model.members.get(legible(layer.name))
            if member is not None and member.kind == "Dense":
                return int(layer.kernel.shape[0])
        return None

    def _fill(self, model: Blueprint, expected: Expected, live: Live) -> None:
        layers = {legible(layer.name): layer for layer in _parts(live)}
        for name, member in model.members.items():
            if name not in layers:  # an operation, which has no variables
                continue
            if isinstance(member, Blueprint):
                self._fill(member, expected, layers[name])
                continue
            self._fill_layer(member, expected, layers[name])

    def _fill_layer(self, member: Layer, expected: Expected, live: Live) -> None:
        stored = self._stored(live)
        variables: tuple[Variable, ...] | None = expected.of(member, stored)
        if variables is None:
            keep(member, stored)
        else:
            fill(member, variables, stored)

    def _stored(self, owner: Live) -> list[Stored]:
        """The variables that a layer or an optimizer would save, as arrays."""
        store: dict[str, Any] = {}
        owner.save_own_variables(store)
        return [self._array(store[str(number)]) for number in range(len(store)) if str(number) in store]

    def _array(self, values: Any) -> Stored:  # noqa: ANN401  a variable or an array
        found = np.asarray(self._keras.ops.convert_to_numpy(values))
        return found.astype(np.float32) if found.dtype.kind == "V" or "bfloat16" in str(found.dtype) else found


def _inner(optimizer: Live) -> Live:
    """The optimizer itself, where one that scales the loss is around it."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _parts(model: Live) -> list[Live]:
    """The layers of a model, its input layers among them."""
    return [*model.layers, *(one for one in getattr(model, "_layers", ()) if one not in model.layers)]
