"""Treatments of what single layers can do: more units, a sharper first layer, and frozen weights set free."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import listing, quoted
from mlpdoctor.nn.layers.graph import adjustable, entry_layers, followers
from mlpdoctor.nn.layers.properties import activation_of, is_learned
from mlpdoctor.treat.case import Case, Nothing, Proposal, Treatment, treatment
from mlpdoctor.treat.editing.edits import Edit, Json, Redraw, SetOption, Widen
from mlpdoctor.treat.editing.model_queries import (
    HOLDS_MOMENTS,
    fitting_initializer,
    hidden,
    line,
    own,
    sane_initializer,
    told_layers,
    told_number,
)
from mlpdoctor.treat.treatments.fresh_weights import fresh

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
        their weights, and new ones are given weight zero by what follows, so that the model predicts as before. New
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


UNITS = 64
"""Random features are drawn, not learned: it takes many."""


@treatment("D714")
def sharpen_first_layer(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Draws the first layer's weights at the frequency of the target, so that its units bend once a swing.

    What it changes
        The first Dense layer gets at least 64 units, kernel weights of the size of the frequency found, and biases
        that spread the bends over the rows. All other weights are re-initialised, for the control as well.
    Why it proves the cause
        Both sides start afresh and differ in the frequency that the first layer sees. Sines and cosines of the input
        as features do better still; they are no layer of Keras's, so that this trial does without.
    Keeps
        The architecture but for that width, the optimizer, the loss.
    Refuted by
        The control gets as far from fresh weights.
    """
    told = None if finding is None else finding.evidence.numbers.get("angular_frequency")
    found = entry_layers(case.network)
    door = found[0] if len(found) == 1 and found[0].raw else None
    if door is None or door.layer.kind != "Dense" or not isinstance(told, dict) or not told:
        yield Nothing("no swing was found that a first Dense layer sees as it is")
        return
    wave = max(float(value) for value in told.values() if isinstance(value, int | float))
    reach = wave * float(np.abs(case.features).max())
    name, units = door.layer.name, int(door.layer.config.get("units", 0))
    shared: tuple[Edit, ...] = fresh(case.network)
    wider: tuple[Edit, ...] = (Widen(name, UNITS),) if units < UNITS else ()
    sharp = Redraw(name, None, _drawn("RandomNormal", mean=0.0, stddev=wave),
                   _drawn("RandomUniform", minval=-reach, maxval=reach))  # fmt: skip
    yield Treatment(
        "sharpen-first-layer",
        ("D714",),
        (*shared, *wider, sharp),
        f"draw the weights of {own(name)} at {wave:.3g} radians a unit, for {max(units, UNITS)} units",
        f"Dense({max(units, UNITS)}, kernel_initializer=keras.initializers.RandomNormal(stddev={wave:.3g}), "
        f"bias_initializer=keras.initializers.RandomUniform({-reach:.3g}, {reach:.3g}), name={quoted(own(name))})",
        shared,
    )


def _drawn(kind: str, **options: float) -> Json:
    config = {**options, "seed": None}
    return {"module": "keras.initializers", "class_name": kind, "config": config, "registered_name": None}


@treatment("A103", symptoms="L502 L504 U405")
def unfreeze(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Lets frozen layers train.

    What it changes
        The option trainable of the frozen layers named, or of all that have weights to train. A second trial draws
        their weights again as well: what was frozen may be of no use.
    Why it proves the cause
        All weights are the same at the start of the first trial. What the treated side gains, the frozen layers had
        kept.
    Keeps
        All other weights, the architecture, the optimizer.
    Refuted by
        A loss no lower than the control's.
    """
    named = told_layers(finding, "frozen_layers")
    frozen = [layer for layer in case.network.layers if not layer.trainable and adjustable(layer)]
    chosen = [layer for layer in frozen if layer.name in named] or frozen
    if not chosen:
        yield Nothing("no layer is frozen")
        return
    edits: tuple[Edit, ...] = tuple(SetOption(layer.name, "trainable", True) for layer in chosen)
    yield Treatment(
        "unfreeze",
        ("A103",),
        edits,
        f"let {listing([layer.short_name for layer in chosen])} train",
        "\n".join(f"model.get_layer({quoted(layer.short_name)}).trainable = True" for layer in chosen),
    )
    drawn = [layer for layer in chosen if layer.kind not in HOLDS_MOMENTS and layer.registered is None]
    if finding is not None and drawn:
        names = listing([layer.short_name for layer in chosen])
        anew: tuple[Edit, ...] = tuple(
            Redraw(layer.name, initializer=fitting_initializer(case.network, layer) if is_learned(layer) else None)
            for layer in drawn
        )
        yield Treatment(
            "unfreeze",
            ("A103",),
            (*edits, *anew),
            f"let {names} train, from fresh weights",
            "\n".join(f"model.get_layer({quoted(layer.short_name)}).trainable = True" for layer in chosen),
        )
