"""More units in hidden layers."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import listing
from mlpdoctor.nn.layers.entry_layers import entry_layers
from mlpdoctor.nn.layers.graph import followers
from mlpdoctor.nn.layers.properties import activation_of
from mlpdoctor.treat.case import Case, Nothing, Proposal, Treatment, treatment
from mlpdoctor.treat.editing.edits import Edit, Json, Redraw, Widen
from mlpdoctor.treat.editing.model_queries import (
    fitting_initializer,
    hidden,
    line,
    own,
    sane_initializer,
    told_number,
)

FEW = 16
"""Layers of fewer units are made at least this wide."""
TIMES = 4
LOOKS_AT_ALL = frozenset({"LayerNormalization", "Softmax"})
FLAT = 3
"""Among few features the biases of new units must put their kinks all over the rows; many have room enough."""
WIDE = 256
"""Layers of so many units do not want for width."""


@treatment("L505 A102", symptoms="U401 U405 L501 L504 U403", companion=4)
def widen_layers(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Makes hidden layers wider.

    What it changes
        Hidden Dense layers get four times the units, at least 16, or as many as the finding asks for. Old units keep
        their weights, and new ones are given weight zero by what follows, so that the model answers as before. New
        units on few raw features get biases that spread their bends over the rows.
    Why it proves the cause
        Both sides start from the same answers. What the treated one gains, the new units did.
    Keeps
        All old weights, names, the optimizer, the loss.
    Refuted by
        A loss no lower than the control's.
    """
    network = case.network
    wanted = {layer.name: _units(layer, finding) for layer in hidden(network) if _can_grow(network, layer)}
    narrow = {name: units for name, units in wanted.items() if units is not None}
    if not narrow:
        yield Nothing("no hidden layer is narrow")
        return
    layers = {layer.name: layer for layer in network.layers}
    edits: tuple[Edit, ...] = tuple(Widen(name, units) for name, units in narrow.items())
    first = {door.layer.name for door in entry_layers(network) if door.raw}
    edits += tuple(
        Redraw(
            name,
            tuple(range(int(layers[name].config["units"]), units)),
            None if sane_initializer(layers[name]) else fitting_initializer(network, layers[name]),
            _spread(case) if name in first and case.features.shape[1] <= FLAT else None,
        )
        for name, units in narrow.items()
        if name in first or not sane_initializer(layers[name])
    )
    told = [f"{own(name)} {units} instead of {layers[name].config['units']}" for name, units in narrow.items()]
    yield Treatment(
        "widen-layers",
        ("L505", "A102"),
        edits,
        f"give {listing(told)} units",
        "\n".join(line(layers[name], units=units) for name, units in narrow.items()),
    )


def _can_grow(network: Network, layer: Layer) -> bool:
    """Whether new units meet nothing that looks at all units at once before the next kernels."""
    found = followers(network, layer)
    return (
        found is not None
        and not _shares(layer)
        and not any(place.layer.kind in LOOKS_AT_ALL or _shares(place.layer) for place in found.alike)
    )


def _shares(layer: Layer) -> bool:
    function = activation_of(layer)
    return function is None or function.derivative is None


def _units(layer: Layer, finding: Finding | None) -> int | None:
    """How many units a layer is to have; None where it has enough."""
    now = int(layer.config.get("units", 0))
    if finding is not None and finding.code == "A102":
        outputs = int(told_number(finding, "outputs") or 0)
        return max(TIMES * outputs, FEW) if now < outputs else None
    if now >= WIDE or layer.kind != "Dense":
        return None
    kinks = told_number(finding, "enough_kinks")
    return max(TIMES * int(kinks) if kinks else TIMES * now, FEW, now + 1)


def _spread(case: Case) -> Json:
    """An initializer of biases that puts kinks all over the rows: from zero they would lie in one place."""
    reach = float(np.abs(case.features).max())
    config = {"minval": -reach, "maxval": reach, "seed": None}
    return {"module": "keras.initializers", "class_name": "RandomUniform", "config": config, "registered_name": None}
