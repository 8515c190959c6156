"""How each output of the network ends: the last activation, the loss, and which target columns are its own."""

from collections.abc import Mapping
from dataclasses import replace

from mlpdoctor.heads import Spelling
from mlpdoctor.layers.activation import Activation
from mlpdoctor.layers.nature import activation_of
from mlpdoctor.lean import dataclass
from mlpdoctor.losses.contract import TargetKind
from mlpdoctor.losses.loss import Loss
from mlpdoctor.losses.registry import build
from mlpdoctor.network import KERAS_3, Layer, LossConfig, Network
from mlpdoctor.passes import Passes

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
        spelling: how the data spell its targets.
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
    spelling: Spelling
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
        spelling = Spelling.USUAL
        if single and loss is not None and units is not None and columns is not None:
            spelling = _spelling(loss, units, activation_of(layer), columns)
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
                spelling=spelling,
                own=own,
            )
        )
    fitting = columns is not None and place == columns
    return tuple(found) if fitting else tuple(replace(ending, own=None) for ending in found)


def _spelling(loss: Loss, units: int, activation: Activation | None, columns: int) -> Spelling:
    """How so many target columns are to be read.

    The squared errors and their kin take one column beside several units without complaint and compare it with each.
    Behind a sigmoid or softmax it holds class numbers all the same, and so it does wherever Keras would refuse it.
    """
    usual = loss.columns(units)
    if columns == usual or columns not in (1, units):
        return Spelling.USUAL
    if usual == 1:
        return Spelling.ONE_HOT
    shares = activation is not None and activation.bounds == (0.0, 1.0)
    return Spelling.NUMBER if loss.targets is TargetKind.UNIT or shares else Spelling.REPEATED


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
