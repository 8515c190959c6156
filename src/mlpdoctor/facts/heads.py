"""The network's outputs with their losses, as the file or ``--loss`` names them."""

import dataclasses

from mlpdoctor.fact import Absent, fact
from mlpdoctor.facts.outputs import Ending, endings
from mlpdoctor.heads import Head, Heads
from mlpdoctor.layers.nature import activation_of
from mlpdoctor.losses.loss import Loss
from mlpdoctor.losses.registry import why_not
from mlpdoctor.network import Network
from mlpdoctor.passes import Passes

SUMMED = " (mean over rows; Keras logs the sum over each batch)"


@fact
def heads(network: Network, passes: Passes | None = None) -> Heads | Absent:
    """Build the loss of each output and say how they are added up."""
    found: list[Head] = []
    for position, ending in enumerate(endings(network, passes)):
        head = _head(network, position, ending, found)
        if isinstance(head, str):
            return Absent(head)
        found.append(head)
    return Heads(tuple(found), _label(network, found))


def _head(network: Network, position: int, ending: Ending, before: list[Head]) -> Head | str:
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
    return Head(
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
        spelling=ending.spelling,
        by_weights=config.options.get("reduction") == "mean_with_sample_weight",
    )


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
