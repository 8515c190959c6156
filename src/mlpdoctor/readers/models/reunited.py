"""A model in two files, or half of one: the architecture as ``model.to_json()`` writes it, and the weights alone."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import h5py

from mlpdoctor.core.errors import ModelFileError
from mlpdoctor.core.network import Layer, Stored
from mlpdoctor.readers.models.foreign import HEAD, described_hdf5
from mlpdoctor.readers.models.keras_archive import Archive, FolderWeights
from mlpdoctor.readers.models.keras_calls import Blueprint
from mlpdoctor.readers.models.keras_contents import CONFIG_LIMIT, Expected, Source, json_object, major_version
from mlpdoctor.readers.models.keras_h5 import H5Model, LayerWeights
from mlpdoctor.readers.models.keras_hdf5 import Budget, child, names

OF_KERAS_3 = "layers"
"""The group that a file of weights of Keras 3 begins with, and one of Keras 2 never has."""
NEEDED = "--architecture takes what model.to_json() returns, in a file, or a saved Keras model of the same network"


class Architecture:
    """A model without weights, as ``model.to_json()`` writes it."""

    def __init__(self, path: str) -> None:
        """Args: path: of the JSON file."""
        with Path(path).open("rb") as stream:
            content = stream.read(CONFIG_LIMIT + 1)
        self.config: dict[str, object] = json_object(content, "the architecture")
        if not {"class_name", "config"} <= self.config.keys():
            raise ModelFileError(f"this JSON is not the architecture of a Keras model; {NEEDED}")
        version = self.config.get("keras_version")
        self.keras_version = str(version) if version else None
        # Keras 3 writes no version here, but the module of each class; Keras 2 writes its version and no module.
        self.keras = major_version(self.keras_version, 3 if "module" in self.config else 2)

    @property
    def compiled(self) -> dict[str, object] | None:
        """What ``compile`` was called with, which Keras 3 writes too."""
        found = self.config.get("compile_config")
        return found if isinstance(found, dict) and found else None

    def fill(self, model: Blueprint, expected: Expected) -> None:
        """There are no weights."""

    def first_width(self, model: Blueprint) -> int | None:  # noqa: ARG002
        """There are no weights."""
        return None

    def optimizer(self) -> list[tuple[str, Stored]]:
        """There is no state."""
        return []

    def close(self) -> None:
        """Nothing is open."""


class LegacyWeights(LayerWeights):
    """What ``save_weights`` of Keras 2 wrote."""

    def fill(self, model: Blueprint, expected: Expected) -> None:
        """Gives every layer its weights, by order where none has its name, as ``load_weights`` does.

        Names such as ``dense_7`` count the layers that a session has made, so that the next one has others.
        """
        filled = [name for name in names(self._file, "layer_names") if _arrays(self._file, name)]
        own = [
            name for name, member in model.members.items() if not isinstance(member, Layer) or expected.of(member) != ()
        ]
        if len(filled) != len(own):
            raise ModelFileError(
                f"this file holds weights of {len(filled)} layers, and the architecture has {len(own)} with weights; "
                f"give the architecture of the same network: {NEEDED}"
            )
        if not set(own) <= set(self._spelt):
            self._spelt = dict(zip(own, filled, strict=True))
        super().fill(model, expected)


class WeightsOfKeras3(FolderWeights):
    """What ``save_weights`` of Keras 3 writes."""

    def fill(self, model: Blueprint, expected: Expected) -> None:
        """Gives every layer its weights; a file of another network holds more of them.

        Raises:
            ModelFileError: it does.
        """
        super().fill(model, expected)
        held = list[str]()
        self._file.visititems(lambda name, item: held.append(name) if isinstance(item, h5py.Dataset) else None)
        own = [name for name in held if not name.startswith("optimizer/") and "seed_generator" not in name]
        given = sum(len(layer.weights) for layer in model.layers())
        if len(own) != given and all(expected.of(layer) is not None for layer in model.layers()):
            raise ModelFileError(
                f"this file holds {len(own)} weights, and the architecture takes {given} of them; give the "
                f"architecture of the same network: {NEEDED}"
            )


class Reunited:
    """The architecture of one file with the weights of another."""

    def __init__(self, architecture: Source, weights: WeightsOfKeras3 | LegacyWeights) -> None:
        """Args: architecture: opened; weights: opened."""
        self._architecture, self._weights = architecture, weights
        self.config, self.keras_version, self.keras = (
            architecture.config, architecture.keras_version, architecture.keras
        )  # fmt: skip
        self.compiled = architecture.compiled
        self.fill, self.first_width, self.optimizer = weights.fill, weights.first_width, weights.optimizer

    def close(self) -> None:
        """Closes both."""
        self._weights.close()
        self._architecture.close()


def reunited(path: str, architecture: str, budget: Budget) -> Source:
    """The weights of one file in the architecture of another.

    Args:
        path: a file of weights, as ``model.save_weights`` writes it.
        architecture: what ``model.to_json()`` returns, in a file, or a saved Keras model.
        budget: bytes that may be read.

    Raises:
        ModelFileError: one of them is something else.
    """
    with _told(f"--architecture {architecture}"):
        found = opened(architecture, budget)
    file = h5py.File(path, "r", locking=False)
    if child(file, OF_KERAS_3) is not None or child(file, "_layer_checkpoint_dependencies") is not None:
        return Reunited(found, WeightsOfKeras3(file, budget))
    if "layer_names" in file.attrs:
        return Reunited(found, LegacyWeights(file, "", budget))
    raise ModelFileError(f"this is {described_hdf5(list(file), list(file.attrs))}; --architecture goes with weights")


def opened(path: str, budget: Budget) -> Source:
    """A file that tells an architecture.

    Raises:
        ModelFileError: it tells none.
    """
    if not Path(path).is_file():
        raise ModelFileError(f"no such file; {NEEDED}")
    with Path(path).open("rb") as stream:
        head = stream.read(HEAD)
    if head.startswith(b"PK"):
        return Archive(path, budget)
    if head.startswith(b"\x89HDF"):
        return H5Model(path, budget)
    if head.lstrip().startswith(b"{"):
        return Architecture(path)
    raise ModelFileError(f"no architecture; {NEEDED}")


def _arrays(file: h5py.File, name: str) -> list[str]:
    group = child(file, name)
    return [] if group is None else names(group, "weight_names")


@contextlib.contextmanager
def _told(option: str) -> Iterator[None]:
    try:
        yield
    except ModelFileError as fault:
        raise ModelFileError(f"{option}: {fault}") from fault
