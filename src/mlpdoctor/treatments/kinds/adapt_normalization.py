"""Moments of the data for layers that normalise."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.finding import Finding
from mlpdoctor.network import Layer
from mlpdoctor.treatments.anatomy import own, told_layers
from mlpdoctor.treatments.edits import Edit, SetWeights
from mlpdoctor.treatments.kinds.redraw_weights import fresh
from mlpdoctor.treatments.patient import Patient, columns
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment
from mlpdoctor.wording import listing

STORED = {"Normalization": ("mean", "variance"), "BatchNormalization": ("moving_mean", "moving_variance")}


@treatment("W308", symptoms="L502 L504 D702")
def adapt_normalization(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Gives normalising layers the moments of the data.

    What it changes
        Mean and variance stored in the Normalization and BatchNormalization layers become those of what enters them on
        these rows. What stands behind a Normalization that was never adapted has learned on raw columns, so all
        weights are drawn anew there, for the control as well.
    Why it proves the cause
        A BatchNormalization was trained on the moments of its batches: with those of the data in place the loss drops
        before any training. For a Normalization both sides start afresh and differ in the moments alone.
    Keeps
        The architecture, the optimizer, the loss.
    Refuted by
        A loss no lower than the control's.
    """
    network = patient.network
    named = told_layers(finding)
    every = [layer for layer in network.layers if STORED.get(layer.kind, ("",))[0] in layer.weights]
    chosen = [layer for layer in every if layer.name in named] or every
    edits = [edit for layer in chosen for edit in _moments(layer, patient)]
    if not edits:
        yield Nothing("no layer stores moments that could be told from the data")
        return
    batch = all(layer.kind == "BatchNormalization" for layer in chosen)
    shared: tuple[Edit, ...] = () if batch else fresh(network)
    names = listing([own(layer.name) for layer in chosen])
    yield Treatment(
        "adapt-normalization",
        ("W308",),
        (*edits, *shared),
        f"give {names} the moments of these data" + ("" if batch else ", and draw the weights anew"),
        "\n".join(
            f'BatchNormalization(momentum=0.9, name="{own(layer.name)}")'
            if layer.kind == "BatchNormalization"
            else f"{own(layer.name)}.adapt(x_train)"
            for layer in chosen
        ),
        shared,
        "the loss is no lower with the moments of the data",
    )


def _moments(layer: Layer, patient: Patient) -> list[Edit]:
    network = patient.network
    position = next(k for k, node in enumerate(network.nodes) if node.layer is layer)
    behind = patient.behind(network.nodes[position].sources[0])
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
