"""An output, a loss and labels that fit each other."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Finding
from mlpdoctor.core.network import Array, Layer
from mlpdoctor.facts.outputs.labels import Kind, Labels, tell
from mlpdoctor.nn.expectation import SPARSE_SPELT, Expectation, expectation_of
from mlpdoctor.nn.heads import output_heads
from mlpdoctor.nn.layers.properties import activation_of
from mlpdoctor.nn.output_head import OutputHead
from mlpdoctor.statistics.losses_and_targets import TargetCounts
from mlpdoctor.statistics.views import Targets
from mlpdoctor.treat.case import Case, Nothing, Proposal, Treatment, treatment
from mlpdoctor.treat.editing.edits import (
    Compile,
    Edit,
    InsertAfter,
    NewLayer,
    Recode,
    Redraw,
    Remove,
    Resize,
    SetOption,
)
from mlpdoctor.treat.editing.model_queries import line

JOINED = 1e-3
"""Shares add up to 1 this closely in a file of few digits."""
NUMBERS = (Expectation.NUMBER, Expectation.POSITIVE_NUMBER)
TWO = 2
OF_THE_HEAD = ("O201", "O202", "O203", "O204", "O205", "O206", "O207")


@dataclass(frozen=True)
class Fit:
    """An output that fits labels.

    Attributes:
        units: how many.
        activation: of the last layer.
        loss: by name; None to leave what is there.
        recode: what the labels need: ``how`` and ``number``; None for nothing.
    """

    units: int
    activation: str
    loss: str | None
    recode: tuple[str, float] | None = None


@treatment("O201 O202 O205 O206 O207", symptoms="O203 O204 O208 L502")
def fit_head(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Gives the output the activation, units and loss that go with its labels, and these the right spelling.

    What it changes
        Two labels: one sigmoid and binary cross-entropy. Classes: a softmax over as many units and (sparse) categorical
        cross-entropy. Several labels a row: sigmoids. Amounts: no activation and a squared error. Class numbers are
        counted from 0. The last layer's weights are re-initialised where its units or its activation change.
    Why it proves the cause
        Everything before the last layer is as it was. The two sides are compared by how often they are right, or by
        the part of the variance that they explain, for their losses are not the same.
    Keeps
        All other weights, the optimizer, the inputs.
    Refuted by
        The treated model is right no more often than the control.
    """
    if finding is not None and finding.code not in OF_THE_HEAD and not any(map(case.found, OF_THE_HEAD)):
        yield Nothing("no rule says that output, loss and labels do not fit each other")
        return
    found = output_heads(case.network, case.targets.shape[1])
    place = None if finding is None else finding.evidence.numbers.get("output")
    chosen = [head for head in found if place in (None, head.name)] or list(found)
    proposals = [_proposal(head, case) for head in chosen]
    if finding is not None and finding.code == "O204":
        proposals = [one for one, head in zip(proposals, chosen, strict=True) if not _amounts(head)]
    treatments = [one for one in proposals if isinstance(one, Treatment)]
    yield from treatments or proposals[:1]


def _proposal(head: OutputHead, case: Case) -> Proposal:
    if head.given is None:
        return Nothing(f"it cannot be told which target columns belong to the output {head.name}")
    first, last = head.given.start, head.given.stop
    labels = labels_of(case.targets[:, first:last])
    fit = fitting(labels, head)
    if fit is None:
        return Nothing(f"the targets of {head.name} are {labels.words}, which no output fits better than another")
    recode: tuple[Edit, ...] = ()
    if fit.recode is not None:
        recode = (Recode((first, last), fit.recode[0], fit.recode[1], head.output),)
    layer = head.layer
    changed = _of_layers(head, case, fit)
    if changed is None:
        return Nothing(
            f"the output is made by {layer.short_name}, a {layer.kind}, whose predictions cannot be replaced"
        )
    loss: tuple[Edit, ...] = ()
    if fit.loss is not None and not _same_loss(head, fit):
        loss = (Compile("loss", fit.loss, head.output),)
    edits = (*changed, *loss, *(_metrics(case, fit) if loss or recode else ()), *recode)
    if not edits:
        return Nothing(f"the output {head.name}, its loss and its labels fit each other")
    units = {"units": fit.units} if "units" in layer.config else {}
    code = line(layer, **units, activation=fit.activation)
    if loss:
        code += f'; loss="{fit.loss}"'
    if recode:
        code += f"; {CODE[recode_key(fit)]}"
    parts = [
        f"{fit.units} unit{'s' if fit.units > 1 else ''} with {_called(fit.activation)}" if changed else "",
        f"the loss {fit.loss}" if loss else "",
        "labels " + WORDS[recode_key(fit)] if recode else "",
    ]
    return Treatment(
        "fit-head",
        ("O201", "O202", "O203", "O204", "O205", "O206", "O207"),
        edits,
        f"give the output {layer.short_name} {' and '.join(part for part in parts if part)}",
        code,
    )


