"""Loads a saved model through Keras without running anything the file holds, and makes it compute in float64."""

import json
import warnings
import zipfile
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.text import listing
from mlpdoctor.engine.custom_objects import OPTION
from mlpdoctor.engine.keras_start import start, stdout_apart

OWN = frozenset({"keras", "tf_keras", "tensorflow", "builtins"})
"""Top-level modules whose objects a file may name."""
CODE = frozenset({"Lambda", "__lambda__", "__tensor_spec__", "__type_spec__"})
"""Objects that hold Python code, or make Keras look for any class by name."""
LIMIT = 1 << 26
"""Bytes of JSON, as the reader allows."""


def configuration(path: str) -> Any:  # noqa: ANN401  JSON
    """What a saved model is configured to be, as the file spells it."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive, archive.open("config.json") as file:
            return json.loads(file.read(LIMIT))
    import h5py

    with h5py.File(path, "r") as file:
        return json.loads(file.attrs["model_config"])


def foreign(config: Any) -> dict[str, str]:  # noqa: ANN401  JSON
    """Classes and functions that are not Keras's own, by the name under which Keras looks for them.

    Returns:
        For each the name of the layer it stands in, or of the object itself.
    """
    return {name: place for name, place, code in _named(config, "") if not code}


def code_in(config: Any) -> str | None:  # noqa: ANN401  JSON
    """The place of Python code in a configuration, None where there is none."""
    return next((place for _, place, code in _named(config, "") if code), None)


def _named(config: Any, place: str) -> Iterator[tuple[str, str, bool]]:  # noqa: ANN401  JSON
    """Names of foreign objects with the place where they stand, and whether they are code in the file."""
    if isinstance(config, Mapping):
        kind = config.get("class_name")
        if isinstance(kind, str):
            inner = config.get("config")
            own = config.get("name") or (inner.get("name") if isinstance(inner, Mapping) else None)
            place = str(own) if own else place or kind
            if kind.rpartition(">")[2] in CODE:
                yield kind, place, True
            else:
                name = _foreign(config, kind)
                if name is not None:
                    yield name, place, False
        for key, value in config.items():
            # What Keras is told by compile is never built here: losses and metrics are mlpdoctor's own.
            if key not in ("compile_config", "build_config"):
                yield from _named(value, place)
    elif isinstance(config, list | tuple):
        for value in config:
            yield from _named(value, place)


def _foreign(spec: Mapping[str, Any], kind: str) -> str | None:
    registered, module = spec.get("registered_name"), spec.get("module")
    if ">" in kind:
        return kind
    if isinstance(registered, str) and ">" in registered and not registered.startswith("keras"):
        return registered
    if kind == "function" and isinstance(spec.get("config"), str) and str(module).partition(".")[0] not in _keras():
        return str(spec["config"])
    if module is not None and str(module).partition(".")[0] not in OWN:
        return kind
    return None


def _keras() -> frozenset[str]:
    return OWN - {"builtins"}


FLOATS = ("float16", "bfloat16", "float32", "mixed_float16", "mixed_bfloat16")
EXACT = "float64"
MOST_NAMED = 3

Model = Any
"""A Keras model: Keras ships no types."""


class Refused(InputError):  # noqa: N818 - it says what has happened
    """Keras cannot, or may not, load the model; the message says why, for people."""


class Unloadable(Refused):
    """Nothing in the file is forbidden, but Keras fails on it, as it does on many files of other versions."""


def load(path: str, custom: Mapping[str, Any]) -> Model:
    """The model as Keras makes it, not compiled.

    Args:
        path: the model file.
        custom: the user's own classes and functions by name.

    Raises:
        Refused: the file holds code, or names what is not Keras's own and is not given.
        Unloadable: Keras fails.
    """
    _guarded(path, custom)
    keras = start("this model")
    try:
        with stdout_apart(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return keras.saving.load_model(path, custom_objects=dict(custom), compile=False, safe_mode=True)
    except Exception as fault:
        raise Unloadable(f"Keras {keras.__version__} cannot load it: {_reason(fault)}") from fault


def _guarded(path: str, custom: Mapping[str, Any]) -> None:
    """Look through the file before Keras is even started."""
    try:
        config = configuration(path)
    except (OSError, LookupError, TypeError, ValueError, zipfile.BadZipFile) as fault:
        raise Refused(f"its file cannot be read a second time: {_reason(fault)}") from fault
    code = code_in(config)
    if code is not None:
        raise Refused(
            f"'{code}' is a Lambda, Python code inside the model file, which mlpdoctor never runs; "
            f"write it as a layer class, save the model anew and give the file of the class with {OPTION}"
        )
    missing = {name.rpartition(">")[2]: place for name, place in foreign(config).items() if not _among(name, custom)}
    if missing:
        places = listing([f"'{place}' is made of {name}" for name, place in missing.items()], MOST_NAMED)
        raise Refused(
            f"{places}, not Keras's own: give the Python file that defines {'it' if len(missing) == 1 else 'them'} "
            f"with {OPTION} FILE, which runs that file"
        )


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


def _among(name: str, known: Container[str]) -> bool:
    return name in known or name.rpartition(">")[2] in known


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


def _reason(fault: Exception) -> str:
    text = " ".join(str(fault).split()) or type(fault).__name__
    first = text.split(". ")[0]
    return first[:300]
