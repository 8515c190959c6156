"""Whether the targets are what the loss takes, in number and in kind."""

from mlpdoctor.contract.answers import Answers
from mlpdoctor.contract.labels import Kind, Labels
from mlpdoctor.contract.misfit import Harm, Misfit
from mlpdoctor.contract.output import Output
from mlpdoctor.contract.reading import Reading
from mlpdoctor.finding import Remedy
from mlpdoctor.heads import Spelling
from mlpdoctor.wording import count, percent, short

SPARSE = "sparsecategoricalcrossentropy"
UNIT_BY_UNIT = (Reading.PROBABILITY, Reading.LOGIT, Reading.OVERLAP)
OF_CLASSES = (Reading.CLASSES, Reading.CLASS_LOGITS, Reading.DISTRIBUTION, Reading.CLASS_SCORES)
NUMBERS = (Reading.NUMBER, Reading.POSITIVE_NUMBER)
MISSPELT = (Kind.SIGNS, Kind.TWO_VALUES, Kind.SHIFTED, Kind.SCALED)
"""Labels that are not 0, 1, 2 and so on."""
CONTINUOUS = (Kind.UNIT, Kind.POSITIVE, Kind.REAL)
MOST_NEW_CLASSES = 32
"""Up to so many distinct whole numbers more units may be the remedy; beyond, the targets are measurements."""


def match(output: Output, labels: Labels, spelling: Spelling) -> Misfit | None:
    """What does not fit between the targets and the loss; None when all is well.

    Args:
        output: with its loss.
        labels: its target columns.
        spelling: how they are read.
    """
    alone = output.units == 1 and output.reading in OF_CLASSES
    if labels.kind is Kind.CONSTANT or (alone and output.loss != SPARSE):
        return None
    if spelling is not Spelling.USUAL:
        return _respelt(output, labels, spelling)
    if labels.columns != (1 if output.loss == SPARSE else output.units):
        return _columns(output, labels)
    if output.loss == SPARSE:
        return _sparse(output, labels)
    if output.reading in UNIT_BY_UNIT:
        return _unit_by_unit(output, labels)
    if output.reading in OF_CLASSES:
        return _classes(output, labels)
    if output.reading is Reading.MARGIN:
        return _margin(output, labels)
    if output.reading is Reading.RATE or output.loss == "meansquaredlogarithmicerror":
        return _rate(output, labels)
    return _number(output, labels) if output.reading in NUMBERS else None


def _respelt(output: Output, labels: Labels, spelling: Spelling) -> Misfit | None:
    units = output.units
    if spelling is Spelling.REPEATED:
        return Misfit(
            "O206",
            Harm.BROKEN,
            f"there is one target column for {units} units",
            f"Keras does not complain: it compares the one target with each of the {units} answers, so that all units "
            "learn the same thing.",
            Remedy("give the output one unit for each target column", output.with_activation(None, 1)),
            void=True,
        )
    if spelling is Spelling.ONE_HOT:
        fits = labels.kind in (Kind.ONE_HOT, Kind.BINARY)
        if not fits:
            return _other_kind(output, labels, Harm.BROKEN)
        return Misfit(
            "O205",
            Harm.COSTLY,
            f"{output.label} takes class numbers, and the labels are one-hot in {labels.columns} columns",
            "Keras refuses them, or counts each column as a label of its own. The report takes the number of the "
            "column that holds the 1.",
            Remedy("give class numbers, or take the loss for one-hot labels", "y = y.argmax(axis=1)"),
            mended=True,
        )
    wrong = _out_of_range(output, labels) or _unknown_classes(output, labels)
    if wrong is not None:
        return wrong
    return Misfit(
        "O205",
        Harm.COSTLY,
        f"{output.label} takes a column for each class, and the labels are class numbers in one column",
        "Keras refuses them, or compares each number with every unit. The report takes them one-hot.",
        Remedy(
            "encode them one-hot, or take the sparse loss",
            f"y = keras.utils.to_categorical(y, {units})",
        ),
        mended=True,
    )


def _columns(output: Output, labels: Labels) -> Misfit:
    classes = labels.kind in (Kind.ONE_HOT, Kind.SHARES)
    units = labels.columns
    return Misfit(
        "O206",
        Harm.BROKEN,
        f"there are {units} target columns ({labels.evidence}) for {count(output.units, 'unit')}",
        "Keras refuses them, or compares each column with the same answer.",
        Remedy(
            f"give the output {units} units",
            f'{output.with_activation("softmax", units)}; loss="categorical_crossentropy"'
            if classes
            else output.with_activation(None, units),
        ),
    )


def _sparse(output: Output, labels: Labels) -> Misfit | None:
    return _out_of_range(output, labels) or _unknown_classes(output, labels)


