"""Reads .keras files: a zip of config.json, metadata.json and weights in HDF5 (Keras 3, and 2.12 to 2.15)."""

import io
import re
import zipfile
from pathlib import PurePosixPath
from typing import Any

import h5py

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import Layer, Stored
from mlpdoctor.readers.models.keras_calls import Blueprint
from mlpdoctor.readers.models.keras_hdf5 import Budget, child, dataset
from mlpdoctor.readers.models.keras_json import json_object, major_version
from mlpdoctor.readers.models.keras_weights import Expected, fill, keep

EXPANSION, EXPANSION_FLOOR = 100, 1 << 24
"""Keras stores members uncompressed; a member that grows a hundredfold past 16 MiB is a bomb."""


def check_names(archive: zipfile.ZipFile) -> None:
    """Refuses an archive with a member whose name leads out of it."""
    for name in archive.namelist():
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
            raise ModelFileError(f"the archive member '{name}' points outside the archive; do not trust this file")


def read_member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """One member's content.

    Raises:
        ModelFileError: where it would unpack to more than the limit, or as a bomb does.
    """
    member = archive.getinfo(name)
    size, packed = member.file_size, member.compress_size
    if size > EXPANSION_FLOOR and size > EXPANSION * packed:
        raise ModelFileError(
            f"the archive member {name} unpacks from {packed:,} to {size:,} bytes; do not trust this file"
        )
    if size > limit:
        raise ModelFileError(
            f"the archive member {name} has {size:,} bytes where {limit:,} may be read; if you trust it, "
            "raise the limit with --max-bytes"
        )
    with archive.open(member) as stream:
        return stream.read(size)


CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
CONFIG_LIMIT = 1 << 26
"""Bytes of JSON; the configuration of a thousand layers takes one MiB."""
FOLDERS = {"layers": 1, "_layer_checkpoint_dependencies": 2}
"""Where layers lie, and by how much a layer with weights advances the count in its folder's name.

Keras 2.12 walks a dictionary in which each layer with weights stands twice.
"""


class Archive:
    """An opened .keras file."""

    def __init__(self, path: str, budget: Budget) -> None:
        """Args: path: the file; budget: bytes that may be read."""
        self._budget = budget
        with zipfile.ZipFile(path) as archive:
            check_names(archive)
            members = archive.namelist()
            if CONFIG not in members:
                raise ModelFileError(_no_model(members))
            self.config: dict[str, object] = json_object(read_member(archive, CONFIG, CONFIG_LIMIT), CONFIG)
            metadata = {}
            if METADATA in members:
                metadata = json_object(read_member(archive, METADATA, CONFIG_LIMIT), METADATA)
            self.keras_version = str(metadata.get("keras_version") or "") or None
            self.keras = major_version(self.keras_version, 3)
            if WEIGHTS not in members:
                raise ModelFileError(
                    f"the archive has no {WEIGHTS}, which holds the weights; save the whole model with "
                    "model.save('model.keras')"
                )
            content = read_member(archive, WEIGHTS, budget.allowed)
        self._weights = h5py.File(io.BytesIO(content), "r")

    def close(self) -> None:
        """Frees the weights file."""
        self._weights.close()

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
        for path in ("optimizer/inner_optimizer/vars", "optimizer/vars"):
            found = self._numbered(child(self._weights, path))
            if found:
                return [(str(number), values) for number, values in enumerate(found)]
        return []

    def first_width(self, model: Blueprint) -> int | None:
        """Rows of the first Dense kernel of a Sequential model."""
        for name, group in self._folders(model, self._weights):
            member = model.members[name]
            if isinstance(member, Layer) and member.kind == "Dense" and group is not None:
                found = child(group, "vars/0")
                return int(found.shape[0]) if isinstance(found, h5py.Dataset) and found.shape else None
        return None

    def _fill(self, model: Blueprint, expected: Expected, group: Any) -> None:  # noqa: ANN401
        for name, folder in self._folders(model, group):
            member = model.members[name]
            if isinstance(member, Blueprint):
                self._fill(member, expected, folder)
                continue
            stored = self._numbered(None if folder is None else child(folder, "vars"))
            variables = expected.of(member, stored)
            if variables is None:
                keep(member, stored)
            else:
                fill(member, variables, stored)

    @staticmethod
    def _folders(model: Blueprint, group: Any) -> list[tuple[str, Any]]:  # noqa: ANN401
        """Each member's folder: its class name in snake case, with a count for those after the first."""
        if group is None:
            return [(name, None) for name in model.members]
        base, step = next(
            ((found, step) for name, step in FOLDERS.items() if (found := child(group, name)) is not None),
            (None, 1),
        )
        counts: dict[str, int] = {}
        found = []
        for name, member in model.members.items():
            if member.kind.startswith("ops."):  # no layer, so no folder
                found.append((name, None))
                continue
            snake = _snake_case(member.kind)
            count = counts.get(snake, 0)
            folder = None if base is None else child(base, f"{snake}_{count}" if count else snake)
            counts[snake] = count + (step if folder is not None else 1)
            found.append((name, folder))
        return found

    def _numbered(self, group: Any) -> list[Stored]:  # noqa: ANN401
        if not isinstance(group, h5py.Group):
            return []
        return [dataset(group, str(number), self._budget) for number in range(len(group))]


def _snake_case(name: str) -> str:
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _no_model(names: list[str]) -> str:
    kind = "a zip without config.json"
    if names and all(name.endswith(".npy") for name in names):
        kind = "a NumPy .npz file"
    elif "[Content_Types].xml" in names:
        kind = "an Office document"
    elif any(name.endswith("saved_model.pb") for name in names):
        kind = "a zipped SavedModel"
    elif any(name.endswith(f"/{CONFIG}") for name in names):
        kind = "a zip of a folder with a model in it"
    return f"this is {kind}; expected a Keras model as model.save('model.keras') writes it"
