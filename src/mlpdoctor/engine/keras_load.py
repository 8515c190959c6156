"""Loads a saved model through Keras without running anything the file holds, and makes it compute in float64."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from mlpdoctor.engine.keras_guard import Refused, guard, one_line
from mlpdoctor.engine.keras_start import start, stdout_apart

FLOATS = ("float16", "bfloat16", "float32", "mixed_float16", "mixed_bfloat16")
EXACT = "float64"

Model = Any
"""A Keras model: Keras ships no types."""


class Unloadable(Refused):
    """Nothing in the file is forbidden, but Keras fails on it, as it does on many files of other versions."""


def load(path: str, custom: Mapping[str, Any]) -> Model:
    """The model as Keras makes it, not compiled.

    Args:
        path: the model file.
        custom: the user's own classes and functions by name.

    Raises:
        Refused: the file holds code, names a file, or names what is not Keras's own and is not given.
        Unloadable: Keras fails.
    """
    guard(path, custom)
    keras = start("this model")
    try:
        with stdout_apart(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return keras.saving.load_model(path, custom_objects=dict(custom), compile=False, safe_mode=True)
    except Exception as fault:
        raise Unloadable(f"Keras {keras.__version__} cannot load it: {one_line(fault)}") from fault


def own_objects(model: Model) -> dict[str, Any]:
    """The classes and functions of a model in memory that are not Keras's own, by name."""
    found: dict[str, Any] = {}
    for layer in _leaves(model):
        functions = [value for value in vars(layer).values() if isinstance(value, FunctionType)]
        things: list[Any] = [type(layer), *functions]
        for thing in things:
            if str(thing.__module__).partition(".")[0] != "keras":
                found[thing.__name__] = thing
    return found


def copied(model: Model, custom: Mapping[str, Any]) -> Model:
    """Another model with the same weights, not compiled: a model in memory is the user's own and left as it is.

    Args:
        model: in memory; what is in its configuration the user has run already.
        custom: the user's own classes and functions by name.

    Raises:
        Unloadable: Keras cannot make one from its configuration.
    """
    keras = start("this model")
    spec = {**keras.saving.serialize_keras_object(model), "compile_config": None}
    try:
        with stdout_apart(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            twin = keras.saving.deserialize_keras_object(spec, custom_objects=dict(custom), safe_mode=False)
            _copied(model, twin)
    except Exception as fault:
        raise Unloadable(f"Keras {keras.__version__} cannot copy it: {one_line(fault)}") from fault
    return twin


def in_float64(model: Model, custom: Mapping[str, Any]) -> Model | None:
    """The same model computing in float64; None where a layer of it, or the backend, refuses."""
    keras = start()
    spec = _exact(keras.saving.serialize_keras_object(model))
    try:
        with exactly(EXACT), stdout_apart(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            twin = keras.saving.deserialize_keras_object(spec, custom_objects=dict(custom), safe_mode=True)
            _copied(model, twin)
    except Exception:  # noqa: BLE001  a custom layer may refuse in any way
        return None
    floats = [variable for variable in twin.variables if "float" in str(variable.dtype)]
    return twin if all(str(variable.dtype) == EXACT for variable in floats) else None


@contextmanager
def exactly(precision: str) -> Iterator[None]:
    """Keras's defaults while it lasts: numbers that no layer gives a type of their own are as precise as all others."""
    keras = start()
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(precision)
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)


def _exact(spec: Any) -> Any:  # noqa: ANN401  JSON
    """A configuration with every precision raised to float64."""
    if isinstance(spec, Mapping):
        if str(spec.get("class_name", "")).endswith("DTypePolicy"):
            return EXACT
        return {key: EXACT if "dtype" in str(key) and value in FLOATS else _exact(value) for key, value in spec.items()}
    if isinstance(spec, list | tuple):
        return type(spec)(_exact(value) for value in spec)
    return spec


def _copied(model: Model, twin: Model) -> None:
    """Give a model the weights of its twin, layer by layer, in each layer's own way."""
    for one, other in zip(_leaves(model), _leaves(twin), strict=True):
        store: dict[str, Any] = {}
        one.save_own_variables(store)
        other.load_own_variables(store)


def _leaves(model: Model) -> list[Any]:
    return list({id(layer): layer for layer in model._flatten_layers()}.values())  # noqa: SLF001  no other way to all