def _out_of_range(output: Output, labels: Labels) -> Misfit | None:
    """Class numbers that no unit stands for; or units that no class stands for."""
    classes, units = labels.classes, output.units
    whole = labels.whole and labels.low >= 0
    if labels.kind in (Kind.SIGNS, Kind.TWO_VALUES, Kind.SCALED):
        return _misspelt(output, labels)
    if not whole:
        return None
    if labels.low == 1 and labels.high == units and units > 1:
        return _misspelt(output, labels)
    if labels.high >= units:
        if classes is None or classes > max(MOST_NEW_CLASSES, 2 * units):
            return _other_kind(output, labels, Harm.BROKEN)
        if labels.kind is Kind.SHIFTED:
            return _misspelt(output, labels)
        return _more_units(output, labels)
    if labels.kind is Kind.SHIFTED:
        return Misfit(
            "O205",
            Harm.UNUSUAL,
            f"the first of {units} units stands for class 0, and the labels start from 1 ({labels.evidence})",
            "The unit is only pushed down. It costs little; labels counted from 0 need one unit less.",
            Remedy("count the labels from 0", "y = y - 1"),
        )
    if classes is not None and labels.high + 1 < units:
        return _fewer_units(output, int(labels.high) + 1)
    return None


def _unknown_classes(output: Output, labels: Labels) -> Misfit | None:
    if labels.whole and labels.low >= 0:
        return None
    if labels.whole:
        return Misfit(
            "O205",
            Harm.BROKEN,
            f"{output.label} takes class numbers from 0, and the labels go from {short(labels.low)}",
            "A label that no unit stands for has no loss: Keras stops with an error, answers NaN or counts it as "
            "perfect, depending on the backend.",
            Remedy("number the classes from 0", "y = np.unique(y, return_inverse=True)[1]"),
        )
    return _other_kind(output, labels, Harm.BROKEN)


def _unit_by_unit(output: Output, labels: Labels) -> Misfit | None:
    kind = labels.kind
    if kind in MISSPELT and labels.classes is not None and labels.classes > 2:  # noqa: PLR2004
        return _more_units(output, labels)
    if kind in MISSPELT:
        return _misspelt(output, labels)
    if kind is Kind.CLASSES:
        return _more_units(output, labels)
    if kind in (Kind.COUNTS, Kind.POSITIVE, Kind.REAL):
        few = labels.whole and labels.low >= 0 and labels.classes is not None and labels.classes <= MOST_NEW_CLASSES
        few = few and labels.columns == 1 and labels.low <= 1 and (labels.classes or 0) > labels.high - labels.low
        return _more_units(output, labels) if few else _other_kind(output, labels, Harm.BROKEN)
    shares = output.answers is Answers.SHARES
    if kind is Kind.MULTI_LABEL and shares:
        return Misfit(
            "O202",
            Harm.BROKEN,
            "a row can carry several labels, and the shares of a softmax add up to 1",
            "Two labels of one row can never both get a share near 1.",
            Remedy("give each label a sigmoid", output.with_activation("sigmoid")),
        )
    if kind is Kind.ONE_HOT and not shares and output.reading is not Reading.OVERLAP:
        softmax = f'{output.with_activation("softmax")}; loss="categorical_crossentropy"'
        return Misfit(
            "O202",
            Harm.UNUSUAL,
            "each row has exactly one label, and each sigmoid answers by itself",
            "It works; a softmax with categorical cross-entropy knows that the classes exclude one another.",
            Remedy("give the output a softmax and categorical cross-entropy", softmax),
        )
    return None


def _classes(output: Output, labels: Labels) -> Misfit | None:
    if labels.kind is Kind.ONE_HOT:
        present = labels.present or output.units
        return _fewer_units(output, present) if present < output.units else None
    if labels.kind is Kind.SHARES:
        return None
    if labels.kind is Kind.MULTI_LABEL:
        loss = '; loss="binary_crossentropy"'
        return Misfit(
            "O207",
            Harm.BROKEN,
            f"{output.label} takes one class a row, and rows here have none or several",
            "The classes compete for one share, although several are right.",
            Remedy("judge each label by itself", f"{output.with_activation('sigmoid')}{loss}"),
        )
    if labels.kind is Kind.SIGNS:
        return _misspelt(output, labels)
    return _other_kind(output, labels, Harm.BROKEN)


def _margin(output: Output, labels: Labels) -> Misfit | None:
    if labels.kind in (Kind.SIGNS, Kind.BINARY, Kind.ONE_HOT, Kind.MULTI_LABEL):
        return None
    two = labels.classes == 2  # noqa: PLR2004
    if labels.kind in MISSPELT and two:
        return _misspelt(output, labels)
    if labels.kind in (Kind.CLASSES, Kind.SHIFTED, Kind.SCALED):
        return _more_units(output, labels)
    return _other_kind(output, labels, Harm.BROKEN)


def _rate(output: Output, labels: Labels) -> Misfit | None:
    if labels.low >= 0:
        return None
    return Misfit(
        "O207",
        Harm.BROKEN,
        f"{output.label} takes numbers from 0 up, and the targets go down to {short(labels.low)}",
        "No answer has a sensible loss on a target below 0: the loss falls without end, or Keras takes it for 0.",
        Remedy("take a loss for numbers of both signs", 'loss="mse"'),
    )


