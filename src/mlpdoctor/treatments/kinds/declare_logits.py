"""A loss that takes the answers for what they are: logits or probabilities."""

from collections.abc import Iterator

from mlpdoctor.contract.output import CLASS_NAMES
from mlpdoctor.contract.reading import first_name
from mlpdoctor.finding import Finding
from mlpdoctor.treatments.anatomy import Head, heads
from mlpdoctor.treatments.edits import Compile
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment

PROBABILITIES = frozenset({"sigmoid", "softmax", "hard_sigmoid", "sparsemax", "sparse_sigmoid"})


@treatment("O203", symptoms="O202")
def declare_logits(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Sets from_logits of a cross-entropy to what the last layer answers.

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
    found = heads(patient.network, patient.targets.shape[1])
    chosen = [head for head in found if place in (None, head.ending.name) and _wrong(head) is not None]
    if not chosen:
        yield Nothing("every loss takes the answers for what they are")
        return
    for head in chosen:
        config, logits = head.ending.config, bool(_wrong(head))
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
            (Compile("loss", value, head.number),),
            f"let the loss take {'logits' if logits else 'probabilities'}: from_logits={logits}",
            f"loss=keras.losses.{name}(from_logits={logits})",
            refuted_by="it is right no more often than with the old loss",
        )


def _wrong(head: Head) -> bool | None:
    """What ``from_logits`` should be where it is not; None where it is right."""
    config, function = head.ending.config, head.ending.activation
    if config is None or function is None or first_name(config) not in CLASS_NAMES:
        return None
    given = bool(config.options.get("from_logits"))
    if function.name in PROBABILITIES:
        return False if given else None
    return True if function.affine and not given else None
