"""Looks through a model file before Keras may load it: no code in it is run, and no file that it names is opened.

Keras's safe mode has been got round again and again (CVE-2025-1550, -8747, -9905, -12058, CVE-2026-1462), so it is the
second wall and not the first. Keras rebuilds whatever a configuration spells as an object, and what it looks up by
module and name it may also call. Hence the modules whose objects a file may name are listed here; others are refused.
"""

import json
import zipfile
from collections.abc import Container, Iterator, Mapping
from contextlib import ExitStack
from enum import Enum, auto
from typing import Any

from mlpdoctor.core.errors import InputError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.text import listing
from mlpdoctor.engine.user_code import OPTION

CODE = frozenset({"Lambda", "__lambda__"})
"""Objects that are Python code, kept in the file."""
RUNS = frozenset({
    "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer",  # layers of other frameworks, from a pickle or a folder
    "__tensor_spec__", "__type_spec__", "__typespec__",  # make Keras look for any class by name
})  # fmt: skip
"""Objects that run what the file, or a folder it names, brings along."""
FILES = frozenset({
    "vocabulary", "idf_weights", "filepath", "file_path", "filename", "fname", "directory", "url", "origin",
})  # fmt: skip
"""Options under which Keras takes the name of a file, a folder or an address, where there is text."""
PACKAGES = frozenset({"keras", "tf_keras", "keras_core"})
"""Keras, under the names it has had."""
NUMERIC = frozenset({"activations", "initializers", "regularizers", "constraints", "losses", "metrics", "ops"})
"""Modules of Keras all of whose functions compute, and do nothing else."""
PARTS = NUMERIC | {
    "", "layers", "models", "optimizers", "dtype_policies", "mixed_precision", "quantizers", "random", "engine",
}  # fmt: skip
"""Modules of Keras whose classes a model is made of; ``engine`` is where Keras 2 kept its models."""
COMPILED = ("compile_config", "build_config")
"""Parts of an object that are for training and for shapes."""
LIMIT = 1 << 26
"""Bytes of JSON, as the reader allows."""
MOST_NAMED = 3


class Refused(InputError):  # noqa: N818 - it says what has happened
    """Keras cannot, or may not, load the model; the message says why, for people."""


class Why(Enum):
    """What is wrong with what a file names: it is code, runs what comes along, is a file, or is not Keras's own."""

    CODE = auto()
    RUNS = auto()
    FILE = auto()
    FOREIGN = auto()


@dataclass(frozen=True)
class Objection:
    """Something in a configuration that Keras is not handed.

    Attributes:
        why: what is wrong with it.
        name: of the class, function or file.
        place: the layer in which it stands, or what comes nearest.
    """

    why: Why
    name: str
    place: str


def guard(path: str, custom: Container[str]) -> None:
    """Look through a file before Keras is even started.

    Args:
        path: the model file.
        custom: names of the user's own classes and functions, which may stand in it.

    Raises:
        Refused: the file holds code, names or links to another file, or names what is neither Keras's own nor given.
    """
    try:
        config = configuration(path)
        found = list(objections(config, compiled=False))
        elsewhere = _kept_elsewhere(path)
    except (OSError, LookupError, TypeError, ValueError, RecursionError, zipfile.BadZipFile) as fault:
        raise Refused(f"its file cannot be read a second time: {one_line(fault)}") from fault
    if elsewhere is not None:
        raise Refused(f"the weight '{elsewhere}' is kept in another place or file, which mlpdoctor does not open")
    for objection in found:
        if objection.why is not Why.FOREIGN:
            raise Refused(_told(objection))
    missing = {one.name.rpartition(">")[2]: one.place for one in found if not _among(one.name, custom)}
    if missing:
        places = listing([f"'{place}' is made of {name}" for name, place in missing.items()], MOST_NAMED)
        raise Refused(
            f"{places}, not Keras's own: give the Python file that defines {'it' if len(missing) == 1 else 'them'} "
            f"with {OPTION} FILE, which runs that file"
        )


def configuration(path: str) -> Any:  # noqa: ANN401  JSON
    """What a saved model is configured to be, as the file spells it.

    Raises:
        ValueError: the file is an archive and an HDF5 file at once: Keras would go by its name, others by its content.
        OSError, LookupError, TypeError, ValueError, BadZipFile: it is damaged, or no model.
    """
    import h5py

    archive, hdf5 = zipfile.is_zipfile(path), h5py.is_hdf5(path)
    if archive and hdf5:
        raise ValueError("it is a zip archive and an HDF5 file at once")
    if archive:
        with zipfile.ZipFile(path) as opened, opened.open("config.json") as file:
            return json.loads(file.read(LIMIT))
    with h5py.File(path, "r") as file:
        return json.loads(file.attrs["model_config"])


