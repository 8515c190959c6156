"""L503: identical inputs with different targets."""

from collections.abc import Iterator

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.ladder import ON_A_RUNG, Ladder
from mlpdoctor.core.text import count, percent, short
from mlpdoctor.facts.ladder.data_floors import ConflictFloor
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.training.training import Trained


@check(
    "L503",
    Severity.WARNING,
    "{rows} rows in {groups} groups have identical inputs but different targets: no model gets below {floor}",
    clears="conflicting rows",
    stage=Stage.DATA,
    because="D704",
    untreatable="rows with equal inputs and different targets keep this loss whatever the model",
)
def conflicting_targets(
    found: ConflictFloor,
    ladder: Ladder,
    position: LossPosition | None,
    trained: Trained | None,
    *,
    tolerated: float = 0.05,
) -> Iterator[Evidence]:
    """Rows with identical inputs and different targets.

    Why it matters
        A model predicts one value for one input. Where the same input occurs with several targets the best prediction
        is their mean (squared error), median (absolute error) or the share of each class (cross-entropy), and the
        rest is lost whatever the model.
    How to fix it
        Find the column that tells these rows apart, or accept the floor.
    When it stays silent
        Repeated rows with equal targets, and noise that costs less than the tolerated share of what the best
        constant loses.
    How sure
        Proved: the rows are compared in full, and the floor is the loss of the best prediction for each group.
    """
    constant, model = ladder.value("constant") or 0.0, ladder.value("model")
    span = constant - ladder.perfect
    share = found.conflict_total / span if span > 0 else 0.0
    if share <= tolerated:
        return
    on_it = trained is not None and model is not None and model - found.total <= ON_A_RUNG * found.conflict_total
    done = trained is not None and position is not None and position.well
    pair = found.conflicts.example
    example = "" if pair is None else f" For example rows {pair[0] + 1:,} and {pair[1] + 1:,}."
    yield Evidence(
        numbers={
            "rows": found.conflicts.rows,
            "groups": found.conflicts.groups,
            "floor": found.total,
            "constant_share": share,
            "example_rows": None if pair is None else (pair[0] + 1, pair[1] + 1),
            "model": model,
        },
        certainty=Certainty.PROVED,
        severity=Severity.NOTE if on_it or done else Severity.WARNING,
        why=f"They account for {percent(share)} of the loss of the best constant, {short(constant)}.{example}",
        remedy=Remedy("add the feature that tells these rows apart, or accept this floor as the goal"),
        explains=_kept(found, ladder, model) if trained is not None and model is not None else None,
        strength=min(share, 1.0),
        verdict=f"{count(found.conflicts.rows, 'row')} with identical inputs have different targets, so no model of "
        f"these inputs gets below {short(found.total)}.",
        rules_out=("learning rate", "optimizer", "epochs", "width") if on_it else (),
    )


def _kept(found: ConflictFloor, ladder: Ladder, model: float) -> float | None:
    """The share of the model's loss that the conflicts keep in place."""
    above = model - ladder.perfect
    return min(found.conflict_total / above, 1.0) if above > 0 else None
