"""O201: a softmax over one unit, which always outputs 1."""

from collections.abc import Iterator

from mlpdoctor.core.check import Part, Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import percent, quoted, short
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.ladder.range_bound import RangeBound
from mlpdoctor.facts.training.training import Training
from mlpdoctor.nn.layers.properties import activation_of, over_units
from mlpdoctor.statistics.moments import TargetMoments

OF_SEVERAL = ("categoricalcrossentropy", "sparsecategoricalcrossentropy", "categoricalfocalcrossentropy")
"""Losses that say nothing of one unit by itself."""


@check(
    "O201",
    Severity.ERROR,
    "a softmax over one unit: every prediction of {output} is 1, whatever the weights",
    stage=Stage.CONTRACT,
    disturbs=Part.PACE | Part.LOSS,
)
def softmax_single_unit(
    network: Network,
    bound: RangeBound | None,
    where: LossPosition | None,
    targets: TargetMoments | None,
    training: Training,
) -> Iterator[Evidence]:
    """A softmax over one unit, which always outputs 1.

    Why it matters
        Softmax divides each exponential by the sum of all of them; of one alone that is 1. Under a squared or absolute
        error nothing can be learned. Under a cross-entropy Keras reads the logit behind the softmax, so that the loss
        may fall, but every prediction and with it the accuracy stays what it is.
    How to fix it
        For two classes in one column: one unit with a sigmoid and binary cross-entropy; for several classes one unit
        for each; for numbers no activation.
    When it stays silent
        A softmax over two units or more.
    How sure
        Proved: exp(z) / exp(z) = 1.
    References
        Keras warns of it when the layer is called.
    """
    for position, (node, name) in enumerate(zip(network.outputs, network.output_names, strict=True)):
        layer, shape = network.nodes[node].layer, network.nodes[node].shape
        activation = activation_of(layer)
        if (
            activation is None
            or activation.name != "softmax"
            or not shape
            or shape[-1] != 1
            or not over_units(network.nodes[node])
        ):
            continue
        config = network.losses[position]
        loss = None if config is None else config.name.replace("_", "").lower()
        classes = loss is None or "entropy" in loss or "hinge" in loss
        ones = float(targets.mean[0]) if targets is not None and len(targets.mean) == 1 else None
        binary = ones is not None and targets is not None and (targets.low[0], targets.high[0]) == (0, 1)
        stuck = where is not None and bound is not None and not training.never
        columns = 1 if targets is None or len(network.outputs) > 1 else len(targets.mean)
        yield Evidence(
            numbers={
                "output": name,
                "loss": None if config is None else config.name,
                "floor": bound.total if bound is not None else None,
                "accuracy_share": ones if binary else None,
            },
            certainty=Certainty.PROVED,
            why=_why(bound, ones if binary else None),
            remedy=_remedy(layer, columns, classes=classes or binary, single=loss in OF_SEVERAL),
            explains=where.share(bound.total) if stuck and where is not None and bound is not None else None,
            strength=1.0,
            verdict="A softmax over one unit always outputs 1, so every prediction is the same whatever the weights"
            + (f": the loss cannot leave {short(bound.total)}." if bound is not None else "."),
            rules_out=("learning rate", "optimizer", "epochs", "width") if bound is not None else (),
        )


def _remedy(layer: Layer, columns: int, *, classes: bool, single: bool) -> Remedy:
    """A unit for each target column; a sigmoid for one column of classes."""
    name = f"name={quoted(layer.short_name)}"
    if columns > 1:
        activation = ', activation="softmax"' if classes else ""
        return Remedy(
            f"give the output a unit for each of the {columns} target columns", f"Dense({columns}{activation}, {name})"
        )
    if classes:
        line = f'Dense(1, activation="sigmoid", {name})'
        if not single:
            return Remedy("use a sigmoid at the output, for two classes in one column", line)
        return Remedy(
            "use a sigmoid at the output and binary cross-entropy, for two classes in one column: a cross-entropy of "
            "several classes is 0 for one unit",
            f'{line}; model.compile(model.optimizer, loss="binary_crossentropy")',
        )
    return Remedy("leave out the softmax", f"Dense(1, {name})")


def _why(bound: RangeBound | None, ones: float | None) -> str:
    parts = ["It divides the exponential of one number by itself."]
    if bound is not None:
        parts.append(f"No weights change the loss: it is {short(bound.total)}.")
    else:
        parts.append("Keras may still lower a cross-entropy through the logit behind it, but no prediction changes.")
    if ones is not None:
        parts.append(f"Its accuracy is the share of ones, {percent(ones)}.")
    return " ".join(parts)