def _kept_elsewhere(path: str) -> str | None:
    """A name in the file's HDF5 that leads to another place or another file; None where all is at hand."""
    import h5py

    with ExitStack() as opened:
        if zipfile.is_zipfile(path):
            archive = opened.enter_context(zipfile.ZipFile(path))
            inside = [name for name in archive.namelist() if name.endswith((".h5", ".hdf5"))]
            files: list[Any] = [opened.enter_context(archive.open(name)) for name in inside]
        else:
            files = [path]
        for file in files:
            found = _leading_away(opened.enter_context(h5py.File(file, "r")))
            if found is not None:
                return found
    return None


def _leading_away(group: Any) -> str | None:  # noqa: ANN401  h5py ships no types
    import h5py

    waiting, seen = [group], set()
    while waiting:
        current = waiting.pop()
        place = h5py.h5o.get_info(current.id).addr
        if place in seen:  # a group may hold itself
            continue
        seen.add(place)
        for name in current:
            if not isinstance(current.get(name, getlink=True), h5py.HardLink):
                return f"{current.name}/{name}"
            member = current[name]
            if isinstance(member, h5py.Group):
                waiting.append(member)
            elif isinstance(member, h5py.Dataset) and (member.external or member.is_virtual):
                return str(member.name)
    return None


def objections(config: Any, place: str = "", *, compiled: bool = True) -> Iterator[Objection]:  # noqa: ANN401  JSON
    """All that Keras is not handed, in the order of the file.

    Args:
        config: a configuration, or part of one.
        place: where it stands, for people.
        compiled: whether what compile was told is built; it is not for the model itself, whose losses and metrics are
            mlpdoctor's own.
    """
    if isinstance(config, list | tuple):
        for value in config:
            yield from objections(value, place)
    if not isinstance(config, Mapping):
        return
    kind = config.get("class_name")
    if isinstance(kind, str):
        inner = config.get("config")
        own = config.get("name") or (inner.get("name") if isinstance(inner, Mapping) else None)
        place = str(own) if own else place or kind
        objection = _objection(config, kind, place)
        if objection is not None:
            yield objection
    for key, value in config.items():
        if key in FILES and isinstance(value, str):
            yield Objection(Why.FILE, value, place or str(key))
        if key not in COMPILED or not isinstance(kind, str):  # in what is no object it is a name like any other
            yield from objections(value, place)
        elif compiled:
            # Of a model inside the model Keras does build it; a loss of the user's it does not find is not our matter.
            yield from (one for one in objections(value, place) if one.why is not Why.FOREIGN)


def _objection(spec: Mapping[str, Any], kind: str, place: str) -> Objection | None:
    base = kind.rpartition(">")[2]
    if base in CODE:
        return Objection(Why.CODE, base, place)
    if base in RUNS:
        return Objection(Why.RUNS, base, place)
    registered, module = spec.get("registered_name"), spec.get("module")
    if ">" in kind:
        return Objection(Why.FOREIGN, kind, place)
    if isinstance(registered, str) and ">" in registered and not registered.startswith("keras"):
        return Objection(Why.FOREIGN, registered, place)
    if kind == "function":
        named = spec.get("config")
        if not isinstance(named, str) or _part(module) in NUMERIC:
            return None
        return Objection(Why.RUNS if named in RUNS else Why.CODE if named in CODE else Why.FOREIGN, named, place)
    # Keras calls a class to make an object of it; what it finds under a small letter is a function.
    if module is not None and (_part(module) not in PARTS or base[:1].islower()):
        return Objection(Why.FOREIGN, kind, place)
    return None


def _part(module: object) -> str | None:
    """Which part of Keras a module belongs to; empty for Keras itself, None for what is not Keras."""
    names = str(module).removeprefix("tensorflow.python.").removeprefix("tensorflow.").split(".")
    if names[0] not in PACKAGES:
        return None
    rest = [name for name in names[1:] if name not in ("src", "api", "_tf_keras", "keras")]
    return rest[0] if rest else ""


def _told(objection: Objection) -> str:
    place, name = objection.place, objection.name
    if objection.why is Why.CODE:
        return (
            f"'{place}' is a Lambda, Python code inside the model file, which mlpdoctor never runs; "
            f"write it as a layer class, save the model anew and give the file of the class with {OPTION}"
        )
    if objection.why is Why.RUNS:
        return f"'{place}' is a {name}, which runs code that comes with the model file; mlpdoctor never does that"
    return (
        f"'{place}' names the file {name}, and mlpdoctor opens no file that a model names; "
        "save the model with the words themselves, as a list"
    )


def _among(name: str, known: Container[str]) -> bool:
    return name in known or name.rpartition(">")[2] in known


def one_line(fault: Exception) -> str:
    """The first sentence of an error."""
    text = " ".join(str(fault).split()) or type(fault).__name__
    return text.split(". ")[0][:300]
