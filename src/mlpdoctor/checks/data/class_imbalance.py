"""D707: rare classes that the model never predicts."""

from collections.abc import Iterator

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import count, percent
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.class_record import ClassRecord, ClassTally, most_learnable
from mlpdoctor.facts.training.training import Training
from mlpdoctor.statistics.rows import RowSample

FINE = 0.5
"""Who finds half of a rare class has not ignored it."""
TOLD_APART = 0.3
"""Share of the class that a plain fit must find, and be right about half the time, before the model is to blame."""
MOST_WRITTEN = 10


@check(
    "D707",
    Severity.WARNING,
    "{label} is {class_share} of the rows, and the model finds {finds} of them",
    stage=Stage.DATA,
    because="D702 G603 L502 O201 O202 O203 O205 U401 W301 W302",
    untreatable="class weights are given to fit, not stored in a model; try class_weight in your own training",
)
def class_imbalance(
    record: ClassRecord,
    sample: RowSample,
    position: LossPosition | None,
    training: Training,
    *,
    ignored: float = 0.1,
) -> Iterator[Evidence]:
    """A rare class that the model does not predict.

    Why it matters
        Where one row in a hundred is of a class, a model that never predicts it is right on ninety-nine, and most of
        the gradient is about those. The accuracy looks good and stands still at the share of the others.
    How to fix it
        Let the rare class count more: class_weight in fit. The predictions then are no longer probabilities as they
        occur in the data. Where only the decision matters a lower threshold than 0.5 does it without training.
    When it stays silent
        Classes of more than a fifth of their even share, a tenth of the rows where there are two; rare classes of
        which the model finds half. A warning asks for more than rarity: that the model finds next to nothing of the
        class, that a plain logistic regression does find it, and that the loss is not as good as anything known to be
        reachable. A model that is right to be unsure, or has not been trained, gets a note.
    How sure
        Measured where the sample of up to 32,768 rows holds all of them, else estimated.
    References
        He and Garcia, Learning from imbalanced data, 2009.
    """
    found = [one for one in record.tallies if one.rare and one.recall < FINE]
    if not found:
        return
    worst, rival, precision = most_learnable(found, sample, ignored)
    told_apart = rival >= TOLD_APART and precision >= FINE
    blamed = told_apart and not training.never and (position is None or not position.well)
    siblings = [one for one in record.tallies if one.head == worst.head]
    label = f"label {worst.label}" if worst.several else f"class {worst.label}"
    yield Evidence(
        numbers={
            "label": label if len(found) == 1 else f"{label} (the worst of {len(found)} rare ones)",
            "output": worst.head,
            "class_share": worst.share,
            "class_rows": worst.rows,
            "rows": record.rows,
            "finds": percent(worst.recall) if worst.recall > 0 else "none",
            "recall_share": worst.recall,
            "loss_share": worst.loss_share,
            "logistic_regression_recall_share": rival,
            "logistic_regression_precision_share": precision,
            "recall": {str(one.label): one.recall for one in siblings[:100]},
            "rare": tuple(one.label for one in found[:100]),
        },
        certainty=Certainty.MEASURED if record.complete else Certainty.ESTIMATED,
        severity=Severity.WARNING if blamed else Severity.NOTE,
        why=_why(worst, rival, ignored=ignored, told_apart=told_apart, untrained=training.never),
        remedy=_remedy(worst, siblings),
        strength=1.0 - worst.recall,
        verdict=f"The model hardly ever predicts {label}, {percent(worst.share)} of the rows. It is right on most rows "
        "without it."
        + (f" But a logistic regression on the features finds {percent(rival)} of them." if told_apart else ""),
    )


def _why(worst: ClassTally, rival: float, *, ignored: float, told_apart: bool, untrained: bool) -> str:
    cost = f"Its {count(worst.rows, 'row')} carry {percent(worst.loss_share)} of the loss"
    if untrained:
        return f"The model has not been trained yet. {cost}."
    if told_apart:
        return f"{cost}. A logistic regression on the same features finds {percent(rival)} of it on unseen rows."
    if worst.recall > ignored:
        return f"{cost}."
    return (
        f"{cost}. No plain fit finds it either, so an honest probability may rightly stay under one half: judge by "
        "the loss or by ranking, not by accuracy."
    )


def _remedy(worst: ClassTally, siblings: list[ClassTally]) -> Remedy:
    if worst.several:
        return Remedy(
            "let rare labels count more: a focal loss, or a lower threshold for this label",
            'model.compile(loss=keras.losses.BinaryFocalCrossentropy(apply_class_balancing=True), optimizer="adam")',
        )
    text = "let the rare class count more in training, or choose a lower threshold than 0.5 for it"
    if len(siblings) > MOST_WRITTEN:
        return Remedy(
            text, "class_weight = {k: len(y) / (n * len(np.bincount(y))) for k, n in enumerate(np.bincount(y))}"
        )
    total = sum(one.share for one in siblings)
    weights = ", ".join(f"{one.label}: {total / (len(siblings) * one.share):.3g}" for one in siblings)
    return Remedy(text, f"model.fit(x, y, class_weight={{{weights}}})")
