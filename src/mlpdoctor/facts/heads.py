"""The network's outputs with their losses, as the file or ``--loss`` names them."""

import dataclasses

from mlpdoctor.fact import Absent, fact
from mlpdoctor.heads import Head, Heads
from mlpdoctor.layers.nature import activation_of
from mlpdoctor.losses.loss import Loss
from mlpdoctor.losses.registry import build, why_not
from mlpdoctor.network import Network

REMEMBERED = ("sigmoid", "softmax")
"""Functions whose argument Keras keeps beside their result for the cross-entropies (``keras/src/activations``)."""


@fact
def heads(network: Network) -> Heads | Absent:
    """Build the loss of each output and say how they are added up."""
    found: list[Head] = []
    parts = zip(
        network.outputs,
        network.output_names,
        network.output_widths,
        network.losses,
        network.loss_weights,
        strict=True,
    )
    for position, (node, name, width, config, weight) in enumerate(parts):
        if config is None:
            return Absent("the model was saved without a loss; name it with --loss, as in --loss mse")
        loss = build(config, network.nodes[node].layer.keras)
        if loss is None:
            return Absent(f"there is no ladder for the loss {config.name!r}: {why_not(config.name)}")
        obstacle = loss.obstacle()
        if obstacle is not None:
            return Absent(f"there is no ladder for {loss.label}: {obstacle}")
        if width is None:
            return Absent(f"the width of the output {name!r} is not known")
        shape = network.nodes[node].shape or ()
        if loss.joint and len(shape) > 1:
            return Absent(f"there is no ladder for {loss.label} of an output of the shape {shape}, only for one class a row")
        activation = activation_of(network.nodes[node].layer)
        behind = loss.reads_logits and activation is not None and activation.name in REMEMBERED
        found.append(
            Head(
                name=name,
                output=position,
                node=node,
                loss=_on_logits(loss) if behind else loss,
                units=width,
                first_unit=sum(head.units for head in found),
                first_column=sum(head.loss.columns(head.units) for head in found),
                weight=weight,
                activation=activation,
                behind=behind,
            )
        )
    return Heads(tuple(found), _label(network, found))


def _on_logits(loss: Loss) -> Loss:
    return dataclasses.replace(loss, **{"from_logits": True})


def _label(network: Network, heads: list[Head]) -> str:
    labels = [head.loss.label if head.weight == 1 else f"{head.weight:g} x {head.loss.label}" for head in heads]
    if len(labels) == 1:
        return labels[0]
    if len(set(labels)) == 1:
        return f"sum over {len(labels)} outputs of {labels[0]}"
    return " + ".join(f"{label} of {name}" for label, name in zip(labels, network.output_names, strict=True))
