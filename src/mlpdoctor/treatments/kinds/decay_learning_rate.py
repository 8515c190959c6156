"""A learning rate that falls to nothing by the end."""

from collections.abc import Iterator

from mlpdoctor.finding import Finding
from mlpdoctor.treatments.anatomy import rate
from mlpdoctor.treatments.edits import Decay
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment


@treatment("H804", symptoms="G603", companion=7)
def decay_learning_rate(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Lets the learning rate fall to nothing by the end of training.

    What it changes
        The rate alone: half a cosine from where it is down to zero, over as many updates as each run makes.
    Why it proves the cause
        Both sides make as many updates on the same batches. At a constant rate the last steps are as long as the
        first, and the loss stays above its valley by what they overshoot; what the treated side gains was that.
    Keeps
        The optimizer with its other options, all weights.
    Refuted by
        The treated loss ends no lower: the rate was no longer in the way, or the shorter steps did not get there.
    """
    del finding
    optimizer, now = patient.network.optimizer, rate(patient.network)
    if optimizer is None or now is None or now <= 0:
        yield Nothing("the file tells no learning rate to let fall")
        return
    if isinstance(optimizer.options.get("learning_rate"), dict):
        yield Nothing("the learning rate follows a schedule already")
        return
    yield Treatment(
        "decay-learning-rate",
        ("H804",),
        (Decay(),),
        "let the learning rate fall to nothing by the end",
        "learning_rate=keras.optimizers.schedules.CosineDecay(learning_rate, decay_steps=epochs * steps_per_epoch)",
        refuted_by="the loss ends no lower than at a constant rate",
    )
