"""No penalties on weights or activities, no constraints."""

from collections.abc import Iterator

from mlpdoctor.finding import Finding
from mlpdoctor.network import Layer
from mlpdoctor.treatments.anatomy import line, own
from mlpdoctor.treatments.edits import Compile, Edit, Remove, SetOption
from mlpdoctor.treatments.kinds.redraw_weights import suited
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment
from mlpdoctor.wording import listing

ENDS = ("_regularizer", "_constraint")


@treatment("W307", symptoms="U401 U404 U405 L502 L501 L504")
def remove_penalties(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Trains without penalties, constraints and weight decay.

    What it changes
        Every regularizer and constraint of every layer becomes None, and the optimizer's weight decay too. Where they
        have pressed the weights to nothing a second trial draws these anew, for both sides.
    Why it proves the cause
        Both sides are judged by the loss on the data, without penalties. What the treated one gains, they had kept.
    Keeps
        All weights, the architecture, the optimizer's other options.
    Refuted by
        A loss on the data no lower than the control's.
    """
    network = patient.network
    edits: list[Edit] = []
    names = []
    for layer in network.layers:
        if layer.kind == "ActivityRegularization":
            edits.append(Remove(layer.name))
            names.append(own(layer.name))
            continue
        given = _given(layer)
        edits += [SetOption(layer.name, key, None) for key in given]
        names += [f"{key} of {own(layer.name)}" for key in given]
    if network.optimizer is not None and network.optimizer.options.get("weight_decay"):
        edits.append(Compile("weight_decay", 0.0))
        names.append("weight_decay")
    if not edits:
        yield Nothing("there are no penalties or constraints")
        return
    code = "\n".join(line(layer, **dict.fromkeys(_given(layer))) for layer in network.layers if _given(layer))
    text = f"train without {listing(names)}"
    refuted = "the loss on the data is no lower without them"
    optimizer = network.optimizer
    kind, rate = ("Adam", None) if optimizer is None else (optimizer.name, optimizer.learning_rate)
    options = ", ".join(part for part in ("" if rate is None else f"{rate:g}", "weight_decay=0.0") if part)
    decay = f"model.compile(optimizer=keras.optimizers.{kind}({options}), loss=model.loss)"
    yield Treatment("remove-penalties", ("W307",), tuple(edits), text, code or decay, refuted_by=refuted)
    if finding is not None and finding.code == "W307":
        shared: tuple[Edit, ...] = suited(network)
        yield Treatment(
            "remove-penalties",
            ("W307",),
            (*edits, *shared),
            f"{text}, from fresh weights",
            code or decay,
            shared,
            refuted,
        )


def _given(layer: Layer) -> list[str]:
    return [key for key, value in layer.config.items() if value and key.endswith(ENDS)]
