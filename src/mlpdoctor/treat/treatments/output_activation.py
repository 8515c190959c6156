"""Outputs and losses that fit: logits or probabilities, and an output that can reach the targets."""

from collections.abc import Iterator

from mlpdoctor.core.finding import Finding
from mlpdoctor.facts.outputs.labels import AMOUNTS
from mlpdoctor.nn.expectation import Expectation, expectation_of, first_name
from mlpdoctor.nn.heads import output_heads
from mlpdoctor.nn.output_head import CLASS_NAMES, OutputHead
from mlpdoctor.treat.case import Case, Nothing, Proposal, Treatment, treatment
from mlpdoctor.treat.editing.edits import Compile, Edit, InsertAfter, NewLayer, Redraw, Remove, SetOption
from mlpdoctor.treat.editing.model_queries import line
from mlpdoctor.treat.treatments.fit_head import labels_of

PROBABILITIES = frozenset({"sigmoid", "softmax", "hard_sigmoid", "sparsemax", "sparse_sigmoid"})


@treatment("O203", symptoms="O202")
def declare_logits(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Sets from_logits of a cross-entropy to what the last layer outputs.

    What it changes
        One option of the loss.
    Why it proves the cause
        The network is the same, weight by weight.
    Keeps
        All layers, all weights, the optimizer, the labels.
    Refuted by
        The treated model is right no more often than the control.
    """
    place = None if finding is None else finding.evidence.numbers.get("output")
    found = output_heads(case.network, case.targets.shape[1])
    chosen = [head for head in found if place in (None, head.name) and _wrong(head) is not None]
    if not chosen:
        yield Nothing("every loss reads the predictions as what they are")
        return
    for head in chosen:
        config, logits = head.config, bool(_wrong(head))
        if config is None:
            continue
        name = CLASS_NAMES[first_name(config)]
        kept = {key: value for key, value in config.options.items() if key != "from_logits"}
        value = {
            "module": "keras.losses",
            "class_name": name,
            "config": {**kept, "from_logits": logits},
            "registered_name": None,
        }
        yield Treatment(
            "declare-logits",
            ("O203", "O202"),
            (Compile("loss", value, head.output),),
            f"let the loss take {'logits' if logits else 'probabilities'}: from_logits={logits}",
            f"loss=keras.losses.{name}(from_logits={logits})",
        )


def _wrong(head: OutputHead) -> bool | None:
    """What ``from_logits`` should be where it is not; None where it is right."""
    config, function = head.config, head.known_function
    if config is None or function is None or first_name(config) not in CLASS_NAMES:
        return None
    given = bool(config.options.get("from_logits"))
    if function.name in PROBABILITIES:
        return False if given else None
    return True if function.affine and not given else None


@treatment("O204", symptoms="U401 U402 U404 L502 D703 O202 O207")
def free_output(finding: Finding | None, case: Case) -> Iterator[Proposal]:
    """Takes the activation off an output of amounts.

    What it changes
        The last activation, relu, sigmoid or tanh, becomes linear, and the last layer's weights are re-initialised:
        under the old activation they may have been driven to an end from which no gradient led back.
    Why it proves the cause
        Everything before the last layer is as it was. Targets beyond the range of an activation keep a part of the
        loss whatever the weights; what the treated model saves was that part.
    Keeps
        All other weights, the loss, the optimizer, the data.
    Refuted by
        A loss no lower than the control's.
    """
    place = None if finding is None else finding.evidence.numbers.get("output")
    found = output_heads(case.network, case.targets.shape[1])
    bounded = [head for head in found if _bounded(head)]
    if finding is not None and not finding.code.startswith("O"):
        bounded = [head for head in bounded if _in_the_way(head, finding, case)]
    elif finding is not None and finding.code != "O204":
        bounded = [head for head in bounded if _amounts(head, case)]
    chosen = [head for head in bounded if not isinstance(place, str) or place == head.name] or bounded
    if not chosen:
        yield Nothing("no output of amounts has an activation")
        return
    for head in chosen:
        layer = head.layer
        function = head.known_function
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
            f"take the {function.name if function else 'activation'} off the output {layer.short_name}",
            line(layer, activation="linear"),
        )


def _in_the_way(head: OutputHead, finding: Finding, case: Case) -> bool:
    """Whether targets lie beyond the activation's range, or the finding is about this very layer."""
    function = head.known_function
    if finding.layer == head.layer.name or head.given is None or function is None:
        return finding.layer == head.layer.name
    own = case.targets[:, head.given]
    return bool(own.min() < function.bounds[0] or own.max() > function.bounds[1])


def _amounts(head: OutputHead, case: Case) -> bool:
    """Whether the targets are amounts, not labels of some kind."""
    return head.given is None or labels_of(case.targets[:, head.given]).kind in AMOUNTS


def _bounded(head: OutputHead) -> bool:
    config, function = head.config, head.known_function
    if config is None or function is None or function.affine:
        return False
    return expectation_of(config) in (Expectation.NUMBER, Expectation.POSITIVE_NUMBER)
