"""Adam in place of another optimizer."""

from collections.abc import Iterator

from mlpdoctor.finding import Finding
from mlpdoctor.treatments.anatomy import size
from mlpdoctor.treatments.edits import Compile
from mlpdoctor.treatments.kinds.raise_learning_rate import usual
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment

SAME = frozenset({"Adam", "AdamW", "Nadam", "Adamax"})


@treatment("G605", symptoms="G606 G607 G601 G603 G604 L501 L502 L504 L506 H806 H804", companion=2)
def use_adam(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Trains with Adam.

    What it changes
        The optimizer, with its rate: Adam at 0.001, 0.01 for small networks.
    Why it proves the cause
        Adam divides each gradient by its size, so that directions along which the loss is flat are no longer left
        behind. Where the same number of its updates gets further, the steps were what held the loss.
    Keeps
        All weights, the architecture, the loss.
    Refuted by
        The treated loss falls no faster than the control's.
    """
    del finding
    optimizer = patient.network.optimizer
    if optimizer is None or optimizer.name in SAME:
        yield Nothing("the model is trained with Adam, or one of its kin, already")
        return
    rate = usual("Adam", size(patient.network))
    value = {
        "module": "keras.optimizers",
        "class_name": "Adam",
        "config": {"learning_rate": rate},
        "registered_name": None,
    }
    yield Treatment(
        "use-adam",
        ("G605",),
        (Compile("optimizer", value),),
        f"train with Adam at {rate:g} instead of {optimizer.name}",
        f"model.compile(optimizer=keras.optimizers.Adam({rate:g}), loss=model.loss)",
        refuted_by="the loss falls no faster than with the old optimizer",
    )
