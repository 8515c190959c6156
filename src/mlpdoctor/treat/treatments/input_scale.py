"""Inputs on one scale: an adapted Normalization, or a layer that standardises."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import listing, quoted
from mlpdoctor.nn.layers.graph import EntryLayer, entry_layers, users
from mlpdoctor.treat.case import Case, Columns, Nothing, Proposal, Treatment, columns, treatment
from mlpdoctor.treat.editing.edits import Edit, InsertAfter, InsertBefore, NewLayer, SetWeights
from mlpdoctor.treat.editing.model_queries import told_layers
from mlpdoctor.treat.treatments.fresh_weights import fresh

STORED = {"Normalization": ("mean", "variance"), "BatchNormalization": ("moving_mean", "moving_variance")}


@treatment("W308", symptoms="L502 L504 D702")
def adapt_normalization(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Gives normalising layers the moments of the data.

    What it changes
        Mean and variance stored in the Normalization and BatchNormalization layers become those of what enters them on
        these rows. What stands behind a Normalization that was never adapted has learned on raw columns, so all
        weights are re-initialised there, for the control as well.
    Why it proves the cause
        A BatchNormalization was trained on the moments of its batches: with those of the data in place the loss drops
        before any training. For a Normalization both sides start afresh and differ in the moments alone.
    Keeps
        The architecture, the optimizer, the loss.
    Refuted by
        A loss no lower than the control's.
    """
    network = case.network
    named = told_layers(finding)
    every = [layer for layer in network.layers if STORED.get(layer.kind, ("",))[0] in layer.weights]
    chosen = [layer for layer in every if layer.name in named] or every
    edits = [edit for layer in chosen for edit in _moments(layer, case)]
    if not edits:
        yield Nothing("no layer stores moments that could be told from the data")
        return
    batch = all(layer.kind == "BatchNormalization" for layer in chosen)
    shared: tuple[Edit, ...] = () if batch else fresh(network)
    names = listing([layer.short_name for layer in chosen])
    yield Treatment(
        "adapt-normalization",
        ("W308",),
        (*edits, *shared),
        f"give {names} the moments of these data" + ("" if batch else ", from fresh weights"),
        "\n".join(
            f"BatchNormalization(momentum=0.9, name={quoted(layer.short_name)})"
            if layer.kind == "BatchNormalization"
            else f"{layer.short_name}.adapt(x_train)"
            for layer in chosen
        ),
        shared,
    )


def _moments(layer: Layer, case: Case) -> list[Edit]:
    network = case.network
    position = next(k for k, node in enumerate(network.nodes) if node.layer is layer)
    behind = case.behind(network.nodes[position].sources[0])
    if behind is None or layer.config.get("axis", -1) not in (-1, [-1], behind[0].ndim - 1, [behind[0].ndim - 1]):
        return []
    seen = columns(behind[0])
    if not (np.isfinite(seen.mean).all() and np.isfinite(seen.deviation).all()):
        return []
    mean, variance = STORED[layer.kind]
    shape = layer.weights[mean].shape
    if np.size(seen.mean) != int(np.prod(shape)):
        return []
    return [
        SetWeights(layer.name, mean, seen.mean.reshape(shape)),
        SetWeights(layer.name, variance, np.square(seen.deviation).reshape(shape)),
    ]


WRITTEN = 4
"""Moments of so many columns are written out; of more the code adapts the layer."""


