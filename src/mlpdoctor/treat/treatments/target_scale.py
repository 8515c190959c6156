"""Data and targets on the scale that the model was trained for, or that suits it."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.network import Array
from mlpdoctor.nn.expectation import Expectation
from mlpdoctor.nn.heads import output_heads
from mlpdoctor.nn.layers.properties import activation_of
from mlpdoctor.nn.output_head import OutputHead
from mlpdoctor.treat.case import Case, Columns, Nothing, Proposal, Treatment, columns, treatment
from mlpdoctor.treat.editing.edits import Compile, Edit, InsertAfter, InsertBefore, NewLayer
from mlpdoctor.treat.editing.model_queries import adaptive, rate
from mlpdoctor.treat.treatments.fresh_weights import fresh
from mlpdoctor.treat.treatments.input_scale import entering, normalization

UNCHANGED = "as they are"
Affine = Callable[[Array], Columns]
SCALINGS: Mapping[str, Affine] = {
    "standardised": columns,
    "scaled to 0..1": lambda values: _between(values, 0.0, 1.0),
    "scaled to -1..1": lambda values: _between(values, -1.0, 1.0),
    "divided by 255": lambda values: _fixed(values, 0.0, 255.0),
    "divided by 127.5, less 1": lambda values: _fixed(values, 127.5, 127.5),
    "divided by their largest": lambda values: Columns(
        np.zeros(values.shape[1]), np.maximum(np.abs(values).max(axis=0), 1e-300)
    ),
}
"""What is subtracted and divided by, for each way of scaling that D713 tries; logarithms are no such map."""


@treatment("D713")
def match_scale(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Brings the data to the scale on which the model was trained, by layers inside the model.

    What it changes
        A Normalization layer before the first learned layers, and where the targets were scaled too a Rescaling layer
        behind the output, with the moments that the finding's own trial used.
    Why it proves the cause
        Not one weight changes: where the loss drops before any training, the weights were good and the scale was not.
    Keeps
        All weights, the optimizer, the loss.
    Refuted by
        A loss no lower than before, without training.
    """
    numbers = {} if finding is None else finding.evidence.numbers
    of_features, of_targets = (str(numbers.get(key, default)) for key, default in
                               (("features", "standardised"), ("targets", UNCHANGED)))  # fmt: skip
    edits: list[Edit] = []
    if of_features != UNCHANGED:
        if of_features not in SCALINGS:
            yield Nothing(f"features {of_features} are not had by a layer")
            return
        doors = [door for door, _ in entering(case) if door.raw and door.first_feature is not None]
        if not doors:
            yield Nothing("the first learned layers do not see the columns of the data")
            return
        for door in doors:
            start = door.first_feature or 0
            width = (case.network.nodes[door.source].shape or (0,))[-1] or 0
            seen = SCALINGS[of_features](case.features[:, start : start + width])
            edits.append(InsertBefore(door.layer.name, normalization(seen)))
    if of_targets != UNCHANGED:
        told = [head for head in output_heads(case.network, case.targets.shape[1]) if head.given is not None]
        if of_targets not in SCALINGS or not told:
            yield Nothing(f"targets {of_targets} are not had by a layer")
            return
        edits += [_behind(head, case, SCALINGS[of_targets]) for head in told]
    if not edits:
        yield Nothing("the data are on the model's scale as they are")
        return
    yield Treatment(
        "match-scale",
        ("D713",),
        tuple(edits),
        f"give the model features {of_features}" + (f", and targets {of_targets}" if of_targets != UNCHANGED else ""),
        "norm = keras.layers.Normalization(); norm.adapt(x_train)  # before the first Dense layer",
    )


def _behind(head: OutputHead, case: Case, scaling: Affine) -> Edit:
    seen = scaling(case.targets[:, head.given or slice(0)])
    node = case.network.outputs[head.output]
    options = {"scale": seen.deviation.tolist(), "offset": seen.mean.tolist()}
    return InsertAfter(case.network.nodes[node].layer.name, NewLayer("Rescaling", options))


def _between(values: Array, low: float, high: float) -> Columns:
    least, most = values.min(axis=0), values.max(axis=0)
    span = np.where(most > least, most - least, 1.0) / (high - low)
    return Columns(least - low * span, span)


def _fixed(values: Array, mean: float, deviation: float) -> Columns:
    width = values.shape[1]
    return Columns(np.full(width, mean), np.full(width, deviation))


SQUARED = "meansquarederror"


@treatment("D703", symptoms="G602 G603 G604 L502 L504 U401 U404 O209", companion=6)
def scale_targets(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Lets the network learn standardised targets and answer in the data's units.

    What it changes
        A Rescaling layer behind the output multiplies by the targets' standard deviation and adds their mean, so that
        the layers before it have to answer numbers of size 1. The loss means what it meant. Plain gradient descent is
        given the rate divided by what the factor does to the gradient; optimizers that divide by its size need no
        such thing. All weights are re-initialised, for the control as well.
    Why it proves the cause
        Both sides start afresh and differ in the scale of what the network has to answer alone.
    Keeps
        The architecture, the loss and its unit, the data.
    Refuted by
        The control gets as far from fresh weights without it.
    """
    network = case.network
    fitting = [head for head in output_heads(network, case.targets.shape[1]) if _regression(head, case)]
    if finding is None or finding.code != "D703":
        fitting = [head for head in fitting if head.given and not _seen(head, case).ordinary]
    if not fitting:
        yield Nothing("no output has amounts of an unusual size for targets")
        return
    edits: list[Edit] = []
    factors, lines = [], []
    for head in fitting:
        seen = _seen(head, case)
        scale, offset = seen.deviation.tolist(), seen.mean.tolist()
        last = network.nodes[network.outputs[head.output]].layer
        options = {"scale": scale, "offset": offset} if len(scale) > 1 else {"scale": scale[0], "offset": offset[0]}
        edits.append(InsertAfter(last.name, NewLayer("Rescaling", options)))
        squared = head.known_loss is not None and SQUARED in head.known_loss.names
        factors.append(float(np.sqrt(np.mean(np.square(seen.deviation)))) ** (2 if squared else 1))
        numbers = ", ".join(f"{key}={_short(value)}" for key, value in options.items())
        lines.append(f"keras.layers.Rescaling({numbers})  # behind {last.short_name}")
    now = rate(network)
    if not adaptive(network) and now is not None:
        edits.append(Compile("learning_rate", now / max(factors)))
    shared: tuple[Edit, ...] = fresh(network)
    yield Treatment(
        "scale-targets",
        ("D703",),
        (*edits, *shared),
        "let the network predict standardised targets, turned back by a Rescaling layer, from fresh weights",
        "\n".join(lines),
        shared,
    )


def _regression(head: OutputHead, case: Case) -> bool:
    """Whether an output answers amounts with nothing but a straight line at its end."""
    node = case.network.nodes[case.network.outputs[head.output]]
    last = activation_of(node.layer)
    return (
        head.given is not None
        and head.known_units == head.given.stop - head.given.start
        and head.known_expectation is Expectation.NUMBER
        and head.known_loss is not None
        and "meanabsolutepercentageerror" not in head.known_loss.names
        and last is not None
        and last.affine
        and (head.known_function is None or head.known_function.affine)
    )


def _seen(head: OutputHead, case: Case) -> Columns:
    return columns(case.targets[:, head.given or slice(0)])


def _short(value: float | list[float]) -> str:
    return f"{value:.5g}" if isinstance(value, float) else f"[{', '.join(f'{one:.5g}' for one in value)}]"