def _metrics(case: Case, fit: Fit) -> tuple[Edit, ...]:
    """Metrics of the old labels may not take the new ones; those by these names take any."""
    written = {name for names in case.network.metrics for name in names}
    if not written or len(case.network.outputs) > 1 or written <= SAFE_METRICS:
        return ()
    return (Compile("metrics", ["mae" if fit.activation == "linear" else "accuracy"]),)


SAFE_METRICS = frozenset({"accuracy", "acc"})
"""Names that Keras turns into the metric that fits labels and output."""
CODE = {
    "minus": "y = y - 1",
    "ranks": "y = np.unique(y, return_inverse=True)[1]",
    "positive": "y = (y > 0).astype('float32')",
}
WORDS = {"minus": "counted from 0", "ranks": "numbered from 0", "positive": "0 and 1"}


def recode_key(fit: Fit) -> str:
    """How labels are recoded."""
    return "" if fit.recode is None else fit.recode[0]


def labels_of(targets: Array) -> Labels:
    """What target columns hold."""
    counts = TargetCounts.of(Targets(targets)).columns
    return tell(
        counts,
        float(targets.min()),
        float(targets.max()),
        whole=bool((targets == np.round(targets)).all()),
        joined=bool((np.abs(targets.sum(axis=1) - 1) <= JOINED).all()),
    )


def fitting(labels: Labels, head: OutputHead) -> Fit | None:
    """The output that fits labels; None where they do not tell."""
    width, classes = labels.columns, labels.classes or 0
    amounts = _amounts(head)
    match labels.kind:
        case Kind.BINARY | Kind.MULTI_LABEL:
            return Fit(width, "sigmoid", "binary_crossentropy")
        case Kind.SIGNS:
            return Fit(width, "sigmoid", "binary_crossentropy", ("positive", 0.0))
        case Kind.TWO_VALUES:
            return Fit(1, "sigmoid", "binary_crossentropy", ("ranks", 0.0))
        case Kind.SHIFTED if classes == TWO:
            return Fit(1, "sigmoid", "binary_crossentropy", ("minus", 1.0))
        case Kind.CLASSES:
            return Fit(int(labels.high) + 1, "softmax", SPARSE_SPELT)
        case Kind.SHIFTED:
            return Fit(int(labels.high), "softmax", SPARSE_SPELT, ("minus", 1.0))
        case Kind.SCALED:
            return Fit(classes, "softmax", SPARSE_SPELT, ("ranks", 0.0))
        case Kind.ONE_HOT | Kind.SHARES:
            return Fit(width, "softmax", "categorical_crossentropy")
        case Kind.UNIT | Kind.COUNTS | Kind.POSITIVE | Kind.REAL:
            return Fit(width, "linear", None if amounts else "mse")
    return None


def _amounts(head: OutputHead) -> bool:
    """Whether the loss takes the answers for amounts."""
    return head.config is not None and expectation_of(head.config) in NUMBERS


def _same_loss(head: OutputHead, fit: Fit) -> bool:
    config = head.config
    if config is None or head.known_loss is None or config.options.get("from_logits"):
        return False
    return str(fit.loss).replace("_", "") in head.known_loss.names


def _of_layers(head: OutputHead, case: Case, fit: Fit) -> tuple[Edit, ...] | None:
    """What changes in the last layers; None where they cannot be changed."""
    network, layer = case.network, head.layer
    units = None if head.known_units == fit.units else fit.units
    function = head.known_function
    same = function is not None and function.name == fit.activation
    dense: Layer | None = layer
    edits: list[Edit] = []
    if layer.kind != "Dense":
        node = next(node for node in network.nodes if node.layer is layer)
        dense = network.nodes[node.sources[0]].layer if len(node.sources) == 1 else None
        before = None if dense is None else activation_of(dense)
        if dense is None or dense.kind != "Dense" or before is None or not before.affine:
            return None
        if not same and "activation" in layer.config:
            edits.append(SetOption(layer.name, "activation", fit.activation))
        elif not same:
            edits += [InsertAfter(layer.name, NewLayer("Activation", {"activation": fit.activation})),
                      Remove(layer.name)]  # fmt: skip
    elif not same:
        edits.append(SetOption(layer.name, "activation", fit.activation))
    if dense is None or "/" in dense.name:
        return None
    if units is not None:
        edits.append(Resize(dense.name, units))
    elif edits and dense.trainable:
        edits.append(Redraw(dense.name))
    return tuple(edits)


def _called(activation: str) -> str:
    return "no activation" if activation == "linear" else activation
