"""Looks through a model's configuration before Keras does: nothing in it may name code that is not Keras's own."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

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