def _number(output: Output, labels: Labels) -> Misfit | None:
    if output.loss == "meanabsolutepercentageerror":
        return _percentage(output, labels)
    shares = output.answers is Answers.SHARES
    if shares and labels.kind in (Kind.REAL, Kind.POSITIVE, Kind.COUNTS):
        return Misfit(
            "O202",
            Harm.BROKEN,
            f"the answers of a row add up to 1, and the targets are {labels.evidence}",
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
            f"the targets are class numbers ({labels.evidence}), and {output.label} takes them for amounts",
            "Class 2 is not twice class 1: the answer is pulled to the middle between classes that have nothing to do "
            "with each other.",
            Remedy(
                "answer a share for each class; if the numbers are amounts, as grades or counts, all is well",
                f'{output.with_activation("softmax", k)}; loss="{SPARSE_SPELT}"',
            ),
        )
    return None


SPARSE_SPELT = "sparse_categorical_crossentropy"


def _labels_as_numbers(output: Output, labels: Labels) -> Misfit:
    one_of = labels.kind is Kind.ONE_HOT
    loss, activation = ("categorical", "softmax") if one_of else ("binary", "sigmoid")
    return Misfit(
        "O207",
        Harm.COSTLY,
        f"the targets are labels ({labels.evidence}), and {output.label} takes them for amounts",
        "It fits shares of labels, but a sure and wrong answer costs little more than an unsure one, so that learning "
        "slows where it is needed most.",
        Remedy(
            f"take {loss} cross-entropy behind a {activation}",
            f'{output.with_activation(activation)}; loss="{loss}_crossentropy"',
        ),
    )


def _percentage(output: Output, labels: Labels) -> Misfit | None:
    if not labels.zeros:
        return None
    return Misfit(
        "O207",
        Harm.BROKEN,
        f"{output.label} divides by the target, and {percent(labels.zeros)} of the targets are 0",
        "Keras divides by 1e-7 instead, so that these rows are all that counts.",
        Remedy("take the mean absolute error", 'loss="mae"'),
    )


def _misspelt(output: Output, labels: Labels) -> Misfit:
    low, high = labels.low, labels.high
    two = f"y = (y == {high:g}).astype('float32')"
    code = {
        Kind.SIGNS: "y = (y + 1) / 2",
        Kind.SHIFTED: "y = y - 1",
        Kind.SCALED: "y = (y * 255).round().astype('int32')",
    }.get(labels.kind, two if labels.classes == 2 else "y = y - 1")  # noqa: PLR2004
    if output.reading is Reading.MARGIN and labels.kind is not Kind.SIGNS:
        code = f"y = (y == {high:g}) * 2 - 1"
    wants = f"class numbers from 0 to {output.units - 1}" if output.loss == SPARSE else "labels 0 and 1"
    if output.reading is Reading.MARGIN:
        wants = "labels -1 and 1"
    elif output.reading in OF_CLASSES and output.loss != SPARSE:
        wants = "a column of 0 and 1 for each class"
    return Misfit(
        "O205",
        Harm.BROKEN,
        f"{output.label} takes {wants}, and the labels are {labels.evidence}",
        _misspelt_why(output, low, high),
        Remedy("encode the labels anew", code),
    )


def _misspelt_why(output: Output, low: float, high: float) -> str:
    if output.loss == SPARSE:
        return (
            "A label that no unit stands for has no loss: Keras stops with an error, answers NaN or counts it as "
            "perfect, depending on the backend."
        )
    if output.reading in UNIT_BY_UNIT and (low < 0 or high > 1):
        return "Keras does not complain: the loss turns negative and falls without end, all answers on one side."
    return "The answer that costs least for such labels is not the label."


def _more_units(output: Output, labels: Labels) -> Misfit:
    low = int(labels.low) if labels.whole else 0
    classes = labels.classes or output.units
    needed = int(labels.high) + 1 if labels.whole and labels.low == 0 else classes
    shift = "" if low != 1 else "; y = y - 1"
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


def _fewer_units(output: Output, classes: int) -> Misfit:
    return Misfit(
        "O206",
        Harm.UNUSUAL,
        f"only {classes} of the {output.units} units stand for a class that occurs",
        "The others are only pushed down. It costs little; perhaps rows of some classes are missing.",
        Remedy(
            "leave out the units without a class, if no such class exists",
            output.with_activation("softmax" if output.answers is Answers.SHARES else None, classes),
        ),
    )


def _other_kind(output: Output, labels: Labels, harm: Harm) -> Misfit:
    several = output.units > 1
    return Misfit(
        "O207",
        harm,
        f"{output.label} takes labels, and the targets are {labels.evidence}",
        "Such numbers are no labels: the loss has no lowest value at the right answer.",
        Remedy(
            "for amounts take a squared error and no activation",
            f'{output.with_activation(None, None if several and labels.columns > 1 else 1)}; loss="mse"',
        ),
    )
