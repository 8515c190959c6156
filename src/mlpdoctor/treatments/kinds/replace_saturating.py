"""relu in place of sigmoid and tanh in hidden layers."""

from collections.abc import Iterator

from mlpdoctor.finding import Finding
from mlpdoctor.layers.nature import activation_of
from mlpdoctor.network import Layer
from mlpdoctor.treatments.anatomy import at_outputs, drawable, hidden, line, own, told_layers
from mlpdoctor.treatments.edits import Edit, Redraw, SetOption
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment
from mlpdoctor.wording import listing


@treatment("A107 G601", symptoms="U402 L502")
def replace_saturating(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Gives hidden layers relu in place of functions that level off.

    What it changes
        sigmoid, tanh and their kin in hidden layers become relu, with kernels from he_uniform. The control gets fresh
        weights as well.
    Why it proves the cause
        The slope of a sigmoid is at most a quarter, and a row of them multiplies. Where the same network with relu
        learns from as fresh a start, that product was what held it.
    Keeps
        The architecture but for these functions, the optimizer, the loss.
    Refuted by
        A loss no lower than that of the control with fresh weights.
    """
    network = patient.network
    named = told_layers(finding, "layers") if finding is not None and finding.code == "A107" else ()
    ends = {id(layer) for layer in at_outputs(network)}
    inner = {id(layer) for layer in hidden(network)}
    level = [
        layer
        for layer in network.layers
        if _levels_off(layer) and id(layer) not in ends and (id(layer) in inner or layer.kind == "Activation")
    ]
    chosen = [layer for layer in level if layer.name in named] or level
    if not chosen:
        yield Nothing("no hidden layer has a function that levels off")
        return
    kernels = {layer.name for layer in hidden(network)}
    drawn: tuple[Edit, ...] = tuple(
        Redraw(layer.name, initializer="he_uniform" if layer.name in kernels else None) for layer in drawable(network)
    )
    functions: tuple[Edit, ...] = tuple(SetOption(layer.name, "activation", "relu") for layer in chosen)
    yield Treatment(
        "replace-saturating",
        ("A107", "G601"),
        (*functions, *drawn),
        f"give {listing([own(layer.name) for layer in chosen])} relu, and draw the weights anew",
        "\n".join(_code(layer) for layer in chosen),
        drawn,
        "the loss is no lower than from fresh weights alone",
    )


def _levels_off(layer: Layer) -> bool:
    function = activation_of(layer)
    return function is not None and function.saturating and "activation" in layer.config


def _code(layer: Layer) -> str:
    if "kernel_initializer" not in layer.config:
        return line(layer, activation="relu")
    return line(layer, activation="relu", kernel_initializer="he_uniform")