@treatment("D702 G605", symptoms="G603 G604 G606 L502 L504 U401 U402 U404 W305", companion=5)
def standardise_inputs(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Standardises what enters the first learned layers, by a Normalization layer inside the model.

    What it changes
        A Normalization layer with the mean and variance of the data's columns comes before the first learned layers,
        or the one that stands there is given them. All weights are re-initialised, for the control as well: the old
        ones were learned on the old scale.
    Why it proves the cause
        Both sides start afresh and differ in the scale of the inputs alone.
    Keeps
        The architecture, loss and optimizer; the model takes the same columns as before.
    Refuted by
        The control gets as far from fresh weights without it.
    """
    network = case.network
    entered = entering(case)
    if not entered:
        yield Nothing("no Dense layer sees columns of numbers whose scale could be told")
        return
    if (finding is None or finding.code != "D702") and all(seen.ordinary for _, seen in entered):
        yield Nothing("the inputs are on an ordinary scale")
        return
    edits, names = inserted(network, entered)
    shared: tuple[Edit, ...] = fresh(network)
    yield Treatment(
        "standardise-inputs",
        ("D702", "G605"),
        (*edits, *shared),
        f"standardise what enters {listing(names)}, from fresh weights",
        code(entered),
        shared,
    )


def entering(case: Case) -> list[tuple[EntryLayer, Columns]]:
    """The first learned layers with the moments of what enters each; without those that cannot be told."""
    network, found = case.network, []
    for door in entry_layers(network):
        if door.channels not in (None, -1):
            continue  # Normalization is put on the last axis
        start = door.first_feature if door.raw else _start(network, door.source)
        shape = network.nodes[door.source].shape
        if start is not None and shape is not None and None not in shape:
            sides = [side or 0 for side in shape]
            values = case.features[:, start : start + int(np.prod(sides))]
            found.append((door, columns(values.reshape(len(values), *sides))))
        elif (behind := case.behind(door.source)) is not None:
            found.append((door, columns(behind[0])))
    return [(door, seen) for door, seen in found if np.isfinite(seen.mean).all() and np.isfinite(seen.deviation).all()]


def _start(network: Network, source: int) -> int | None:
    """The first of the features that an input takes; None for a node that is none."""
    if source not in network.inputs:
        return None
    place = network.inputs.index(source)
    widths = network.input_widths[:place]
    return None if None in widths else sum(width or 0 for width in widths)


def inserted(network: Network, entered: list[tuple[EntryLayer, Columns]]) -> tuple[tuple[Edit, ...], list[str]]:
    """The edits that standardise, and the layers that take the standardised values."""
    edits: list[Edit] = []
    names: list[str] = []
    following = users(network)
    done: set[int] = set()
    for door, seen in entered:
        names.append(door.layer.short_name)
        if door.source in done:
            continue
        source = network.nodes[door.source].layer
        if source.kind == "Normalization" and "mean" in source.weights:
            shape = source.weights["mean"].shape
            edits.append(SetWeights(source.name, "mean", np.broadcast_to(seen.mean, shape)))
            edits.append(SetWeights(source.name, "variance", np.broadcast_to(np.square(seen.deviation), shape)))
            done.add(door.source)
            continue
        new = normalization(seen)
        others = [user for user in following[door.source] if user != door.node]
        if others and {door.node for door, _ in entered} >= set(others):
            edits.append(InsertAfter(source.name, new))
            done.add(door.source)
        else:
            edits.append(InsertBefore(door.layer.name, new))
    return tuple(edits), names


def normalization(seen: Columns) -> NewLayer:
    """A Normalization layer that holds these moments in its configuration, so that it needs no weights."""
    mean, variance = seen.mean.tolist(), np.square(seen.deviation).tolist()
    return NewLayer("Normalization", {"axis": -1, "mean": mean, "variance": variance, "invert": False})


def code(entered: list[tuple[EntryLayer, Columns]]) -> str:
    """The layer as a user writes it."""
    door, seen = entered[0]
    if len(entered) == 1 and len(seen.mean) <= WRITTEN:
        mean, variance = ([float(f"{value:.4g}") for value in part] for part in (seen.mean, np.square(seen.deviation)))
        return f"keras.layers.Normalization(mean={mean}, variance={variance})  # before {door.layer.short_name}"
    return "norm = keras.layers.Normalization(); norm.adapt(x_train)  # before the first Dense layer"
