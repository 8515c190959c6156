"""An activation for layers that act as one."""

from collections.abc import Iterator

from mlpdoctor.facts.collapse import collapse
from mlpdoctor.finding import Finding
from mlpdoctor.layers.nature import activation_of
from mlpdoctor.network import Layer, Network
from mlpdoctor.treatments.anatomy import hidden, line, own, told_layers
from mlpdoctor.treatments.edits import Edit, InsertAfter, NewLayer, SetOption
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment
from mlpdoctor.wording import listing

SMOOTH_WIDTH = 3
"""Up to so many features tanh comes first: a ReLU network with zero biases has few kinks among few features."""


@treatment("A101", symptoms="L501 U403")
def restore_activation(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Gives hidden layers that act as one an activation.

    What it changes
        The option activation of the Dense layers with nothing nonlinear behind them: tanh for few features, relu for
        many. The one that stands there is left alone.
    Why it proves the cause
        Without it no weights go below the linear model's loss. A treated model that does, under the same budget, had
        nothing else in its way.
    Keeps
        All weights, the optimizer, the number of parameters.
    Refuted by
        A loss no lower than the control's, which stays that of the linear model.
    """
    network = patient.network
    bare = _bare(network, told_layers(finding, "layers"))
    if not bare:
        yield Nothing("every hidden layer has something nonlinear behind it")
        return
    width = network.input_width
    functions = ["tanh", "relu"] if width is not None and width <= SMOOTH_WIDTH else ["relu", "tanh"]
    for function in functions if finding is None else functions[:1]:
        names = listing([own(layer.name) for layer in bare])
        yield Treatment(
            "restore-activation",
            ("A101", "L501", "U403"),
            tuple(_edit(layer, function) for layer in bare),
            f"give {names} the activation {function}",
            "\n".join(line(layer, activation=function) for layer in bare),
            refuted_by="the loss falls no further than that of a linear model",
        )


def _bare(network: Network, named: tuple[str, ...]) -> tuple[Layer, ...]:
    """Hidden layers whose units go into another kernel as they are, those that were named if any were."""
    stretched = {layer.name for stretch in collapse.function(network).stretches for layer in stretch.layers}
    wanted = set(named) & stretched or stretched
    plain = (layer for layer in hidden(network) if layer.name in wanted)
    return tuple(layer for layer in plain if (found := activation_of(layer)) is not None and found.affine)


def _edit(layer: Layer, function: str) -> Edit:
    if "activation" in layer.config:
        return SetOption(layer.name, "activation", function)
    return InsertAfter(layer.name, NewLayer("Activation", {"activation": function}))
