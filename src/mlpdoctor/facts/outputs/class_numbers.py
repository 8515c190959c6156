"""Labels that are no class numbers as the loss counts them, and units that are too many or too few for them."""

from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.text import count, short
from mlpdoctor.facts.outputs.fit import Harm, Misfit
from mlpdoctor.facts.outputs.labels import Kind, Labels
from mlpdoctor.nn.expectation import OF_CLASSES, SPARSE, SPARSE_SPELT, UNIT_BY_UNIT, Expectation, OutputRange
from mlpdoctor.nn.output_head import OutputHead

MOST_NEW_CLASSES = 32
"""Up to so many distinct whole numbers more units may be the remedy; beyond, the targets are measurements."""


def out_of_range(output: OutputHead, labels: Labels) -> Misfit | None:
    """Class numbers that no unit stands for; or units that no class stands for."""
    classes, units = labels.classes, output.units
    whole = labels.whole and labels.low >= 0
    if labels.kind in (Kind.SIGNS, Kind.TWO_VALUES, Kind.SCALED):
        return misspelt(output, labels)
    if not whole:
        return None
    if labels.low == 1 and labels.high == units and units > 1:
        return misspelt(output, labels)
    if labels.high >= units:
        if classes is None or classes > max(MOST_NEW_CLASSES, 2 * units):
            return other_kind(output, labels)
        if classes <= units:
            return misspelt(output, labels)
        return more_units(output, labels)
    if labels.kind is Kind.SHIFTED:
        return Misfit(
            "O205",
            Harm.UNUSUAL,
            f"the first of {units} units stands for class 0, and the labels start from 1 ({labels.evidence})",
            "The unit is only pushed down. It costs little; labels counted from 0 need one unit less.",
            Remedy("count the labels from 0", "y = y - 1"),
        )
    if classes is not None and labels.high + 1 < units:
        return fewer_units(output, int(labels.high) + 1)
    return None


def unknown_classes(output: OutputHead, labels: Labels) -> Misfit | None:
    """Numbers that are no class numbers at all; None when they are."""
    if labels.whole and labels.low >= 0:
        return None
    if labels.whole:
        return Misfit(
            "O205",
            Harm.BROKEN,
            f"{output.loss_label} takes class numbers from 0, and the labels go from {short(labels.low)}",
            "A label that no unit stands for has no loss: Keras stops with an error, returns NaN or counts it as "
            "perfect, depending on the backend.",
            Remedy("number the classes from 0", "y = np.unique(y, return_inverse=True)[1]"),
        )
    return other_kind(output, labels)


def misspelt(output: OutputHead, labels: Labels) -> Misfit:
    """Labels of as many classes as are wanted, in another spelling."""
    low, high = labels.low, labels.high
    two = f"y = (y == {high:g}).astype('float32')"
    code = {
        Kind.SIGNS: "y = (y + 1) / 2",
        Kind.SCALED: "y = (y * 255).round().astype('int32')",
        Kind.SHIFTED: _from_zero(labels),
    }.get(labels.kind, two if labels.classes == 2 else _from_zero(labels))  # noqa: PLR2004
    if output.expectation is Expectation.MARGIN and labels.kind is not Kind.SIGNS:
        code = f"y = (y == {high:g}) * 2 - 1"
    wants = f"class numbers from 0 to {output.units - 1}" if output.loss_name == SPARSE else "labels 0 and 1"
    if output.expectation is Expectation.MARGIN:
        wants = "labels -1 and 1"
    elif output.expectation in OF_CLASSES and output.loss_name != SPARSE:
        wants = "a column of 0 and 1 for each class"
    return Misfit(
        "O205",
        Harm.BROKEN,
        f"{output.loss_label} takes {wants}, and the labels are {labels.evidence}",
        _misspelt_why(output, low, high),
        Remedy("encode the labels again", code),
    )


def _from_zero(labels: Labels) -> str:
    """The line that counts class numbers from 0."""
    if labels.classes is None or labels.high - labels.low + 1 == labels.classes:
        return f"y = y - {labels.low:g}"
    return "y = np.unique(y, return_inverse=True)[1]"


def _misspelt_why(output: OutputHead, low: float, high: float) -> str:
    if output.loss_name == SPARSE:
        return (
            "A label that no unit stands for has no loss: Keras stops with an error, returns NaN or counts it as "
            "perfect, depending on the backend."
        )
    if output.expectation in UNIT_BY_UNIT and (low < 0 or high > 1):
        return "Keras does not complain: the loss turns negative and falls without end, all predictions on one side."
    return "The prediction that costs least for such labels is not the label."


def more_units(output: OutputHead, labels: Labels) -> Misfit:
    """Classes that no unit is left for."""
    classes = labels.classes or output.units
    needed = int(labels.high) + 1 if labels.whole and labels.low == 0 else classes
    shift = f"; {_from_zero(labels)}" if labels.whole and labels.low > 0 else ""
    return Misfit(
        "O206",
        Harm.BROKEN,
        f"there are {classes} classes ({labels.evidence}) for {count(output.units, 'unit')}",
        "A label beyond the last unit has no loss of its own."
        if output.units > 1
        else "One unit tells two classes apart, no more.",
        Remedy(
            f"give the output {needed} units and a softmax",
            f'{output.with_activation("softmax", needed)}; loss="{SPARSE_SPELT}"{shift}',
        ),
    )


def fewer_units(output: OutputHead, classes: int) -> Misfit:
    """Units that no class is left for."""
    return Misfit(
        "O206",
        Harm.UNUSUAL,
        f"only {classes} of the {output.units} units stand for a class that occurs",
        "The others are only pushed down. It costs little; perhaps rows of some classes are missing.",
        Remedy(
            "leave out the units without a class, if no such class exists",
            output.with_activation("softmax" if output.range is OutputRange.SHARES else None, classes),
        ),
    )


def other_kind(output: OutputHead, labels: Labels) -> Misfit:
    """Amounts where labels are due."""
    several = output.units > 1
    return Misfit(
        "O207",
        Harm.BROKEN,
        f"{output.loss_label} takes labels, and the targets are {labels.evidence}",
        "Such numbers are no labels: the loss has no lowest value at the right prediction.",
        Remedy(
            "for amounts take a squared error and no activation",
            f'{output.with_activation(None, None if several and labels.columns > 1 else 1)}; loss="mse"',
        ),
    )
