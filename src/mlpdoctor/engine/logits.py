"""The losses as functions of what the last layers compute before their activations."""

import numpy as np

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import Array
from mlpdoctor.engine.passes import Engine, flat
from mlpdoctor.engine.tape import Cotangents, Tape
from mlpdoctor.nn.heads import Heads
from mlpdoctor.nn.layers.activation import LINEAR, Activation
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
