"""Reads legacy .h5 models of Keras 2, Keras 3 and R keras: HDF5 with the configuration in attributes."""

from io import BytesIO
from typing import Any

import h5py

from mlpdoctor.core.errors import ModelFileError, legible
from mlpdoctor.core.network import Layer, Stored
from mlpdoctor.nn.layers.family import Variable
from mlpdoctor.readers.models.foreign import described_hdf5
from mlpdoctor.readers.models.keras_calls import Blueprint
from mlpdoctor.readers.models.keras_contents import Expected, fill, json_object, keep, major_version
from mlpdoctor.readers.models.keras_hdf5 import Budget, child, dataset, names, text

WEIGHTS = "model_weights"


class H5Model:
    """An opened .h5 file."""

    def __init__(self, path: str | BytesIO, budget: Budget) -> None:
        """Args: path: the file, or what it would hold; budget: bytes that may be read."""
        self._budget = budget
        # No lock: the file may be read while training goes on, and from a disk that cannot be written to.
        self._file = h5py.File(path, "r", locking=False)
        try:
            group = child(self._file, WEIGHTS)
            beside = None if group is None else text(group, "keras_version")  # as very old files have it
            self.keras_version = text(self._file, "keras_version") or beside
            self.keras = major_version(self.keras_version, 2)
            self.config: dict[str, object] = self._object("model_config")
            self._training = self._object("training_config") if "training_config" in self._file.attrs else None
            self._spelt = {legible(name): name for name in group or ()}
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    @property
    def compiled(self) -> dict[str, object] | None:
        """What ``compile`` was called with: loss, loss_weights, optimizer."""
        if self._training is None:
            return None
        return {**self._training, "optimizer": self._training.get("optimizer_config")}

    def fill(self, model: Blueprint, expected: Expected) -> None:
        """Gives every layer its weights, which lie by top-level layer and order."""
        for name, member in model.members.items():
            stored = self._of(name)
            if isinstance(member, Layer):
                own = [values for _, values in stored]
                variables = expected.of(member, own)
                if variables is None:
                    keep(member, own)
                else:
                    fill(member, variables, own)
            else:
                _fill_nested(member, expected, stored)

    def first_width(self, model: Blueprint) -> int | None:
        """Rows of the first Dense kernel of a Sequential model."""
        for name, member in model.members.items():
            if isinstance(member, Layer) and member.kind == "Dense":
                stored = self._of(name)
                return int(stored[0][1].shape[0]) if stored and stored[0][1].ndim else None
        return None

    def optimizer(self) -> list[tuple[str, Stored]]:
        """The optimizer's variables by their names, in order."""
        group = child(self._file, "optimizer_weights")
        if group is None:
            return []
        return [(name, dataset(group, name, self._budget)) for name in names(group, "weight_names")]

    def _of(self, name: str) -> list[tuple[str, Stored]]:
        group = child(self._file, f"{WEIGHTS}/{self._spelt.get(name, name)}")
        if group is None:
            return []
        return [(path, dataset(group, path, self._budget)) for path in names(group, "weight_names")]

    def _object(self, name: str) -> dict[str, Any]:
        content = text(self._file, name)
        if content is None:
            raise ModelFileError(f"this is {described_hdf5(list(self._file), list(self._file.attrs))}")
        return json_object(content, name)


def _fill_nested(model: Blueprint, expected: Expected, stored: list[tuple[str, Stored]]) -> None:
    """Deals a nested model's weights out: first all that are trained, then all others, by layer."""
    owned: list[tuple[Layer, Variable]] = []
    complete = True
    for layer in model.layers():
        variables = expected.of(layer)
        complete = complete and variables is not None
        owned += [(layer, variable) for variable in variables or ()]
    if not complete:
        _fill_by_name(model, expected, stored)
        return
    owned.sort(key=lambda pair: not (pair[0].trainable and pair[1].trainable))
    if len(owned) != len(stored):
        raise ModelFileError(
            f"the nested model '{model.name}' should have {len(owned)} weights, but the file holds "
            f"{len(stored)}; re-save the model with model.save"
        )
    dealt: dict[int, dict[str, Stored]] = {}
    for (layer, variable), (_, values) in zip(owned, stored, strict=True):
        dealt.setdefault(id(layer), {})[variable.name] = values
    for layer in model.layers():
        variables = expected.of(layer) or ()
        fill(layer, variables, [dealt[id(layer)][variable.name] for variable in variables])


def _fill_by_name(model: Blueprint, expected: Expected, stored: list[tuple[str, Stored]]) -> None:
    """Beside a layer of an unknown kind the order tells nothing; names end in ``layer/variable:0``."""
    for layer in model.layers():
        own = layer.short_name
        found = {
            path.rpartition("/")[2].split(":")[0]: values
            for path, values in stored
            if legible(path.rpartition("/")[0].rpartition("/")[2]) == own
        }
        variables = expected.of(layer, [found[name] for name in ("kernel", "gamma") if name in found])
        if variables is not None:
            fill(layer, variables, [found[variable.name] for variable in variables if variable.name in found])
