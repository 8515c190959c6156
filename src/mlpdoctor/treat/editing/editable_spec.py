"""A copy of a saved model that edits may change, and how to find things in it."""

import copy
import zlib
from collections.abc import Iterator
from typing import Self

import numpy as np

from mlpdoctor.core.errors import closest
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Config, Stored
from mlpdoctor.nn.initializers import draw
from mlpdoctor.nn.layers.family import number
from mlpdoctor.treat.editing.edits import EditError, Json, ModelSpec, Redraw, SetWeights


@dataclass(eq=False)
class Place:
    """A layer in a draft.

    Attributes:
        model: configuration of the model it stands in.
        item: the layer as the model lists it: class, configuration, calls.
        prefix: path of that model, ``body/``; empty for the outermost.
    """

    model: dict[str, Json]
    item: dict[str, Json]
    prefix: str

    @property
    def name(self) -> str:
        """The layer's name within its model."""
        return own_name(self.item)

    @property
    def path(self) -> str:
        """The layer's name with those of the models around it."""
        return self.prefix + self.name

    @property
    def kind(self) -> str:
        """Its Keras class."""
        return str(self.item["class_name"]).rpartition(">")[2]

    @property
    def config(self) -> dict[str, Json]:
        """Its configuration, open for changes."""
        config: dict[str, Json] = self.item["config"]
        return config

    @property
    def nested(self) -> bool:
        """Whether it is a model of its own."""
        return isinstance(self.config.get("layers"), list)

    @property
    def graph(self) -> bool:
        """Whether the model it stands in tells its calls; one that does not is a chain."""
        return "output_layers" in self.model


@dataclass(eq=False)
class EditableSpec:
    """A model spec in the making."""

    kind: str
    config: dict[str, Json]
    weights: dict[str, dict[str, Stored]]
    compiled: dict[str, Json]

    @classmethod
    def of(cls, spec: ModelSpec) -> Self:
        """Copy what edits may change; arrays are replaced, never written to."""
        weights = {path: dict(arrays) for path, arrays in spec.weights.items()}
        config = _open(copy.deepcopy(dict(spec.config)))
        return cls(spec.kind, config, weights, copy.deepcopy(dict(spec.compiled)))

    def spec(self) -> ModelSpec:
        """The result."""
        return ModelSpec(self.kind, self.config, self.weights, self.compiled)

    def find(self, path: str) -> Place:
        """The layer of that path.

        Raises:
            EditError: when there is none.
        """
        model, prefix = self.config, ""
        *around, last = path.split("/") if "/" in path else [path]
        whole = self._whole(path)
        if whole is not None:
            return whole
        for name in around:
            inner = next((item for item in members(model) if own_name(item) == name), None)
            if inner is None or not isinstance(inner["config"].get("layers"), list):
                break
            model, prefix = inner["config"], f"{prefix}{name}/"
        else:
            for item in members(model):
                if own_name(item) == last:
                    return Place(model, item, prefix)
        raise EditError(f"there is no layer '{path}'{closest(path, [place.path for place in self.places()])}")

    def _whole(self, path: str) -> Place | None:
        """A layer of the outermost model whose own name has slashes in it."""
        return next((Place(self.config, item, "") for item in members(self.config) if own_name(item) == path), None)

    def places(self) -> Iterator[Place]:
        """All layers, those of nested models too, in the order of the configuration."""
        yield from places(self.config, "")


def _open(model: dict[str, Json]) -> dict[str, Json]:
    """The model with the lists that edits write to as lists, be they tuples so far."""
    model["layers"] = list(model["layers"])
    for key in ("input_layers", "output_layers"):
        if key in model:
            model[key] = _lists(model[key])
    for item in model["layers"]:
        if item.get("inbound_nodes"):
            item["inbound_nodes"] = list(item["inbound_nodes"])
        if isinstance(item["config"].get("layers"), list | tuple):
            _open(item["config"])
    return model


def _lists(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _lists(one) for key, one in value.items()}
    return [_lists(one) for one in value] if isinstance(value, list | tuple) else value


def own_name(item: Config) -> str:
    """A listed layer's name within its model."""
    return str(item.get("name") or item["config"].get("name") or item["class_name"])


