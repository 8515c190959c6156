"""Whether the targets are what the loss takes, in number and in kind."""

from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.text import count, percent, short
from mlpdoctor.facts.outputs.class_numbers import (
    MOST_NEW_CLASSES,
    fewer_units,
    misspelt,
    more_units,
    other_kind,
    out_of_range,
    unknown_classes,
)
from mlpdoctor.facts.outputs.fit import Harm, Misfit
from mlpdoctor.facts.outputs.labels import Kind, Labels
from mlpdoctor.nn.expectation import OF_CLASSES, SPARSE, SPARSE_SPELT, UNIT_BY_UNIT, Expectation, OutputRange
from mlpdoctor.nn.output_head import LabelEncoding, OutputHead

NUMBERS = (Expectation.NUMBER, Expectation.POSITIVE_NUMBER)
MISSPELT = (Kind.SIGNS, Kind.TWO_VALUES, Kind.SHIFTED, Kind.SCALED)
"""Labels that are not 0, 1, 2 and so on."""


def match(output: OutputHead, labels: Labels, encoding: LabelEncoding) -> Misfit | None:
    """What does not fit between the targets and the loss; None when all is well.

    Args:
        output: with its loss.
        labels: its target columns.
        encoding: how they are read.
    """
    alone = output.units == 1 and output.expectation in OF_CLASSES
    if labels.kind is Kind.CONSTANT or (alone and output.loss_name != SPARSE):
        return None
    if encoding is not LabelEncoding.USUAL:
        return _respelt(output, labels, encoding)
    if labels.columns != (1 if output.loss_name == SPARSE else output.units):
        return _columns(output, labels)
    if output.loss_name == SPARSE:
        return _sparse(output, labels)
    if output.expectation in UNIT_BY_UNIT:
        return _unit_by_unit(output, labels)
    if output.expectation in OF_CLASSES:
        return _classes(output, labels)
    if output.expectation is Expectation.MARGIN:
        return _margin(output, labels)
    if output.expectation is Expectation.RATE or output.loss_name == "meansquaredlogarithmicerror":
        return _rate(output, labels)
    return _number(output, labels) if output.expectation in NUMBERS else None


def _respelt(output: OutputHead, labels: Labels, encoding: LabelEncoding) -> Misfit | None:
    units = output.units
    if encoding is LabelEncoding.REPEATED:
        return Misfit(
            "O206",
            Harm.BROKEN,
            f"there is one target column for {units} units",
            f"Keras does not complain. It compares the one target with each of the {units} predictions, so all units "
            "learn the same thing.",
            Remedy("give the output one unit for each target column", output.with_activation(None, 1)),
            void=True,
        )
    if encoding is LabelEncoding.ONE_HOT:
        fits = labels.kind in (Kind.ONE_HOT, Kind.BINARY)
        if not fits:
            return other_kind(output, labels)
        return Misfit(
            "O205",
            Harm.COSTLY,
            f"{output.loss_label} takes class numbers, and the labels are one-hot in {labels.columns} columns",
            "Keras refuses them, or counts each column as a label of its own. The report takes the number of the "
            "column that holds the 1.",
            Remedy("give class numbers, or take the loss for one-hot labels", "y = y.argmax(axis=1)"),
            fixed=True,
        )
    wrong = out_of_range(output, labels) or unknown_classes(output, labels)
    if wrong is not None:
        return wrong
    return Misfit(
        "O205",
        Harm.COSTLY,
        f"{output.loss_label} takes a column for each class, and the labels are class numbers in one column",
        "Keras refuses them, or compares each number with every unit. The report takes them one-hot.",
        Remedy(
            "encode them one-hot, or take the sparse loss",
            f"y = keras.utils.to_categorical(y, {units})",
        ),
        fixed=True,
    )


def _columns(output: OutputHead, labels: Labels) -> Misfit:
    classes = labels.kind in (Kind.ONE_HOT, Kind.SHARES)
    units = labels.columns
    return Misfit(
        "O206",
        Harm.BROKEN,
        f"there are {units} target columns ({labels.evidence}) for {count(output.units, 'unit')}",
        "Keras refuses them, or compares each column with the same prediction.",
        Remedy(
            f"give the output {units} units",
            f'{output.with_activation("softmax", units)}; loss="categorical_crossentropy"'
            if classes
            else output.with_activation(None, units),
        ),
    )


def _sparse(output: OutputHead, labels: Labels) -> Misfit | None:
    return out_of_range(output, labels) or unknown_classes(output, labels)


