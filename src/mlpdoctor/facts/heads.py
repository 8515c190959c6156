"""What the network is trained for: its outputs, the loss of each, and how they add up."""

from dataclasses import dataclass

from mlpdoctor.fact import Absent, fact
from mlpdoctor.losses.loss import Loss
from mlpdoctor.losses.registry import find, known
from mlpdoctor.network import Network


@dataclass(frozen=True)
class Heads:
    """The columns of the network's outputs side by side, and what each contributes to the total loss.

    Attributes:
        names: name of the output each column belongs to.
        losses: the loss of each column.
        weights: the factor of each column's loss in the total: Keras averages the columns of an output and adds
            outputs up by their loss weights.
        label: the whole loss in words.
    """

    names: tuple[str, ...]
    losses: tuple[Loss, ...]
    weights: tuple[float, ...]
    label: str

    def total(self, per_column: tuple[float, ...]) -> float:
        """The total loss from the loss of each column."""
        return sum(weight * value for weight, value in zip(self.weights, per_column, strict=True))


@fact
def heads(network: Network) -> Heads | Absent:
    """The network's outputs with their losses, as the file or ``--loss`` names them."""
    names: list[str] = []
    losses: list[Loss] = []
    weights: list[float] = []
    labels: list[str] = []
    parts = zip(network.output_names, network.output_widths, network.losses, network.loss_weights, strict=True)
    for name, width, config, weight in parts:
        if config is None:
            return Absent("the model was saved without a loss; name it with --loss, as in --loss mse")
        loss = find(config.name)
        if loss is None:
            have = ", ".join(one.label for one in known())
            return Absent(f"there is no ladder for the loss {config.name!r} yet, only for {have}")
        if width is None:
            return Absent(f"the width of the output {name!r} is not known")
        names += [name] * width
        losses += [loss] * width
        weights += [weight / width] * width
        labels.append(loss.label if weight == 1 else f"{weight:g} x {loss.label}")
    together = labels[0] if len(set(labels)) == 1 and weights.count(weights[0]) == len(weights) else None
    if len(labels) > 1:
        joined = " + ".join(f"{label} of {name}" for label, name in zip(labels, network.output_names, strict=True))
        together = joined if together is None else f"sum over {len(labels)} outputs of {together}"
    return Heads(tuple(names), tuple(losses), tuple(weights), together or labels[0])
