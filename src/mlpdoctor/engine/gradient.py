"""The loss of some rows with its gradient, and that of the penalties: what the optimizer of the user's script gets."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Key, Network
from mlpdoctor.engine.passes import Engine, flat
from mlpdoctor.engine.tape import Cotangents, LayerGradients, Tape
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.layers.penalties import Regularizer, Unknown, activity_regularizer, weight_regularizers
from mlpdoctor.statistics import views


@dataclass(frozen=True, eq=False)
class LossGradient:
    """The loss of some rows and its gradient, summed over them: sums of two slopes belong to both sets of rows.

    Attributes:
        loss: total over outputs, without penalties.
        weights: its derivative with respect to each trainable weight.
        rows: how many rows.
    """

    loss: float
    weights: dict[Key, Array]
    rows: int

    def __add__(self, other: Self) -> Self:
        """Of both."""
        merged = {key: values + other.weights[key] for key, values in self.weights.items()}
        return type(self)(self.loss + other.loss, merged, self.rows + other.rows)


def loss_gradient(engine: Engine, heads: Heads, rows: views.Rows) -> tuple[LossGradient, Tape, LayerGradients]:
    """The loss of the rows with its gradient, and all there is to see on the way there and back.

    Args:
        engine: runs the network.
        heads: the outputs with their losses.
        rows: features, targets and weights; one batch where the engine works as in training.
    """
    tape = engine.record(rows.features)
    loss, cotangents = loss_cotangents(engine, heads, rows, tape)
    pulled = engine.pull(tape, cotangents)
    return LossGradient(loss, dict(pulled.weights), len(rows.features)), tape, pulled


def loss_cotangents(engine: Engine, heads: Heads, rows: views.Rows, tape: Tape) -> tuple[float, Cotangents]:
    """The loss summed over the rows, and its gradient with respect to what the losses read."""
    read = readings(engine, heads, tape)
    before: dict[int, Array] = {}
    after: dict[int, Array] = {}
    total = 0.0
    with np.errstate(all="ignore"):
        for head, seen in zip(heads.heads, read, strict=True):
            targets = head.targets(rows.targets)
            weight = head.weight / (1 if head.loss.joint else head.units)
            values, slopes = head.loss.values(targets, seen), head.loss.gradient(targets, seen)
            if rows.weights is not None:
                values, slopes = values * rows.weights[:, None], slopes * rows.weights[:, None]
            total += weight * float(values.sum())
            node = head.node if head.behind else engine.network.outputs[head.output]
            place, shaped = (before, tape.before[node]) if head.behind else (after, tape.after[node])
            slopes = (weight * slopes).reshape(shaped.shape)
            place[node] = place[node] + slopes if node in place else slopes
    return total, Cotangents(before, after)


def readings(engine: Engine, heads: Heads, tape: Tape) -> Sequence[Array]:
    """What each loss reads, shape (rows, units): an output, or what its last activation is applied to."""
    outputs = engine.network.outputs
    return [flat(tape.before[head.node] if head.behind else tape.after[outputs[head.output]]) for head in heads.heads]


def weight_penalties(network: Network) -> tuple[dict[Key, Array], tuple[str, ...]]:
    """The gradient of the penalties on weights.

    Returns:
        The gradient with respect to each weight that has a penalty, and the penalties that cannot be differentiated.
    """
    found: dict[Key, Array] = {}
    unknown = []
    stored = {layer.name: layer.weights for layer in network.layers}
    for (layer, name), own in penalised(network).items():
        gradient = None if isinstance(own, Unknown) else own.gradient(stored[layer][name])
        if gradient is None:
            unknown.append(f"{own.name} of {layer}.{name}")
        else:
            found[layer, name] = gradient
    return found, tuple(unknown)


def penalised(network: Network) -> dict[Key, Regularizer | Unknown]:
    """Every penalty on a weight that counts in the loss."""
    return {(layer.name, name): own for layer in network.layers for name, own in weight_regularizers(layer)}


def activity_penalties(network: Network, tape: Tape) -> tuple[Cotangents, tuple[str, ...]]:
    """The gradient of the penalties on what layers put out, summed over the rows: Keras divides by their number.

    Returns:
        The gradient with respect to the outputs of nodes, empty without such penalties, and those that cannot be
        differentiated. A penalty that compares rows with each other is among these, for it changes with the batch.
    """
    found: dict[int, Array] = {}
    unknown = {}
    for place, node in enumerate(network.nodes):
        own = activity_regularizer(node.layer)
        if own is None:
            continue
        gradient = None if isinstance(own, Unknown) or not own.separable else own.gradient(tape.after[place])
        if gradient is None:
            unknown[f"{own.name} of {node.layer.name}'s output"] = True
        else:
            found[place] = gradient
    return Cotangents(after=found), tuple(unknown)
