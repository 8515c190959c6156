"""The network's outputs with their losses, as the file or ``--loss`` names them."""

import dataclasses
from collections.abc import Mapping

from mlpdoctor.fact import Absent, fact
from mlpdoctor.heads import Head, Heads
from mlpdoctor.layers.activation import Activation
from mlpdoctor.layers.nature import activation_of
from mlpdoctor.losses.loss import Loss
from mlpdoctor.losses.registry import build, why_not
from mlpdoctor.network import KERAS_3, Layer, Network

REMEMBERED = ("sigmoid", "softmax")
"""Functions whose argument Keras keeps beside their result for the cross-entropies (``keras/src/activations``)."""
HANDED_ON = ("Activation", "ActivityRegularization", "GaussianNoise")
"""Layers that hand on the very tensor they got when they do nothing, and what Keras keeps beside it with it."""
HANDED_ON_KERAS_3 = (*HANDED_ON, "Dropout", "Identity")
"""In Keras 3 these do as well."""


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
            return Absent(
                f"there is no ladder for {loss.label} of an output of the shape {shape}, only for one class a row"
            )
        source = _maker(network, node) if loss.reads_logits else node
        activation = activation_of(network.nodes[source].layer)
        behind = loss.reads_logits and activation is not None and _remembered(network.nodes[source].layer, activation)
        if (
            behind
            and activation is not None
            and "focal" in loss.names[0]
            and (activation.name == "softmax" or _from_logits(loss))
        ):
            how = "of a softmax" if activation.name == "softmax" else "of a sigmoid with from_logits=True"
            return Absent(f"there is no ladder for {loss.label} {how}: Keras mixes logits and probabilities there")
        found.append(
            Head(
                name=name,
                output=position,
                node=source if behind else node,
                loss=_on_logits(loss) if behind else loss,
                units=width,
                first_unit=sum(head.units for head in found),
                first_column=sum(head.loss.columns(head.units) for head in found),
                weight=weight,
                activation=activation if behind else activation_of(network.nodes[node].layer),
                behind=behind,
            )
        )
    return Heads(tuple(found), _label(network, found))


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


def _from_logits(loss: Loss) -> bool:
    return bool(getattr(loss, "from_logits", False))


def _on_logits(loss: Loss) -> Loss:
    options: dict[str, bool] = {"from_logits": True}
    return dataclasses.replace(loss, **options)


def _label(network: Network, heads: list[Head]) -> str:
    labels = [head.loss.label if head.weight == 1 else f"{head.weight:g} x {head.loss.label}" for head in heads]
    if len(labels) == 1:
        return labels[0]
    if len(set(labels)) == 1:
        return f"sum over {len(labels)} outputs of {labels[0]}"
    return " + ".join(f"{label} of {name}" for label, name in zip(labels, network.output_names, strict=True))