def members(model: Config) -> list[dict[str, Json]]:
    """The layers that a model lists."""
    found: list[dict[str, Json]] = model["layers"]
    return found


def places(model: dict[str, Json], prefix: str) -> Iterator[Place]:
    """All layers of a model, those of models inside it too."""
    for item in members(model):
        here = Place(model, item, prefix)
        yield here
        if here.nested:
            yield from places(item["config"], f"{here.path}/")


def units_of(place: Place) -> int:
    """How many units a layer has by its configuration."""
    return int(number(place.config.get("units"), 0))


LEFT_OUT = {"recurrent_kernel": "orthogonal", "pointwise_kernel": "glorot_uniform", "moving_variance": "ones",
            "moving_mean": "zeros"}  # fmt: skip
"""Keras's defaults for weights whose initializer the configuration of the layer around them does not tell."""
KERNELS = ("kernel", "recurrent_kernel", "depthwise_kernel", "pointwise_kernel", "embeddings")
HOLDS_MOMENTS = ("Normalization",)
"""Layers whose arrays are told from the data; to draw them makes no sense."""


def redraw(editable: EditableSpec, edit: Redraw, seed: int) -> None:
    """Re-initialise a layer's weights; of a model, those of all its layers."""
    place = editable.find(edit.layer)
    inside = list(places(place.config, f"{place.path}/")) if place.nested else [place]
    owners = [one for one in inside if editable.weights.get(one.path) and one.kind not in HOLDS_MOMENTS]
    if not owners:
        raise EditError(f"layer '{edit.layer}' has no weights to draw")
    for owner in owners:
        _redraw(editable, owner, edit, seed)


def _redraw(editable: EditableSpec, place: Place, edit: Redraw, seed: int) -> None:
    arrays = editable.weights[place.path]
    for name, old in arrays.items():
        last = plain(name)
        given = edit.initializer if last in KERNELS else edit.bias if last == "bias" else None
        spec = given if given is not None else place.config.get(f"{last}_initializer")
        fresh = drawn(place, name, np.shape(old), spec, (seed, edit.seed)).astype(old.dtype)
        if edit.units is not None:
            units = list(edit.units)
            if not old.ndim or max(units) >= old.shape[-1]:
                raise EditError(f"layer '{place.path}' has no unit {max(units)}")
            fresh = np.concatenate([old[..., :0], old], axis=-1)
            fresh[..., units] = drawn(place, name, np.shape(old), spec, (seed, edit.seed)).astype(old.dtype)[..., units]
        elif given is not None and f"{last}_initializer" in place.config:
            place.config[f"{last}_initializer"] = given
        arrays[name] = fresh


def drawn(place: Place, name: str, shape: tuple[int, ...], spec: Json, seeds: tuple[int, ...]) -> Stored:
    """Values for one weight; the same for the same seeds, whatever else is drawn."""
    last = plain(name)
    if spec is None:
        spec = LEFT_OUT.get(last)
    words = f"{place.path}:{name}".encode()
    rng = np.random.default_rng([*seeds, zlib.crc32(words)])
    found = draw(spec, last, shape, rng)
    if found is None:
        raise EditError(f"layer '{place.path}' has an initializer of its own for '{name}', which cannot be drawn here")
    return found


def plain(name: str) -> str:
    """A weight's name without the layers inside the layer, and without the number of one that comes again."""
    return name.rpartition("/")[2].partition(":")[0]


def set_weights(editable: EditableSpec, edit: SetWeights) -> None:
    """Set one weight."""
    place = editable.find(edit.layer)
    arrays = editable.weights.get(place.path, {})
    if edit.name not in arrays:
        have = ", ".join(arrays) or "none"
        raise EditError(f"layer '{edit.layer}' has no weight '{edit.name}'; it has: {have}")
    old = arrays[edit.name]
    if np.shape(edit.values) != old.shape:
        raise EditError(f"'{edit.name}' of layer '{edit.layer}' has the shape {old.shape}, not {np.shape(edit.values)}")
    arrays[edit.name] = np.asarray(edit.values).astype(old.dtype)
