"""Targets on one scale, by a layer behind the output."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.contract.reading import Reading, reading_of
from mlpdoctor.finding import Finding
from mlpdoctor.layers.nature import activation_of
from mlpdoctor.treatments.anatomy import Head, adaptive, heads, own, rate
from mlpdoctor.treatments.edits import Compile, Edit, InsertAfter, NewLayer
from mlpdoctor.treatments.kinds.redraw_weights import fresh
from mlpdoctor.treatments.patient import Columns, Patient, columns
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment

SQUARED = "meansquarederror"


@treatment("D703", symptoms="G602 G603 G604 L502 L504 U401 U404 O209", companion=6)
def scale_targets(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Lets the network learn standardised targets and answer in the data's units.

    What it changes
        A Rescaling layer behind the output multiplies by the targets' standard deviation and adds their mean, so that
        the layers before it have to answer numbers of size 1. The loss means what it meant. Plain gradient descent is
        given the rate divided by what the factor does to the gradient; optimizers that divide by its size need no
        such thing. All weights are drawn anew, for the control as well.
    Why it proves the cause
        Both sides start afresh and differ in the scale of what the network has to answer alone.
    Keeps
        The architecture, the loss and its unit, the data.
    Refuted by
        The control gets as far from fresh weights without it.
    """
    network = patient.network
    fitting = [head for head in heads(network, patient.targets.shape[1]) if _regression(head, patient)]
    if finding is None or finding.code != "D703":
        fitting = [head for head in fitting if head.columns and not _seen(head, patient).ordinary]
    if not fitting:
        yield Nothing("no output has amounts of an unusual size for targets")
        return
    edits: list[Edit] = []
    factors, lines = [], []
    for head in fitting:
        seen = _seen(head, patient)
        scale, offset = seen.deviation.tolist(), seen.mean.tolist()
        last = network.nodes[network.outputs[head.number]].layer
        options = {"scale": scale, "offset": offset} if len(scale) > 1 else {"scale": scale[0], "offset": offset[0]}
        edits.append(InsertAfter(last.name, NewLayer("Rescaling", options)))
        squared = head.ending.loss is not None and SQUARED in head.ending.loss.names
        factors.append(float(np.sqrt(np.mean(np.square(seen.deviation)))) ** (2 if squared else 1))
        numbers = ", ".join(f"{key}={_short(value)}" for key, value in options.items())
        lines.append(f"keras.layers.Rescaling({numbers})  # behind {own(last.name)}")
    now = rate(network)
    if not adaptive(network) and now is not None:
        edits.append(Compile("learning_rate", now / max(factors)))
    shared: tuple[Edit, ...] = fresh(network)
    yield Treatment(
        "scale-targets",
        ("D703",),
        (*edits, *shared),
        "let the network answer standardised targets, turned back by a Rescaling layer, and draw the weights anew",
        "\n".join(lines),
        shared,
        "the same network learns as much from fresh weights on the raw targets",
    )


def _regression(head: Head, patient: Patient) -> bool:
    """Whether an output answers amounts with nothing but a straight line at its end."""
    config = head.ending.config
    node = patient.network.nodes[patient.network.outputs[head.number]]
    last = activation_of(node.layer)
    reading = None if config is None else reading_of(config)
    return (
        head.columns is not None
        and head.ending.units == head.columns[1] - head.columns[0]
        and reading is Reading.NUMBER
        and head.ending.loss is not None
        and "meanabsolutepercentageerror" not in head.ending.loss.names
        and last is not None
        and last.affine
        and (head.ending.activation is None or head.ending.activation.affine)
    )


def _seen(head: Head, patient: Patient) -> Columns:
    first, last = head.columns or (0, 0)
    return columns(patient.targets[:, first:last])


def _short(value: float | list[float]) -> str:
    return f"{value:.5g}" if isinstance(value, float) else f"[{', '.join(f'{one:.5g}' for one in value)}]"
