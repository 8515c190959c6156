"""Fresh weights, drawn as Keras draws them."""

import zlib

import numpy as np

from mlpdoctor.core.network import Stored
from mlpdoctor.nn.initializers import draw
from mlpdoctor.treat.editing.editable_spec import EditableSpec, Place, places
from mlpdoctor.treat.editing.edits import EditError, Json, Redraw, SetWeights

LEFT_OUT = {"recurrent_kernel": "orthogonal", "pointwise_kernel": "glorot_uniform", "moving_variance": "ones",
            "moving_mean": "zeros"}  # fmt: skip
"""Keras's defaults for weights whose initializer the configuration of the layer around them does not tell."""
KERNELS = ("kernel", "recurrent_kernel", "depthwise_kernel", "pointwise_kernel", "embeddings")
HOLDS_MOMENTS = ("Normalization",)
"""Layers whose arrays are told from the data; to draw them makes no sense."""


def redraw(editable: EditableSpec, edit: Redraw, seed: int) -> None:
    """Draw a layer's weights anew; of a model, those of all its layers."""
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
