"""No dropout."""

from collections.abc import Iterator

from mlpdoctor.finding import Finding
from mlpdoctor.treatments.anatomy import line, own, told_layers
from mlpdoctor.treatments.edits import Edit, SetOption
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment
from mlpdoctor.wording import listing

RATES = {"Dropout": "rate", "AlphaDropout": "rate", "GaussianDropout": "rate", "GaussianNoise": "stddev"}


@treatment("A104", symptoms="L501 L504 L506 U405")
def remove_dropout(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Switches dropout off.

    What it changes
        The rate of the dropout layers named, or of all, becomes 0; the layers stay where they are.
    Why it proves the cause
        Both sides are judged without dropout. The treated one was trained without it too: what it gains, the noise
        had cost.
    Keeps
        All weights, all names, the optimizer.
    Refuted by
        A loss no lower than the control's.
    """
    named = told_layers(finding, "layers")
    noisy = [
        layer
        for layer in patient.network.layers
        if layer.kind in RATES and layer.config.get(RATES[layer.kind]) and "/" not in layer.kind
    ]
    chosen = [layer for layer in noisy if layer.name in named] or noisy
    if not chosen:
        yield Nothing("there is no dropout")
        return
    edits: tuple[Edit, ...] = tuple(SetOption(layer.name, RATES[layer.kind], 0.0) for layer in chosen)
    yield Treatment(
        "remove-dropout",
        ("A104",),
        edits,
        f"set the rate of {listing([own(layer.name) for layer in chosen])} to 0",
        "\n".join(line(layer, **{RATES[layer.kind]: 0.0}) for layer in chosen),
        refuted_by="the loss is no lower without the dropout",
    )
