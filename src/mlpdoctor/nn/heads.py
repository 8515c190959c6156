"""The outputs of a network with their losses: how each ends, what has no ladder, and how they add up."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from mlpdoctor.core.check import Absent
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import KERAS_3, Array, Layer, Network
from mlpdoctor.nn.layers.family import Activation
from mlpdoctor.nn.layers.properties import activation_of
from mlpdoctor.nn.losses.loss import Groups, Loss, TargetKind
from mlpdoctor.nn.losses.registry import build, why_not
from mlpdoctor.nn.output_head import LabelEncoding, OutputHead
from mlpdoctor.nn.saved_options import loss_sees

REMEMBERED = ("sigmoid", "softmax")
"""Functions whose argument Keras keeps beside their result for the cross-entropies (``keras/src/activations``)."""
HANDED_ON = ("Activation", "ActivityRegularization", "GaussianNoise")
"""Layers that hand on the very tensor they got when they do nothing, and what Keras keeps beside it with it."""
HANDED_ON_KERAS_3 = (*HANDED_ON, "Dropout", "Identity")
"""In Keras 3 these do as well."""
UNCHANGED = (*HANDED_ON_KERAS_3, "Reshape", "Flatten", "Permute", "AlphaDropout", "GaussianDropout")
"""Layers that leave every number as it is, whatever becomes of what Keras keeps beside it."""
SUMMED = " (mean over rows; Keras logs the sum over each batch)"


@dataclass(frozen=True, eq=False)
class Part:
    """What is judged by itself: one unit of an output, or a whole output whose loss is joint.

    Attributes:
        head: the output.
        unit: the unit within it; None for all of them together.
        name: the output's name, with the number of the unit where there are several.
        weight: factor of its loss in the total.
    """

    head: OutputHead
    unit: int | None
    name: str
    weight: float

    @property
    def loss(self) -> Loss:
        """The loss of its output."""
        return self.head.loss

    def targets(self, columns: Array) -> Array:
        """Its own encoded targets, from all target columns: shape (rows, 1), or (rows, units) where joint."""
        encoded = self.head.targets(columns)
        return encoded if self.unit is None else encoded[:, self.unit : self.unit + 1]


@dataclass(frozen=True, eq=False)
class Heads:
    """All outputs, in order.

    Attributes:
        heads: one an output.
        label: the whole loss in words.
    """

    heads: tuple[OutputHead, ...]
    label: str

    @property
    def parts(self) -> tuple[Part, ...]:
        """All that is judged by itself: Keras averages the units of an output and adds outputs up by their weights."""
        return tuple(part for head in self.heads for part in _parts(head))

    @property
    def judged(self) -> tuple[tuple[object, ...], ...]:
        """All that decides what an answer costs, equal for equal losses whatever network answers."""
        named = ("known_loss", "known_units", "encoding", "weight", "by_weights", "first_unit", "first_column")
        return tuple(tuple(getattr(head, name) for name in named) for head in self.heads)

    @property
    def columns(self) -> int:
        """How many target columns there have to be."""
        return sum(head.columns for head in self.heads)

    def total(self, per_part: Iterable[float]) -> float:
        """The total loss from that of each part."""
        return float(sum(part.weight * value for part, value in zip(self.parts, per_part, strict=True)))

    def values(self, columns: Array, read: Array) -> Array:
        """The loss of each row and part.

        Args:
            columns: all target columns, shape (rows, columns).
            read: what the losses read of the outputs, side by side, shape (rows, units).
        """
        return np.concatenate([head.loss.values(head.targets(columns), head.read(read)) for head in self.heads], axis=1)

    def perfect(self, columns: Array) -> Array:
        """What a perfect answer to each row costs, shape (rows, parts): zero for most losses and labels."""
        found = [head.loss.nearest(head.targets(columns), -np.inf, np.inf) for head in self.heads]
        return np.concatenate(found, axis=1)

    def best(self, groups: Groups, columns: Array, weights: Array) -> Array:
        """What one answer to all rows of a group costs, summed over them, shape (groups, parts)."""
        found = [head.loss.best(groups, head.targets(columns), weights) for head in self.heads]
        return np.concatenate(found, axis=1)


def _parts(head: OutputHead) -> tuple[Part, ...]:
    if head.loss.joint:
        return (Part(head, None, head.name, head.weight),)
    if head.units == 1:
        return (Part(head, 0, head.name, head.weight),)
    return tuple(Part(head, k, f"{head.name}[{k}]", head.weight / head.units) for k in range(head.units))


def heads_of(network: Network, columns: int | None) -> Heads | Absent:
    """All outputs, where each has a loss with a ladder.

    Args:
        network: the model.
        columns: how many target columns the data have; None without data.
    """
    found = output_heads(network, columns)
    reasons = (_no_ladder(network, head) for head in found)
    reason = next((reason for reason in reasons if reason is not None), None)
    return Heads(found, _label(found)) if reason is None else Absent(reason)


def output_heads(network: Network, columns: int | None) -> tuple[OutputHead, ...]:
    """Every output in order, whether there is a ladder for its loss or not; arguments as above."""
    found: list[OutputHead] = []
    single = len(network.outputs) == 1
    place: int | None = 0
    for position, node in enumerate(network.outputs):
        config, units = network.losses[position], network.output_widths[position]
        loss = None if config is None else build(config, network.nodes[node].layer.keras)
        handed_on = HANDED_ON_KERAS_3 if network.nodes[node].layer.keras >= KERAS_3 else HANDED_ON
        maker = _maker(network, node, handed_on)
        behind = loss is not None and loss.reads_logits and _remembered(network, network.nodes[maker].layer)
        layer = network.nodes[_maker(network, node, UNCHANGED)].layer
        encoding = LabelEncoding.USUAL
        if single and loss is not None and units is not None and columns is not None:
            encoding = _encoding(loss, units, activation_of(layer), columns)
        width = columns if single else None if loss is None or units is None else loss.columns(units)
        given = None if place is None or width is None else slice(place, place + width)
        place = None if given is None else given.stop
        read = maker if behind else node
        judged = [head for head in found if head.known_loss is not None and head.known_units is not None]
        found.append(
            OutputHead(
                name=network.output_names[position],
                output=position,
                node=read,
                layer=layer,
                activation=activation_of(network.nodes[read].layer),
                config=config,
                known_loss=_on_logits(loss) if behind and loss is not None else loss,
                known_units=units,
                behind=behind,
                encoding=encoding,
                weight=network.loss_weights[position],
                first_unit=sum(head.units for head in judged),
                first_column=sum(head.columns for head in judged),
                given=given,
            )
        )
    fitting = columns is not None and place == columns
    return tuple(found) if fitting else tuple(replace(head, given=None) for head in found)


def _no_ladder(network: Network, head: OutputHead) -> str | None:
    """Why there is no ladder for an output; None where there is one."""
    config, loss, activation = head.config, head.known_loss, head.activation
    if config is None:
        return f"{without_loss(network.format)}; name the loss you used: --loss mse"
    if loss is None:
        return f"there is no ladder for the loss {config.name!r}: {why_not(config.name)}; name one like it: --loss mse"
    if head.known_units is None:
        return f"the width of the output {head.name!r} is not known"
    shape = network.nodes[network.outputs[head.output]].shape or ()
    obstacle = loss.obstacle()
    written = build(config, network.nodes[network.outputs[head.output]].layer.keras)  # before logits are read behind it
    if obstacle is None and written is not None and activation is not None:
        obstacle = written.misfit(activation.name, activation.bounds[0])
    if obstacle is None and head.weight < 0:
        obstacle = "with a negative loss weight it is made as large as can be, without end"
    if obstacle is None and loss.joint and len(shape) > 1:
        obstacle = f"an output of the shape {shape} has more than one class a row"
    return None if obstacle is None else f"there is no ladder for {loss.label} here: {obstacle}"


def without_loss(form: str) -> str:
    """Why a model file tells no loss, from its format: only Keras saves one."""
    return "the model was saved without compile()" if "Keras" in form else "the file holds no loss"


def _on_logits(loss: Loss) -> Loss:
    options: dict[str, bool] = {"from_logits": True}
    return replace(loss, **options)


def _label(heads: tuple[OutputHead, ...]) -> str:
    labels = [
        (head.loss.told if head.weight == 1 else f"{head.weight:g} x {head.loss.told}")
        + (SUMMED if head.config is not None and head.config.options.get("reduction") == "sum" else "")
        for head in heads
    ]
    if len(labels) == 1:
        return labels[0]
    if len(set(labels)) == 1:
        return f"sum over {len(labels)} outputs of {labels[0]}"
    return " + ".join(f"{label} of {head.name}" for label, head in zip(labels, heads, strict=True))


def _encoding(loss: Loss, units: int, activation: Activation | None, columns: int) -> LabelEncoding:
    """How so many target columns are to be read.

    The squared errors and their kin take one column beside several units without complaint and compare it with each.
    Behind a sigmoid or softmax it holds class numbers all the same, and so it does wherever Keras would refuse it.
    """
    usual = loss.columns(units)
    if columns == usual or columns not in (1, units):
        return LabelEncoding.USUAL
    if usual == 1:
        return LabelEncoding.ONE_HOT
    shares = activation is not None and activation.bounds == (0.0, 1.0)
    return LabelEncoding.NUMBER if loss.targets is TargetKind.UNIT or shares else LabelEncoding.REPEATED


def _maker(network: Network, node: int, unchanged: tuple[str, ...]) -> int:
    """Position of the node that made what an output hands on through layers of some kinds."""
    while True:
        here = network.nodes[node]
        activation = activation_of(here.layer)
        if here.layer.kind not in unchanged or activation is None or not activation.affine or not here.sources:
            return node
        node = here.sources[0]


def _remembered(network: Network, layer: Layer) -> bool:
    """Whether Keras finds the logits beside the result of a layer's activation."""
    activation = activation_of(layer)
    return activation is not None and activation.name in REMEMBERED and loss_sees(network, layer)
