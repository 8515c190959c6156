"""A last bias that starts from the best constant."""

from collections.abc import Iterator

import numpy as np

from mlpdoctor.finding import Finding
from mlpdoctor.treatments.anatomy import heads, own
from mlpdoctor.treatments.edits import SetWeights
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment


@treatment("O209")
def start_bias(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Starts the last bias from the best constant.

    What it changes
        The bias of the output layer becomes the mean of the targets, or the log-odds of the base rate, as the finding
        worked it out.
    Why it proves the cause
        All else is the same: what the treated side is ahead by, the control spends moving one number.
    Keeps
        All other weights, the architecture, the optimizer.
    Refuted by
        The treated loss is no lower than the control's within the budget.
    """
    numbers = {} if finding is None else finding.evidence.numbers
    biases, place = numbers.get("biases"), numbers.get("output")
    found = [head for head in heads(patient.network, patient.targets.shape[1]) if place in (None, head.ending.name)]
    layer = found[0].ending.layer if found else None
    if layer is None or layer.kind != "Dense" or "bias" not in layer.weights or not isinstance(biases, tuple):
        yield Nothing("no best constant for the last bias was worked out")
        return
    values = np.array([float(value) for value in biases if isinstance(value, int | float)])
    if len(values) != layer.weights["bias"].size:
        yield Nothing("the last layer has more biases than were worked out")
        return
    shown = ", ".join(f"{value:.5g}" for value in values[:4]) + (", ..." if len(values) > 4 else "")  # noqa: PLR2004
    yield Treatment(
        "start-bias",
        ("O209",),
        (SetWeights(layer.name, "bias", values),),
        f"start the bias of {own(layer.name)} from {shown}",
        f'model.get_layer("{own(layer.name)}").bias.assign([{shown}])',
        refuted_by="the loss is no lower within the budget",
    )
