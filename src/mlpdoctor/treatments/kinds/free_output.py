"""An output that can answer what the targets ask."""

from collections.abc import Iterator

from mlpdoctor.contract.labels import AMOUNTS
from mlpdoctor.contract.reading import Reading, reading_of
from mlpdoctor.finding import Finding
from mlpdoctor.treatments.anatomy import Head, heads, line, own
from mlpdoctor.treatments.edits import Edit, InsertAfter, NewLayer, Redraw, Remove, SetOption
from mlpdoctor.treatments.kinds.fit_head import labels_of
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment


@treatment("O204", symptoms="U401 U402 U404 L502 D703 O202 O207")
def free_output(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Takes the activation off an output of amounts.

    What it changes
        The last activation, relu, sigmoid or tanh, becomes linear, and the last layer's weights are drawn anew: under
        the old activation they may have been driven to an end from which no gradient led back.
    Why it proves the cause
        Everything before the last layer is as it was. Targets beyond the range of an activation keep a part of the
        loss whatever the weights; what the treated model saves was that part.
    Keeps
        All other weights, the loss, the optimizer, the data.
    Refuted by
        A loss no lower than the control's.
    """
    place = None if finding is None else finding.evidence.numbers.get("output")
    found = heads(patient.network, patient.targets.shape[1])
    bounded = [head for head in found if _bounded(head)]
    if finding is not None and not finding.code.startswith("O"):
        bounded = [head for head in bounded if _in_the_way(head, finding, patient)]
    elif finding is not None and finding.code != "O204":
        bounded = [head for head in bounded if _amounts(head, patient)]
    chosen = [head for head in bounded if not isinstance(place, str) or place == head.ending.name] or bounded
    if not chosen:
        yield Nothing("no output of amounts has an activation")
        return
    for head in chosen:
        layer = head.ending.layer
        function = head.ending.activation
        edits: list[Edit] = []
        if layer.kind == "Dense":
            edits = [SetOption(layer.name, "activation", "linear"), Redraw(layer.name)]
        elif "activation" in layer.config:
            edits = [SetOption(layer.name, "activation", "linear")]
        else:
            edits = [InsertAfter(layer.name, NewLayer("Activation", {"activation": "linear"})), Remove(layer.name)]
        yield Treatment(
            "free-output",
            ("O204",),
            tuple(edits),
            f"take the {function.name if function else 'activation'} off the output {own(layer.name)}",
            line(layer, activation="linear"),
            refuted_by="the loss is no lower without the activation",
        )


def _in_the_way(head: Head, finding: Finding, patient: Patient) -> bool:
    """Whether targets lie beyond the activation's range, or the finding is about this very layer."""
    function = head.ending.activation
    if finding.layer == head.ending.layer.name or head.columns is None or function is None:
        return finding.layer == head.ending.layer.name
    own = patient.targets[:, slice(*head.columns)]
    return bool(own.min() < function.bounds[0] or own.max() > function.bounds[1])


def _amounts(head: Head, patient: Patient) -> bool:
    """Whether the targets are amounts, not labels of some kind."""
    return head.columns is None or labels_of(patient.targets[:, slice(*head.columns)]).kind in AMOUNTS


def _bounded(head: Head) -> bool:
    config, function = head.ending.config, head.ending.activation
    if config is None or function is None or function.affine:
        return False
    return reading_of(config) in (Reading.NUMBER, Reading.POSITIVE_NUMBER)
