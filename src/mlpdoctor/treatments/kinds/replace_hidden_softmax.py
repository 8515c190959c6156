"""relu in place of a hidden softmax."""

from collections.abc import Iterator

from mlpdoctor.finding import Finding
from mlpdoctor.layers.nature import activation_of
from mlpdoctor.network import Layer
from mlpdoctor.treatments.anatomy import at_outputs, line, own, told_layers
from mlpdoctor.treatments.edits import Edit, InsertAfter, NewLayer, Remove, SetOption
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment
from mlpdoctor.wording import listing

SHARING = frozenset({"softmax", "log_softmax", "sparsemax"})


@treatment("A105", symptoms="G601 L502 U404")
def replace_hidden_softmax(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
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
    ends = {id(layer) for layer in at_outputs(patient.network)}
    sharing = [layer for layer in patient.network.layers if id(layer) not in ends and _shares(layer)]
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
        f"give {listing([own(layer.name) for layer in chosen])} relu instead of softmax",
        "\n".join(line(layer, activation="relu") if layer.kind != "Softmax" else "ReLU()" for layer in chosen),
        refuted_by="the loss is no lower with relu",
    )


def _shares(layer: Layer) -> bool:
    function = activation_of(layer)
    return function is not None and function.name in SHARING
