"""Fresh weights: for dead units, for the whole network, at the right scale beside the old one."""

import math
from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import count, listing, short
from mlpdoctor.nn.initializers import fans
from mlpdoctor.nn.layers.properties import activation_of
from mlpdoctor.treat.case import Case, Nothing, Proposal, Treatment, treatment
from mlpdoctor.treat.editing.edits import Edit, Json, Redraw
from mlpdoctor.treat.editing.model_queries import (
    drawable,
    fitting_initializer,
    hidden,
    learned,
    line,
    own,
    sane_initializer,
    told_layers,
)


@treatment("U401 W305", symptoms="U404")
def redraw_dead_units(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Re-initialises dead ReLU units and leaves the live ones as they are.

    What it changes
        The incoming weights of the units that are zero on every row: he_uniform, and a small bias of either sign.
    Why it proves the cause
        The live units are the same. What the treated model gains over the control, the units that came back did.
    Keeps
        All other weights, the architecture, the optimizer.
    Refuted by
        The units die again, or live and save nothing.
    """
    named = told_layers(finding)
    dead = {name: units for name, units in _dead(case).items() if not named or name in named}
    dead = dead or _dead(case)
    if not dead:
        yield Nothing("no hidden layer has dead units of its own")
        return
    edits: tuple[Edit, ...] = tuple(
        Redraw(name, tuple(units), "he_uniform", "random_normal") for name, units in dead.items()
    )
    layers = {layer.name: layer for layer in case.network.layers}
    total = sum(len(units) for units in dead.values())
    yield Treatment(
        "redraw-dead-units",
        ("U401", "W305"),
        edits,
        f"re-initialise the {count(total, 'dead unit')} of {listing([own(name) for name in dead])}",
        "\n".join(
            line(layers[name], kernel_initializer="he_uniform", bias_initializer="random_normal") for name in dead
        ),
    )


def _dead(case: Case) -> dict[str, list[int]]:
    """Dead units of hidden Dense layers, by the layer that owns them."""
    network = case.network
    gated = [layer for layer in hidden(network) if _gated(case, layer) is not None]
    places = [position for layer in gated if (position := _gated(case, layer)) is not None]
    seen = case.behind(*places)
    if seen is None:
        return {}
    found: dict[str, list[int]] = {}
    for layer, values in zip(gated, seen, strict=True):
        units = np.flatnonzero((values.reshape(-1, values.shape[-1]) == 0).all(axis=0)).tolist()
        if units:
            found[layer.name] = units
    return found


def _gated(case: Case, layer: Layer) -> int | None:
    """The node behind which a layer's units can be dead: its own, or a rectifier right after it."""
    network = case.network
    for position, node in enumerate(network.nodes):
        if node.layer is layer:
            function = activation_of(layer)
            if function is None or function.gated:
                return position if function is not None else None
            users = [k for k, other in enumerate(network.nodes) if position in other.sources]
            after = activation_of(network.nodes[users[0]].layer) if len(users) == 1 else None
            return users[0] if function.affine and after is not None and after.gated else None
    return None


@treatment(
    "W303 W302 W301 U402 U404 U405 W305 G602",
    symptoms="U401 G601 G606 L501 L502 L504 L506 U403 A107 G603 D713",
    companion=3,
)
def redraw_weights(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Re-initialises all weights, each kernel by the initializer that suits what follows it.

    What it changes
        The values of all trainable weights: he_uniform before relu and its kin, glorot_uniform elsewhere, biases from
        their own initializer. Layers that hold moments of the data and frozen ones are left alone.
    Why it proves the cause
        Architecture, loss, optimizer and data are the same. If training now gets further, where it started from, or
        where it had got lost, is what held it.
    Keeps
        Everything but the weights.
    Refuted by
        The loss comes back to where it was.
    """
    del finding
    layers = drawable(case.network)
    if not layers:
        yield Nothing("no layer has weights that training changes")
        return
    edits = suited(case.network)
    names = dict.fromkeys(edit.initializer for edit in edits if edit.initializer)
    first = next((layer for layer in layers if "kernel" in layer.weights), layers[0])
    yield Treatment(
        "redraw-weights",
        ("G602", "W301", "W302", "W303", "W305", "U401", "U402", "U404", "U405"),
        edits,
        f"re-initialise all weights ({' and '.join(names) or 'their own initializers'})",
        code(case.network, first),
    )


def suited(network: Network) -> tuple[Redraw, ...]:
    """Fresh weights for all layers, by the initializer that suits each."""
    return tuple(
        Redraw(layer.name, initializer=fitting_initializer(network, layer) if "kernel" in layer.weights else None)
        for layer in drawable(network)
    )


def fresh(network: Network) -> tuple[Redraw, ...]:
    """Fresh weights for all layers, by the file's own initializers where those look at the number of inputs."""
    return tuple(
        Redraw(
            layer.name,
            initializer=fitting_initializer(network, layer)
            if "kernel" in layer.weights and not sane_initializer(layer)
            else None,
        )
        for layer in drawable(network)
    )


def code(network: Network, layer: Layer) -> str:
    """The line of one layer."""
    return line(layer, kernel_initializer=fitting_initializer(network, layer))


TWICE = 2.0
"""A kernel more than twice or less than half the size of a fresh one was drawn, or has become, another."""


@treatment("W303")
def scale_weights(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Draws weights at the right scale, against a control that re-initialises them at the old one.

    What it changes
        All weights are re-initialised. The kernels that the finding names, and all others of twice or half the size of
        fresh ones, get the scale of glorot_uniform or he_uniform; in the control they get normal numbers of their
        present size.
    Why it proves the cause
        Both sides start afresh, so that a lucky restart counts for neither. What is left between them is the scale.
    Keeps
        The architecture, the optimizer, the loss.
    Refuted by
        The control learns as much from fresh weights of the old scale: it was the restart that helped.
    """
    network = case.network
    named = told_layers(finding, "layers")
    anew = suited(network)
    meant = [layer for layer in learned(network) if layer.name in named or _off(layer) > TWICE]
    sizes = {layer.name: _size(layer) for layer in meant}
    ill = {name: size for name, size in sizes.items() if np.isfinite(size) and size > 0}
    if not ill:
        yield Nothing("no kernel is of another size than a fresh one")
        return
    old: tuple[Edit, ...] = tuple(
        Redraw(edit.layer, initializer=_normal(ill[edit.layer])) if edit.layer in ill else edit for edit in anew
    )
    fitting = {edit.layer: edit.initializer for edit in anew}
    layers = {layer.name: layer for layer in network.layers}
    told = [f"{own(name)} {short(size, 2)}" for name, size in ill.items()]
    yield Treatment(
        "scale-weights",
        ("W303",),
        (*old, *anew),
        f"re-initialise the weights at the right scale; the control keeps size {listing(told)}",
        "\n".join(line(layers[name], kernel_initializer=fitting[name]) for name in ill),
        old,
    )


def _off(layer: Layer) -> float:
    """How many times larger or smaller a kernel is than those that Glorot or He would draw; infinite for zeros."""
    enter, leave = fans(layer.weights["kernel"].shape)
    size = _size(layer)
    return max(size / math.sqrt(2 / enter), math.sqrt(2 / (enter + leave)) / size) if size > 0 else math.inf


def _size(layer: Layer) -> float:
    """Root mean square of a kernel."""
    return float(np.sqrt(np.mean(np.square(np.asarray(layer.weights["kernel"], np.float64)))))


def _normal(size: float) -> Json:
    config = {"mean": 0.0, "stddev": size, "seed": None}
    return {"module": "keras.initializers", "class_name": "RandomNormal", "config": config, "registered_name": None}
