"""relu in place of hidden softmax, sigmoid or tanh; an activation for layers that act as one."""

from collections.abc import Iterator

from mlpdoctor.core.finding import Finding
from mlpdoctor.core.network import Layer, Network
from mlpdoctor.core.text import listing
from mlpdoctor.facts.network.collapse import collapse
from mlpdoctor.nn.layers.properties import activation_of
from mlpdoctor.treat.case import Case, Nothing, Proposal, Treatment, treatment
from mlpdoctor.treat.editing.edits import Edit, InsertAfter, NewLayer, Redraw, Remove, SetOption
from mlpdoctor.treat.editing.model_queries import at_outputs, drawable, hidden, line, told_layers

SHARING = frozenset({"softmax", "log_softmax", "sparsemax"})


@treatment("A105", symptoms="G601 L502 U404")
def replace_hidden_softmax(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Gives hidden units relu in place of softmax.

    What it changes
        The activation of the hidden layers that divide their units' values among each other.
    Why it proves the cause
        All weights are the same. What the treated side gains, the sharing had kept.
    Keeps
        All weights, the architecture, the optimizer.
    Refuted by
        A loss no lower than the control's.
    """
    named = told_layers(finding, "layer")
    ends = {id(layer) for layer in at_outputs(case.network)}
    sharing = [layer for layer in case.network.layers if id(layer) not in ends and _shares(layer)]
    chosen = [layer for layer in sharing if layer.name in named] or sharing
    if not chosen:
        yield Nothing("no hidden layer has a softmax")
        return
    edits: list[Edit] = []
    for layer in chosen:
        if layer.kind == "Softmax":
            edits += [InsertAfter(layer.name, NewLayer("ReLU")), Remove(layer.name)]
        else:
            edits.append(SetOption(layer.name, "activation", "relu"))
    yield Treatment(
        "replace-hidden-softmax",
        ("A105",),
        tuple(edits),
        f"give {listing([layer.short_name for layer in chosen])} relu instead of softmax",
        "\n".join(line(layer, activation="relu") if layer.kind != "Softmax" else "ReLU()" for layer in chosen),
    )


def _shares(layer: Layer) -> bool:
    function = activation_of(layer)
    return function is not None and function.name in SHARING


@treatment("A107 G601", symptoms="U402 L502")
def replace_saturating(finding: Finding | None, case: Case) -> Iterator[Proposal]:
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
    network = case.network
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
        f"give {listing([layer.short_name for layer in chosen])} relu, from fresh weights",
        "\n".join(_code(layer) for layer in chosen),
        drawn,
    )


def _levels_off(layer: Layer) -> bool:
    function = activation_of(layer)
    return function is not None and function.saturating and "activation" in layer.config


def _code(layer: Layer) -> str:
    if "kernel_initializer" not in layer.config:
        return line(layer, activation="relu")
    return line(layer, activation="relu", kernel_initializer="he_uniform")


SMOOTH_WIDTH = 3
"""Up to so many features tanh comes first: a ReLU network with zero biases has few kinks among few features."""


@treatment("A101", symptoms="L501 U403")
def restore_activation(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Gives hidden layers that act as one an activation.

    What it changes
        The option activation of the Dense layers with nothing nonlinear behind them: tanh for few features, relu for
        many. The one that stands there is left alone.
    Why it proves the cause
        Without it the loss cannot go lower than the linear model's. A treated model that does, under the same budget,
        had nothing else in its way.
    Keeps
        All weights, the optimizer, the number of parameters.
    Refuted by
        A loss no lower than the control's, which stays that of the linear model.
    """
    network = case.network
    bare = _bare(network, told_layers(finding, "layers"))
    if not bare:
        yield Nothing("every hidden layer has something nonlinear behind it")
        return
    width = network.input_width
    functions = ["tanh", "relu"] if width is not None and width <= SMOOTH_WIDTH else ["relu", "tanh"]
    for function in functions if finding is None else functions[:1]:
        names = listing([layer.short_name for layer in bare])
        yield Treatment(
            "restore-activation",
            ("A101", "L501", "U403"),
            tuple(_edit(layer, function) for layer in bare),
            f"give {names} the activation {function}",
            "\n".join(line(layer, activation=function) for layer in bare),
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
