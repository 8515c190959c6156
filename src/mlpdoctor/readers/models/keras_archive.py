"""Reads .keras files (Keras 3, and 2.12 to 2.15): a zip of config.json, metadata.json and HDF5 weights."""

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import h5py

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Stored
from mlpdoctor.readers.models.foreign import SAVE, described_zip
from mlpdoctor.readers.models.keras_calls import Blueprint
from mlpdoctor.readers.models.keras_contents import CONFIG_LIMIT, Expected, fill, json_object, keep, major_version
from mlpdoctor.readers.models.keras_hdf5 import EXPANSION, EXPANSION_FLOOR, Budget, child, dataset

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


CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


MEMBERS_LIMIT = 10_000
"""Beside its three members an archive holds what a few layers know by heart, such as a vocabulary."""


def check_names(names: Sequence[str]) -> None:
    """Refuses an archive with a member whose name leads out of it, or that another one has, too; and endless ones."""
    if len(names) > MEMBERS_LIMIT:
        raise ModelFileError(f"the archive has {len(names):,} members where three are expected; do not trust this file")
    for name in names:
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
            raise ModelFileError(f"the archive member '{name}' points outside the archive; do not trust this file")
    for name in (CONFIG, METADATA, WEIGHTS):
        if names.count(name) > 1:
            raise ModelFileError(f"the archive has more than one member {name}; do not trust this file")


def read_member(archive: zipfile.ZipFile, name: str, limit: int, stored: int) -> bytes:
    """One member's content.

    Args:
        archive: the opened zip file.
        name: of the member.
        limit: most bytes that may be read.
        stored: bytes of the whole file, as the packed size that the archive tells may be a lie.

    Raises:
        ModelFileError: where it would unpack to more than the limit, or as a bomb does.
    """
    member = archive.getinfo(name)
    size, packed = member.file_size, min(member.compress_size, stored)
    if size > max(EXPANSION_FLOOR, EXPANSION * packed):
        raise ModelFileError(
            f"the archive member {name} unpacks from {packed:,} to {size:,} bytes; do not trust this file"
        )
    if size > limit:
        trusted = "if you trust it, raise the limit with --max-bytes" if name == WEIGHTS else "do not trust this file"
        raise ModelFileError(f"the archive member {name} has {size:,} bytes where {limit:,} may be read; {trusted}")
    with archive.open(member) as stream:
        return stream.read(size)


class Archive:
    """An opened .keras file."""

    def __init__(self, path: str, budget: Budget) -> None:
        """Args: path: the file; budget: bytes that may be read."""
        self._budget = budget
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
            check_names(members)
            if CONFIG not in members:
                raise ModelFileError(f"this is {described_zip(members)}")
            if WEIGHTS not in members:
                raise ModelFileError(
                    f"the archive has no {WEIGHTS}, which holds the weights; save the whole model with {SAVE}"
                )
            read = partial(read_member, archive, stored=budget.stored)
            self.config: dict[str, object] = json_object(read(CONFIG, CONFIG_LIMIT), CONFIG)
            metadata = json_object(read(METADATA, CONFIG_LIMIT), METADATA) if METADATA in members else {}
            self.keras_version = str(metadata.get("keras_version") or "") or None
            self.keras = major_version(self.keras_version, 3)
            content = read(WEIGHTS, budget.allowed)
        self._file = h5py.File(io.BytesIO(content), "r")
        self._weights = Folder.of(self._file)

    def close(self) -> None:
        """Frees the weights file."""
        self._file.close()

    @property
    def compiled(self) -> dict[str, object] | None:
        """What ``compile`` was called with: loss, loss_weights, optimizer."""
        found = self.config.get("compile_config")
        return found if isinstance(found, dict) and found else None

    def fill(self, model: Blueprint, expected: Expected) -> None:
        """Gives every layer of a model its weights."""
        self._fill(model, expected, self._weights)

    def optimizer(self) -> list[tuple[str, Stored]]:
        """The optimizer's variables by their numbers, in order."""
        own = self._weights["optimizer"]
        for place in (own["inner_optimizer"], own):
            found = self._numbered(place)
            if found:
                return [(str(number), values) for number, values in enumerate(found)]
        return []

    def first_width(self, model: Blueprint) -> int | None:
        """Rows of the first Dense kernel of a Sequential model."""
        for name, folder in folders(model, self._weights):
            if model.members[name].kind == "Dense":
                kernel = folder["vars"]["0"].content
                return int(kernel.shape[0]) if isinstance(kernel, h5py.Dataset) and kernel.shape else None
        return None

    def _fill(self, model: Blueprint, expected: Expected, place: Folder) -> None:
        for name, folder in folders(model, place):
            member = model.members[name]
            if isinstance(member, Blueprint):
                self._fill(member, expected, folder)
                continue
            stored = self._numbered(folder)
            variables = expected.of(member, stored)
            if variables is None:
                keep(member, stored)
            else:
                fill(member, variables, stored)

    def _numbered(self, place: Folder) -> list[Stored]:
        group = place["vars"].content
        if not isinstance(group, h5py.Group):
            return []
        return [dataset(group, str(number), self._budget) for number in range(len(group))]
