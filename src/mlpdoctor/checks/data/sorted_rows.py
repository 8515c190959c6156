"""D708: rows that come in the order of their targets."""

from collections.abc import Iterator

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.text import listing, percent, short
from mlpdoctor.engine.passes import Passes
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.file_order import FileOrder, Order


@check(
    "D708",
    Severity.WARNING,
    "the rows are sorted by {name}: {difference}",
    clears="the order of the rows",
    stage=Stage.DATA,
    untreatable="a trial shuffles the rows for both sides, so that their order costs neither anything",
)
def sorted_rows(
    order: FileOrder,
    passes: Passes,
    position: LossPosition | None,
    *,
    ordered_share: float = 0.25,
) -> Iterator[Evidence]:
    """Rows that come in the order of their targets, or of a feature that the targets follow.

    Why it matters
        Keras's ``validation_split`` takes the last rows of the file before it shuffles anything. Where the rows
        are sorted, the model is trained on one part of the data and judged on another: the validation loss says
        nothing, and early stopping acts on it. With ``shuffle=False``, or a generator that reads the file from the top,
        batches are all of a kind and each one undoes the last.
    How to fix it
        Shuffle the rows once, before they are split.
    When it stays silent
        Files of fewer than 20 rows, and orders that explain less than a quarter of the target's variance. It is a note
        for numbers, as in a curve sampled from left to right: ``fit`` shuffles by default. It is a warning for class
        labels in blocks, where the last fifth lacks classes, unless the model has learned in spite of it.
    How sure
        Measured on all rows: the variance between tenths of the file, and the ratio of von Neumann, which for labels
        0 and 1 is the number of runs of Wald and Wolfowitz.
    References
        von Neumann, Distribution of the ratio of the mean square successive difference to the variance, 1941.
        Wald and Wolfowitz, On a test whether two samples are from the same population, 1940.
    """
    if order.share < ordered_share:
        return
    hurt = position is None or not position.trained or position.far
    name, difference = _what(order, passes)
    target = passes.dataset.target_names[order.target]
    yield Evidence(
        numbers={
            "name": name,
            "difference": difference,
            "case": order.case.value,
            "feature_head": None if order.by is None else order.by.head,
            "feature_tail": None if order.by is None else order.by.tail,
            "rows": order.rows,
            "between_share": order.share,
            "head_mean": order.head_mean,
            "tail_mean": order.tail_mean,
            "missing_at_the_end": order.missing,
            "tenth_means": order.tenths,
        },
        certainty=Certainty.MEASURED,
        severity=Severity.WARNING if order.missing and hurt else Severity.NOTE,
        why=f"The place in the file alone explains {percent(order.share)} of the variance of {target}. "
        "validation_split=0.2 would test on the last fifth, a part of the data that training never sees.",
        remedy=Remedy("shuffle the rows once, before splitting them", "df = df.sample(frac=1, random_state=0)"),
        strength=min(order.share, 1.0),
        verdict=f"The rows are sorted by {name}: {difference}. With validation_split, training and validation see "
        "different data. Shuffle the rows first.",
    )


def _what(order: FileOrder, passes: Passes) -> tuple[str, str]:
    """What the rows are sorted by, and what that means for their last fifth."""
    targets = passes.dataset.target_names
    target = targets[order.target]
    if order.case is Order.CLASSES:
        named = "class" if order.classes and len(targets) > 1 else target
        return named, f"the last fifth of the rows holds none of {listing(list(order.missing))}"
    if order.case is Order.FEATURE and order.by is not None:
        feature = passes.dataset.feature_names[order.by.feature]
        (low, high), (first, last) = order.by.head, order.by.tail
        return feature, (
            f"it goes from {short(low, 3)} to {short(high, 3)} in the first four fifths of the rows and from "
            f"{short(first, 3)} to {short(last, 3)} in the last"
        )
    if order.case is Order.END:
        return target, (
            f"its mean is {short(order.head_mean, 3)} in the first four fifths of the rows and "
            f"{short(order.tail_mean, 3)} in the last"
        )
    return target, (
        f"its mean changes from {short(min(order.tenths), 3)} to {short(max(order.tenths), 3)} between tenths of the "
        "file"
    )
