"""The losses as functions of what the last layers compute, with their gradient and that of the penalties."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array, Key, Network
from mlpdoctor.engine.passes import Engine, flat
from mlpdoctor.engine.tape import Cotangents, LayerGradients, Tape
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.layers.family import LINEAR, Activation
from mlpdoctor.nn.layers.penalties import Regularizer, Unknown, activity_regularizer, weight_regularizers
from mlpdoctor.nn.layers.properties import activation_of
from mlpdoctor.statistics import views


@dataclass(frozen=True, eq=False)
class Logits:
    """The pre-activations of all outputs side by side, shape (rows, sums), and the loss of some rows as their function.

    A loss of probabilities behind a sigmoid or softmax is simple in these sums, whatever Keras reads.

    Attributes:
        engine: runs the network.
        heads: the outputs with their losses.
        rows: features, targets and weights.
        shapes: of the sums of each head for one row.
    """

    engine: Engine
    heads: Heads
    rows: views.Rows
    shapes: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, engine: Engine, heads: Heads, rows: views.Rows) -> "Logits":
        """Look at the shapes by running one row."""
        tape = engine.record(rows.features[:2])
        return cls(engine, heads, rows, tuple(tape.before[node].shape[1:] for node in _nodes(engine, heads)))

    def read(self, tape: Tape) -> Array:
        """The sums of a pass over these rows."""
        return np.concatenate([flat(tape.before[node]) for node in _nodes(self.engine, self.heads)], axis=1)

    def loss(self, sums: Array) -> float:
        """The mean loss over the rows."""
        total = 0.0
        for head, function, own in zip(self.heads.heads, self._functions(), self._split(sums), strict=True):
            values = head.loss.values(head.targets(self.rows.targets), flat(function.function(own)))
            weight = head.weight / (1 if head.loss.joint else head.units)
            total += weight * float((values if self._weights is None else values * self._weights).sum())
        return total / len(sums)

    def slopes(self, sums: Array) -> Array:
        """The gradient of the loss, summed over the rows, with respect to the sums; in their shape."""
        found = []
        for head, function, own in zip(self.heads.heads, self._functions(), self._split(sums), strict=True):
            answers = function.function(own)
            weight = head.weight / (1 if head.loss.joint else head.units)
            outer = weight * head.loss.gradient(head.targets(self.rows.targets), flat(answers))
            outer = outer if self._weights is None else outer * self._weights
            found.append(flat(function.backward(own, outer.reshape(answers.shape))))
        return np.concatenate(found, axis=1)

    def cotangents(self, slopes: Array) -> Cotangents:
        """Gradients with respect to the sums, where the engine takes them."""
        before: dict[int, Array] = {}
        for node, own in zip(_nodes(self.engine, self.heads), self._split(slopes), strict=True):
            before[node] = before[node] + own if node in before else own
        return Cotangents(before)

    @property
    def _weights(self) -> Array | None:
        return None if self.rows.weights is None else self.rows.weights[:, None]

    def _functions(self) -> list[Activation]:
        """What each loss reads, from the sums."""
        layers = [self.engine.network.nodes[node].layer for node in _nodes(self.engine, self.heads)]
        return [
            LINEAR if head.behind else activation_of(layer) or LINEAR
            for head, layer in zip(self.heads.heads, layers, strict=True)
        ]

    def _split(self, sums: Array) -> list[Array]:
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        parts = np.split(sums, ends[:-1], axis=1)
        return [part.reshape(len(part), *shape) for part, shape in zip(parts, self.shapes, strict=True)]


def _nodes(engine: Engine, heads: Heads) -> list[int]:
    return [head.node if head.behind else engine.network.outputs[head.output] for head in heads.heads]


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
