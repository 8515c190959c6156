"""Fresh weights at the right scale, beside fresh weights at the old one."""

import math
from collections.abc import Iterator

import numpy as np

from mlpdoctor.curvature.initializers import fans
from mlpdoctor.finding import Finding
from mlpdoctor.network import Layer
from mlpdoctor.treatments.anatomy import learned, line, own, told_layers
from mlpdoctor.treatments.edits import Edit, Redraw
from mlpdoctor.treatments.kinds.redraw_weights import suited
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.spec import Json
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment
from mlpdoctor.wording import listing, short

TWICE = 2.0
"""A kernel more than twice or less than half the size of a fresh one was drawn, or has become, another."""


@treatment("W303")
def scale_weights(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Draws weights at the right scale, against a control that draws them anew at the old one.

    What it changes
        All weights are drawn anew. The kernels that the finding names, and all others of twice or half the size of
        fresh ones, get the scale of glorot_uniform or he_uniform; in the control they get normal numbers of their
        present size.
    Why it proves the cause
        Both sides start afresh, so that a lucky restart counts for neither. What is left between them is the scale.
    Keeps
        The architecture, the optimizer, the loss.
    Refuted by
        The control learns as much from fresh weights of the old scale: it was the restart that helped.
    """
    network = patient.network
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
        f"draw the weights at the right scale; the control draws those of size {listing(told)} anew at that size",
        "\n".join(line(layers[name], kernel_initializer=fitting[name]) for name in ill),
        old,
        "fresh weights of the old scale learn as much",
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
