"""A higher learning rate."""

from collections.abc import Iterator

from mlpdoctor.finding import Finding
from mlpdoctor.treatments.anatomy import rate, size, told_number
from mlpdoctor.treatments.edits import Compile
from mlpdoctor.treatments.patient import Patient
from mlpdoctor.treatments.treatment import Nothing, Proposal, Treatment, treatment

USUAL = {
    "SGD": 0.01, "Adagrad": 0.01, "Adadelta": 1.0, "RMSprop": 0.001, "Adam": 0.001, "AdamW": 0.001, "Nadam": 0.001,
    "Adamax": 0.001, "Ftrl": 0.01, "Lion": 1e-4, "Lamb": 0.001,
}  # fmt: skip
"""Rates that the optimizers work at; Keras's own defaults but for those of Adagrad, Adadelta and Ftrl, which crawl."""
SMALL_NETWORK = 10_000
"""Networks of fewer parameters stand ten times Adam's usual rate and need it where the budget is short."""
BRISK = {"Adam": 0.01, "AdamW": 0.01, "Nadam": 0.01, "Adamax": 0.01, "RMSprop": 0.003, "SGD": 0.05, "Adagrad": 0.05}
WORTH = 2.0
"""A rate that is not even doubled is the same rate."""


@treatment("G604 W306 H806 H808", symptoms="G607 G606 L504 L502 L506 G605 H802 H807", companion=1)
def raise_learning_rate(finding: Finding | None, patient: Patient) -> Iterator[Proposal]:
    """Trains at a higher learning rate.

    What it changes
        The rate alone: the one that the finding tried, or that it fell from; the optimizer's usual one, for small
        networks a brisk one.
    Why it proves the cause
        Both sides make as many updates on the same batches. The one at the higher rate gets further if the rate was
        what held the other.
    Keeps
        The optimizer with its other options, all weights.
    Refuted by
        The treated loss falls no faster than the control's, or is thrown about.
    """
    optimizer, now = patient.network.optimizer, rate(patient.network)
    name = "Adam" if optimizer is None else optimizer.name
    told = told_number(finding, "rate_tried") or told_number(finding, "from_rate")
    goals = dict.fromkeys(goal for goal in (told, usual(name, size(patient.network))) if goal is not None)
    higher = [goal for goal in goals if now is None or goal >= WORTH * now]
    if not higher:
        yield Nothing(f"the learning rate, {now:g}, is not low for {name}")
    for goal in higher:
        yield Treatment(
            "raise-learning-rate",
            ("G604", "W306", "H806", "H808"),
            (Compile("learning_rate", goal),),
            f"train at a learning rate of {goal:.3g}" + ("" if now is None else f" instead of {now:.3g}"),
            f"model.compile(optimizer=keras.optimizers.{name}({goal:.3g}), loss=model.loss)",
            refuted_by="the loss falls no faster than at the old rate",
        )


def usual(optimizer: str, parameters: int) -> float:
    """A rate that an optimizer works at on a network of so many parameters."""
    known = USUAL.get(optimizer, 0.001)
    return BRISK.get(optimizer, known) if parameters <= SMALL_NETWORK else known
