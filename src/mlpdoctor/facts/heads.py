"""The network's outputs with their losses, as the file or ``--loss`` names them."""

import dataclasses
from collections.abc import Mapping

from mlpdoctor.fact import Absent, fact
from mlpdoctor.heads import Head, Heads, Spelling
from mlpdoctor.layers.activation import Activation
from mlpdoctor.layers.nature import activation_of
from mlpdoctor.losses.contract import TargetKind
from mlpdoctor.losses.loss import Loss
from mlpdoctor.losses.registry import build, why_not
from mlpdoctor.network import KERAS_3, Layer, Network
from mlpdoctor.passes import Passes

REMEMBERED = ("sigmoid", "softmax")
"""Functions whose argument Keras keeps beside their result for the cross-entropies (``keras/src/activations``)."""
SUMMED = " (mean over rows; Keras logs the sum over each batch)"
HANDED_ON = ("Activation", "ActivityRegularization", "GaussianNoise")
"""Layers that hand on the very tensor they got when they do nothing, and what Keras keeps beside it with it."""
HANDED_ON_KERAS_3 = (*HANDED_ON, "Dropout", "Identity")
"""In Keras 3 these do as well."""


@fact
def heads(network: Network, passes: Passes | None = None) -> Heads | Absent:
    """Build the loss of each output and say how they are added up."""
    found: list[Head] = []
    given = None if passes is None or len(network.outputs) > 1 else len(passes.dataset.target_names)
    for position in range(len(network.outputs)):
        head = _head(network, position, found, given)
        if isinstance(head, str):
            return Absent(head)
        found.append(head)
    return Heads(tuple(found), _label(network, found))


def _head(network: Network, position: int, before: list[Head], given: int | None) -> Head | str:
    """One output, or why there is no ladder for it.

    Args:
        network: the model.
        position: of the output.
        before: the outputs before it.
        given: how many target columns a single output has, where data are given.
    """
    node, name = network.outputs[position], network.output_names[position]
    config, width = network.losses[position], network.output_widths[position]
    if config is None:
        return "the model was saved without a loss; name it with --loss, as in --loss mse"
    loss = build(config, network.nodes[node].layer.keras)
    if loss is None:
        return f"there is no ladder for the loss {config.name!r}: {why_not(config.name)}"
    if width is None:
        return f"the width of the output {name!r} is not known"
    maker = _maker(network, node) if loss.reads_logits else node
    activation = activation_of(network.nodes[maker].layer)
    behind = loss.reads_logits and activation is not None and _remembered(network.nodes[maker].layer, activation)
    if not behind:
        maker, activation = node, activation_of(network.nodes[node].layer)
    shape = network.nodes[node].shape or ()
    obstacle = loss.obstacle()
    if obstacle is None and activation is not None:
        obstacle = loss.misfit(activation.name, activation.bounds[0])
    if obstacle is None and network.loss_weights[position] < 0:
        obstacle = "with a negative loss weight it is made as large as can be, without end"
    if obstacle is None and loss.joint and len(shape) > 1:
        obstacle = f"an output of the shape {shape} has more than one class a row"
    if obstacle is not None:
        return f"there is no ladder for {loss.label} here: {obstacle}"
    return Head(
        name=name,
        output=position,
        node=maker,
        loss=_on_logits(loss) if behind else loss,
        units=width,
        first_unit=sum(head.units for head in before),
        first_column=sum(head.columns for head in before),
        weight=network.loss_weights[position],
        activation=activation,
        behind=behind,
        spelling=Spelling.USUAL if given is None else _spelling(loss, width, activation, given),
        by_weights=config.options.get("reduction") == "mean_with_sample_weight",
    )


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


def _maker(network: Network, node: int) -> int:
    """Position of the node that made what an output hands on."""
    while True:
        here = network.nodes[node]
        kinds = HANDED_ON_KERAS_3 if here.layer.keras >= KERAS_3 else HANDED_ON
        activation = activation_of(here.layer)
        if here.layer.kind not in kinds or activation is None or not activation.affine:
            return node
        node = here.sources[0]


def _remembered(layer: Layer, activation: Activation) -> bool:
    """Whether Keras finds the logits beside an activation's result.

    In Keras 3 a layer that computes in another precision than the loss is cast first, and the cast forgets them.
    """
    dtype = layer.config.get("dtype")
    if isinstance(dtype, Mapping):
        policy = dtype.get("config")
        dtype = policy.get("name") if isinstance(policy, Mapping) else None
    return activation.name in REMEMBERED and (layer.keras < KERAS_3 or dtype in (None, "float32"))


def _on_logits(loss: Loss) -> Loss:
    options: dict[str, bool] = {"from_logits": True}
    return dataclasses.replace(loss, **options)


def _label(network: Network, heads: list[Head]) -> str:
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
