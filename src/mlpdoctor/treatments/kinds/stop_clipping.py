"""No clipping of gradients."""

from collections.abc import Iterator

from mlpdoctor.finding import Finding
from mlpdoctor.treatments.edits import Compile, Edit
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment
from mlpdoctor.wording import listing

LIMITS = ("clipnorm", "clipvalue", "global_clipnorm")


@treatment("G608", symptoms="G604 G607")
def stop_clipping(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Takes the limits off the gradients.

    What it changes
        clipnorm, clipvalue and global_clipnorm of the optimizer.
    Why it proves the cause
        Nothing else differs: what the treated side gains, the clipping had taken.
    Keeps
        The optimizer, its rate, all weights.
    Refuted by
        The treated loss falls no faster than the control's, or blows up: the limits were needed.
    """
    del finding
    optimizer = patient.network.optimizer
    given = [name for name in LIMITS if optimizer is not None and optimizer.options.get(name)]
    if not given or optimizer is None:
        yield Nothing("no gradient is clipped")
        return
    edits: tuple[Edit, ...] = tuple(Compile(name, None) for name in given)
    rate = "" if optimizer.learning_rate is None else f"{optimizer.learning_rate:g}"
    yield Treatment(
        "stop-clipping",
        ("G608",),
        edits,
        f"train without {listing(given)}",
        f"model.compile(optimizer=keras.optimizers.{optimizer.name}({rate}), loss=model.loss)",
        refuted_by="the loss falls no faster, or blows up",
    )
