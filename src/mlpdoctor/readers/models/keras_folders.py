"""Where a layer's weights lie in an archive: folders are named after classes, and those of one class are counted."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import h5py

from mlpdoctor.readers.models.keras_calls import Blueprint
from mlpdoctor.readers.models.keras_hdf5 import child

BASES = ("layers", "_layer_checkpoint_dependencies")
"""What Keras calls the folder with a model's layers: the first since 2.15, the second before."""
WINDOWS = "\\"


def at(weights: Any, path: str) -> Any:  # noqa: ANN401 - h5py ships no types
    r"""A group or dataset by its path, or None.

    On Windows, Keras 2.12 to 2.15 joined a layer's path as the system does, so that HDF5 took it for one name at the
    root: ``layers\dense``, with a group ``vars`` in it.

    Args:
        weights: the opened file of weights.
        path: names with slashes between them.
    """
    names = path.split("/")
    for joined in (1, *range(len(names), 1, -1)):
        found = child(weights, "/".join([WINDOWS.join(names[:joined]), *names[joined:]]))
        if found is not None:
            return found
    return None


def folders(weights: Any, model: Blueprint, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Each layer and nested model with the path of its folder, which need not exist.

    Args:
        weights: the opened file of weights.
        model: whose members are meant.
        path: the model's own folder; empty for the whole.
    """
    base, present = BASES[0], set[str]()
    for base in BASES:
        present = _names(weights, f"{path}/{base}".lstrip("/"))
        if present:
            break
    members = defaultdict[str, list[str]](list)
    for name, member in model.members.items():
        if not member.kind.startswith("ops."):  # no layer, so no folder
            members[_snake_case(member.kind)].append(name)
    for kind, own in members.items():
        for name, folder in zip(own, _numbered(kind, len(own), present), strict=True):
            yield name, f"{path}/{base}/{folder}".lstrip("/")


def _numbered(kind: str, count: int, present: set[str]) -> list[str]:
    """The folders of so many members of one class: ``dense``, ``dense_1``, ``dense_2``.

    Keras 2.12 and 2.13 walk a dictionary in which each layer with weights stands twice: ``dense``, ``dense_2``,
    ``dense_4``. Where there is a folder for each member, their order tells which is whose, however they are counted.
    """
    counted = [kind, *(f"{kind}_{number}" for number in range(1, count))]
    written = re.compile(rf"{kind}(?:_([1-9]\d{{0,8}}))?")
    numbers = [int(match[1] or 0) for match in map(written.fullmatch, present) if match]
    if len(numbers) != count:
        return counted
    return [f"{kind}_{number}" if number else kind for number in sorted(numbers)]


def _names(weights: Any, path: str) -> set[str]:  # noqa: ANN401
    """Names of the folders in a folder."""
    group = child(weights, path)
    prefix = path.replace("/", WINDOWS) + WINDOWS
    joined = {name[len(prefix) :].split(WINDOWS)[0] for name in weights if name.startswith(prefix)}
    return joined | (set(group) if isinstance(group, h5py.Group) else set())


def _snake_case(name: str) -> str:
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