def _unit_by_unit(output: OutputHead, labels: Labels) -> Misfit | None:
    kind = labels.kind
    if kind in MISSPELT and labels.classes is not None and labels.classes > 2:  # noqa: PLR2004
        return more_units(output, labels)
    if kind in MISSPELT:
        return misspelt(output, labels)
    if kind is Kind.CLASSES:
        return more_units(output, labels)
    if kind in (Kind.COUNTS, Kind.POSITIVE, Kind.REAL):
        few = labels.whole and labels.low >= 0 and labels.classes is not None and labels.classes <= MOST_NEW_CLASSES
        few = few and labels.columns == 1 and labels.low <= 1 and (labels.classes or 0) > labels.high - labels.low
        return more_units(output, labels) if few else other_kind(output, labels)
    shares = output.range is OutputRange.SHARES
    if kind is Kind.MULTI_LABEL and shares:
        return Misfit(
            "O202",
            Harm.BROKEN,
            "a row can carry several labels, and the shares of a softmax add up to 1",
            "Two labels of one row can never both get a share near 1.",
            Remedy("give each label a sigmoid", output.with_activation("sigmoid")),
        )
    if kind is Kind.ONE_HOT and not shares and output.expectation is not Expectation.OVERLAP:
        softmax = f'{output.with_activation("softmax")}; loss="categorical_crossentropy"'
        return Misfit(
            "O202",
            Harm.UNUSUAL,
            "each row has exactly one label, and each sigmoid predicts by itself",
            "It works; a softmax with categorical cross-entropy knows that the classes exclude one another.",
            Remedy("use a softmax at the output and categorical cross-entropy", softmax),
        )
    return None


def _classes(output: OutputHead, labels: Labels) -> Misfit | None:
    if labels.kind is Kind.ONE_HOT:
        present = labels.present or output.units
        return fewer_units(output, present) if present < output.units else None
    if labels.kind is Kind.SHARES:
        return None
    if labels.kind is Kind.MULTI_LABEL:
        loss = '; loss="binary_crossentropy"'
        return Misfit(
            "O207",
            Harm.BROKEN,
            f"{output.loss_label} takes one class a row, and rows here have none or several",
            "The classes compete for one share, although several are right.",
            Remedy("judge each label by itself", f"{output.with_activation('sigmoid')}{loss}"),
        )
    if labels.kind is Kind.SIGNS:
        return misspelt(output, labels)
    return other_kind(output, labels)


def _margin(output: OutputHead, labels: Labels) -> Misfit | None:
    if labels.kind in (Kind.SIGNS, Kind.BINARY, Kind.ONE_HOT, Kind.MULTI_LABEL):
        return None
    two = labels.classes == 2  # noqa: PLR2004
    if labels.kind in MISSPELT and two:
        return misspelt(output, labels)
    if labels.kind in (Kind.CLASSES, Kind.SHIFTED, Kind.SCALED):
        return more_units(output, labels)
    return other_kind(output, labels)


def _rate(output: OutputHead, labels: Labels) -> Misfit | None:
    if labels.low >= 0:
        return None
    return Misfit(
        "O207",
        Harm.BROKEN,
        f"{output.loss_label} takes numbers from 0 up, and the targets go down to {short(labels.low)}",
        "No prediction has a sensible loss on a target below 0: the loss falls without end, or Keras takes it for 0.",
        Remedy("take a loss for numbers of both signs", 'loss="mse"'),
    )


def _number(output: OutputHead, labels: Labels) -> Misfit | None:
    if output.loss_name == "meanabsolutepercentageerror":
        return _percentage(output, labels)
    shares = output.range is OutputRange.SHARES
    if shares and labels.kind in (Kind.REAL, Kind.POSITIVE, Kind.COUNTS):
        return Misfit(
            "O202",
            Harm.BROKEN,
            f"the predictions of a row add up to 1, and the targets are {labels.evidence}",
            "No weights make shares of such numbers.",
            Remedy("leave out the softmax", output.with_activation(None)),
        )
    if labels.kind in (Kind.BINARY, Kind.MULTI_LABEL, Kind.TWO_VALUES) or (labels.kind is Kind.ONE_HOT and not shares):
        return _labels_as_numbers(output, labels)
    if labels.kind is Kind.CLASSES and output.units == 1:
        k = labels.classes or output.units
        return Misfit(
            "O207",
            Harm.COSTLY,
            f"the targets are class numbers ({labels.evidence}), and {output.loss_label} takes them for amounts",
            "Class 2 is not twice class 1. The prediction is pulled to the middle between classes that have nothing "
            "to do with each other.",
            Remedy(
                "predict a share for each class; if the numbers are amounts, as grades or counts, all is well",
                f'{output.with_activation("softmax", k)}; loss="{SPARSE_SPELT}"',
            ),
        )
    return None


def _labels_as_numbers(output: OutputHead, labels: Labels) -> Misfit:
    one_of = labels.kind is Kind.ONE_HOT
    loss, activation = ("categorical", "softmax") if one_of else ("binary", "sigmoid")
    return Misfit(
        "O207",
        Harm.COSTLY,
        f"the targets are labels ({labels.evidence}), and {output.loss_label} takes them for amounts",
        "It fits shares of labels, but a sure and wrong prediction costs little more than an unsure one. Learning "
        "slows where it is needed most.",
        Remedy(
            f"take {loss} cross-entropy behind a {activation}",
            f'{output.with_activation(activation)}; loss="{loss}_crossentropy"',
        ),
        keeps=0.0 if output.range is OutputRange.PROBABILITY else None,  # it has the same lowest place
    )


def _percentage(output: OutputHead, labels: Labels) -> Misfit | None:
    if not labels.zeros:
        return None
    return Misfit(
        "O207",
        Harm.BROKEN,
        f"{output.loss_label} divides by the target, and {percent(labels.zeros)} of the targets are 0",
        "Keras divides by 1e-7 instead, so that these rows are all that counts.",
        Remedy("take the mean absolute error", 'loss="mae"'),
    )
