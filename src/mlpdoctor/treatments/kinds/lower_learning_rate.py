"""A lower learning rate."""

from collections.abc import Iterator

from mlpdoctor.finding import Finding
from mlpdoctor.treatments.anatomy import rate, told_number
from mlpdoctor.treatments.edits import Compile, Edit
from mlpdoctor.treatments.kinds.redraw_weights import fresh
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment

TENTH = 0.1


@treatment("G603 W301 H803 H804", symptoms="G602 U401")
def lower_learning_rate(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Trains at a lower learning rate.

    What it changes
        The rate alone: the one at which the finding's own trial fell, or a tenth of the present one. Where the high
        rate has wrecked the weights they are drawn anew, for both sides.
    Why it proves the cause
        Both sides make as many updates on the same batches from the same weights.
    Keeps
        The optimizer with its other options.
    Refuted by
        The treated loss is no lower than the control's: the rate was not too high.
    """
    optimizer, now = patient.network.optimizer, rate(patient.network)
    if optimizer is None or now is None or now <= 0:
        yield Nothing("the file tells no learning rate to lower")
        return
    told = told_number(finding, "lower_rate")
    goal = told if told is not None and told < now else TENTH * now
    change = Compile("learning_rate", goal)
    text = f"train at a learning rate of {goal:.3g} instead of {now:.3g}"
    code = f"model.compile(optimizer=keras.optimizers.{optimizer.name}({goal:.3g}), loss=model.loss)"
    refuted = "the loss gets no lower than at the old rate"
    broken = patient.found("W301") is not None
    if not broken:
        yield Treatment("lower-learning-rate", ("G603", "H803", "H804"), (change,), text, code, refuted_by=refuted)
    if finding is not None or broken:
        shared: tuple[Edit, ...] = fresh(patient.network)
        if shared:
            anew = f"{text}, from fresh weights"
            yield Treatment(
                "lower-learning-rate", ("G603", "W301", "H803", "H804"), (*shared, change), anew, code, shared, refuted
            )
