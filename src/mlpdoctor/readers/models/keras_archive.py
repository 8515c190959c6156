"""Reads .keras files: a zip of config.json, metadata.json and weights in HDF5 (Keras 3, and 2.12 to 2.15)."""

import io
import re
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import h5py

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import Stored
from mlpdoctor.readers.models.foreign import SAVE, described_zip
from mlpdoctor.readers.models.keras_calls import Blueprint
from mlpdoctor.readers.models.keras_folders import Folder, folders
from mlpdoctor.readers.models.keras_hdf5 import EXPANSION, EXPANSION_FLOOR, Budget, dataset
from mlpdoctor.readers.models.keras_json import CONFIG_LIMIT, json_object, major_version
from mlpdoctor.readers.models.keras_weights import Expected, fill, keep

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


class FolderWeights:
    """The weights in an opened file of Keras 3: a folder for each layer, named after its class."""

    def __init__(self, file: Any, budget: Budget) -> None:  # noqa: ANN401 - h5py ships no types
        """Args: file: opened; budget: bytes that may be read."""
        self._file, self._budget = file, budget
        self._weights = Folder.of(file)

    def close(self) -> None:
        """Frees the weights file."""
        self._file.close()

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


class Archive(FolderWeights):
    """An opened .keras file."""

    def __init__(self, path: str, budget: Budget) -> None:
        """Args: path: the file; budget: bytes that may be read."""
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
        super().__init__(h5py.File(io.BytesIO(content), "r"), budget)

    @property
    def compiled(self) -> dict[str, object] | None:
        """What ``compile`` was called with: loss, loss_weights, optimizer."""
        found = self.config.get("compile_config")
        return found if isinstance(found, dict) and found else None
