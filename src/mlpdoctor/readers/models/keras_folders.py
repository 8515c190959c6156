"""Where a layer's weights lie in an archive: folders are named after classes, and those of one class are counted."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import h5py

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.readers.models.keras_calls import Blueprint
from mlpdoctor.readers.models.keras_hdf5 import child

BASES = ("layers", "_layer_checkpoint_dependencies")
"""What Keras calls the folder with a model's layers: the first since 2.15, the second before."""
WINDOWS = "\\"


@dataclass(frozen=True)
class Folder:
    r"""A place in the weights of an archive, whether there is something or not.

    On Windows, Keras 2.12 to 2.15 joined a layer's path as the system does, so that HDF5 took it for one name at the
    root: ``layers\dense``, with a group ``vars`` in it.

    Attributes:
        root: the opened file.
        joined: names at the root that are paths.
        path: of this place, as Windows writes it; empty at the root.
        content: the group or dataset that is there, or None.
    """

    root: Any
    joined: frozenset[str]
    path: str
    content: Any

    @classmethod
    def of(cls, file: Any) -> "Folder":  # noqa: ANN401 - h5py ships no types
        """The root of an opened file."""
        return cls(file, frozenset(name for name in file if WINDOWS in name), "", file)

    def __getitem__(self, name: str) -> "Folder":
        """The place below this one with this name."""
        path = f"{self.path}{WINDOWS}{name}" if self.path else name
        found = child(self.content, name)
        if found is None and path in self.joined:
            found = child(self.root, path)
        return Folder(self.root, self.joined, path, found)

    def names(self) -> set[str]:
        """Names of what lies in it."""
        start = self.path + WINDOWS
        inside = {path[len(start) :].split(WINDOWS)[0] for path in self.joined if path.startswith(start)}
        return inside | (set(self.content) if isinstance(self.content, h5py.Group) else set())


def folders(model: Blueprint, place: Folder) -> Iterator[tuple[str, Folder]]:
    """Each layer and nested model with its folder.

    Args:
        model: whose members are meant.
        place: the model's own folder; the root for the whole.
    """
    found = ((place[base], place[base].names()) for base in BASES)
    base, present = next(((base, names) for base, names in found if names), (place, set()))
    members = defaultdict[str, list[str]](list)
    for name, member in model.members.items():
        if not member.kind.startswith("ops."):  # no layer, so no folder
            members[_snake_case(member.kind)].append(name)
    for kind, own in members.items():
        for name, folder in zip(own, _numbered(kind, len(own), present), strict=True):
            yield name, base[folder]


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


def _snake_case(name: str) -> str:
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
