"""The outputs of a network: last activation, loss, and which target columns are whose."""

import dataclasses
from collections.abc import Mapping
from dataclasses import replace

from mlpdoctor.core.fact import Absent, fact
from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.network import KERAS_3, Layer, LossConfig, Network
from mlpdoctor.engine.passes import Passes
from mlpdoctor.nn.layers.activation import Activation
from mlpdoctor.nn.layers.properties import activation_of
from mlpdoctor.nn.losses.loss import Loss
from mlpdoctor.nn.losses.registry import build, why_not
from mlpdoctor.nn.losses.targets import TargetKind
from mlpdoctor.nn.output_head import Heads, LabelEncoding, OutputHead

REMEMBERED = ("sigmoid", "softmax")
"""Functions whose argument Keras keeps beside their result for the cross-entropies (``keras/src/activations``)."""
HANDED_ON = ("Activation", "ActivityRegularization", "GaussianNoise")
"""Layers that hand on the very tensor they got when they do nothing, and what Keras keeps beside it with it."""
HANDED_ON_KERAS_3 = (*HANDED_ON, "Dropout", "Identity")
"""In Keras 3 these do as well."""
UNCHANGED = (*HANDED_ON_KERAS_3, "Reshape", "Flatten", "Permute", "AlphaDropout", "GaussianDropout")
"""Layers that leave every number as it is, whatever becomes of what Keras keeps beside it."""


@dataclass(frozen=True, eq=False)
class Ending:
    """How one output ends.

    Attributes:
        name: of the output.
        node: position of the node that made what the output hands on, with what Keras keeps beside it.
        layer: the layer that makes its numbers; layers that leave them unchanged are looked through.
        units: how many numbers it answers for a row; None when that is not known.
        activation: the last function; None where it is hidden in a layer of an unknown kind.
        config: the loss as the file names it; None where it names none.
        loss: with its options; None where there is no ladder for it.
        behind: whether Keras reads the logits behind the activation.
        encoding: how the data spell its targets.
        own: its target columns; None where they cannot be told.
    """

    name: str
    node: int
    layer: Layer
    units: int | None
    activation: Activation | None
    config: LossConfig | None
    loss: Loss | None
    behind: bool
    encoding: LabelEncoding
    own: slice | None


def endings(network: Network, passes: Passes | None) -> tuple[Ending, ...]:
    """Every output in order."""
    found: list[Ending] = []
    columns = None if passes is None else len(passes.dataset.target_names)
    single = len(network.outputs) == 1
    place: int | None = 0
    for position, node in enumerate(network.outputs):
        config, units = network.losses[position], network.output_widths[position]
        loss = None if config is None else build(config, network.nodes[node].layer.keras)
        handed_on = HANDED_ON_KERAS_3 if network.nodes[node].layer.keras >= KERAS_3 else HANDED_ON
        maker = _maker(network, node, handed_on)
        behind = loss is not None and loss.reads_logits and _remembered(network.nodes[maker].layer)
        layer = network.nodes[_maker(network, node, UNCHANGED)].layer
        encoding = LabelEncoding.USUAL
        if single and loss is not None and units is not None and columns is not None:
            encoding = _spelling(loss, units, activation_of(layer), columns)
        width = columns if single else None if loss is None or units is None else loss.columns(units)
        own = None if place is None or width is None else slice(place, place + width)
        place = None if own is None else own.stop
        found.append(
            Ending(
                name=network.output_names[position],
                node=maker if behind else node,
                layer=layer,
                units=units,
                activation=activation_of(layer),
                config=config,
                loss=loss,
                behind=behind,
                encoding=encoding,
                own=own,
            )
        )
    fitting = columns is not None and place == columns
    return tuple(found) if fitting else tuple(replace(ending, own=None) for ending in found)


def _spelling(loss: Loss, units: int, activation: Activation | None, columns: int) -> LabelEncoding:
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


def _remembered(layer: Layer) -> bool:
    """Whether Keras finds the logits beside the result of a layer's activation.

    In Keras 3 a layer that computes in another precision than the loss is cast first, and the cast forgets them.
    """
    activation = activation_of(layer)
    dtype = layer.config.get("dtype")
    if isinstance(dtype, Mapping):
        policy = dtype.get("config")
        dtype = policy.get("name") if isinstance(policy, Mapping) else None
    exact = layer.keras < KERAS_3 or dtype in (None, "float32")
    return activation is not None and activation.name in REMEMBERED and exact


SUMMED = " (mean over rows; Keras logs the sum over each batch)"


@fact
def heads(network: Network, passes: Passes | None = None) -> Heads | Absent:
    """Build the loss of each output and say how they are added up."""
    found: list[OutputHead] = []
    for position, ending in enumerate(endings(network, passes)):
        head = _head(network, position, ending, found)
        if isinstance(head, str):
            return Absent(head)
        found.append(head)
    return Heads(tuple(found), _label(network, found))


def _head(network: Network, position: int, ending: Ending, before: list[OutputHead]) -> OutputHead | str:
    """One output, or why there is no ladder for it."""
    config, loss, units = ending.config, ending.loss, ending.units
    if config is None:
        return "the model was saved without a loss; name it with --loss, as in --loss mse"
    if loss is None:
        return f"there is no ladder for the loss {config.name!r}: {why_not(config.name)}"
    if units is None:
        return f"the width of the output {ending.name!r} is not known"
    activation = activation_of(network.nodes[ending.node].layer)
    shape = network.nodes[network.outputs[position]].shape or ()
    obstacle = loss.obstacle()
    if obstacle is None and activation is not None:
        obstacle = loss.misfit(activation.name, activation.bounds[0])
    if obstacle is None and network.loss_weights[position] < 0:
        obstacle = "with a negative loss weight it is made as large as can be, without end"
    if obstacle is None and loss.joint and len(shape) > 1:
        obstacle = f"an output of the shape {shape} has more than one class a row"
    if obstacle is not None:
        return f"there is no ladder for {loss.label} here: {obstacle}"
    return OutputHead(
        name=ending.name,
        output=position,
        node=ending.node,
        loss=_on_logits(loss) if ending.behind else loss,
        units=units,
        first_unit=sum(head.units for head in before),
        first_column=sum(head.columns for head in before),
        weight=network.loss_weights[position],
        activation=activation,
        behind=ending.behind,
        encoding=ending.encoding,
        by_weights=config.options.get("reduction") == "mean_with_sample_weight",
    )


def _on_logits(loss: Loss) -> Loss:
    options: dict[str, bool] = {"from_logits": True}
    return dataclasses.replace(loss, **options)


def _label(network: Network, heads: list[OutputHead]) -> str:
    labels = [
        (head.loss.label if head.weight == 1 else f"{head.weight:g} x {head.loss.label}")
        + (SUMMED if config is not None and config.options.get("reduction") == "sum" else "")
        for head, config in zip(heads, network.losses, strict=True)
    ]
    if len(labels) == 1:
        return labels[0]
    if len(set(labels)) == 1:
        return f"sum over {len(labels)} outputs of {labels[0]}"
    return " + ".join(f"{label} of {name}" for label, name in zip(labels, network.output_names, strict=True))
