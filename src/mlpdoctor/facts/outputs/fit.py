"""What is wrong between an output, its loss and its targets, and what to write instead."""

from collections.abc import Mapping
from enum import StrEnum

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Remedy
from mlpdoctor.facts.outputs.fit_words import remedy, words
from mlpdoctor.nn.expectation import BLUNT, OF_CLASSES, Expectation, OutputRange
from mlpdoctor.nn.output_head import OutputHead


class Harm(StrEnum):
    """How bad a combination is."""

    BROKEN = "broken"
    """Training cannot reach what the data allow, or the answers are useless."""
    COSTLY = "costly"
    """It trains, but worse, or its answers are not what they seem."""
    UNUSUAL = "unusual"
    """Legitimate, and seldom what was meant."""


@dataclass(frozen=True)
class Misfit:
    """One cell of the table that is not right.

    Attributes:
        code: the rule that reports it.
        harm: how bad it is.
        what: what does not fit, the end of a sentence.
        why: what it does to training.
        remedy: what to write instead.
        fixed: whether the report reads the labels as what they are; then only a model that has not learned from them
            was given them as they are in the file.
        void: whether the loss says nothing here, so that doing well by it means nothing either.
        keeps: the share of the loss that it alone keeps in place; None where nobody knows.
    """

    code: str
    harm: Harm
    what: str
    why: str
    remedy: Remedy
    fixed: bool = False
    void: bool = False
    keeps: float | None = None


COLUMNS = tuple(OutputRange)
TABLE: Mapping[Expectation, str] = {
    # linear wide rectified dipping positive centred probability shares log_shares negative
    Expectation.PROBABILITY: "E3 E2 E2 E2 E2 E2 .. W2 E2 E2",
    Expectation.LOGIT: ".. N2 E2 W2 E2 E2 R3 R3 E2 E2",
    Expectation.CLASSES: "E3 E2 E2 E2 N2 E2 W2 .. E3 E2",
    Expectation.CLASS_LOGITS: ".. N2 W2 W2 N2 E2 R3 R3 .. N2",
    Expectation.DISTRIBUTION: "E2 E2 E2 E2 E2 E2 E2 .. E2 E2",
    Expectation.RATE: "E2 E2 N2 E2 .. E2 N2 N2 E2 E2",
    Expectation.NUMBER: ".. .. .. .. .. .. .. W2 .. ..",
    Expectation.POSITIVE_NUMBER: ".. .. .. .. .. .. .. W2 E2 E2",
    Expectation.MARGIN: ".. N2 E2 N2 E2 .. E2 E2 E2 E2",
    Expectation.CLASS_SCORES: ".. .. N2 N2 N2 .. N2 N2 N2 N2",
    Expectation.DIRECTION: ".. .. N2 N2 N2 .. N2 N2 N2 N2",
    Expectation.OVERLAP: "E2 E2 E2 E2 E2 E2 .. .. E2 E2",
}
"""A letter for the harm (E broken, W costly, N unusual, R costly where Keras repairs it and broken where it does not,
.. right), then the rule: 2 for O202, 3 for O203. Units by themselves, a single one of several classes, and a rate that
may be negative are looked at besides. The tests try every cell on real Keras."""

FOCAL = "categoricalfocalcrossentropy"
"""It cares little for how sure a right answer is, so that logits held within bounds cost it little."""
RIGHT = ".."
HARMS = {"E": Harm.BROKEN, "W": Harm.COSTLY, "N": Harm.UNUSUAL}
WITH_A_SLOPE = (
    Expectation.PROBABILITY,
    Expectation.CLASSES,
    Expectation.DISTRIBUTION,
    Expectation.MARGIN,
    Expectation.CLASS_SCORES,
)
"""Losses that are to push answers off the wrong end, where a blunt activation has no slope."""


def fit(output: OutputHead) -> Misfit | None:
    """What does not fit between an output's last activation and its loss; None when all is well."""
    alone = _alone(output)
    if alone is not None or (output.range is OutputRange.SHARES and output.units == 1):
        return alone  # for a softmax over one unit see O201
    harm, code = _cell(output)
    if harm is None:
        return None
    what, why = words(output, code, blunt=_written(output) == RIGHT)
    return Misfit(code, harm, what, why, remedy(output, code))


def _written(output: OutputHead) -> str:
    """The cell as it stands in the table."""
    return TABLE[output.expectation].split()[COLUMNS.index(output.range)]


def _cell(output: OutputHead) -> tuple[Harm | None, str]:
    cell = _written(output)
    letter, code = cell[0], f"O20{cell[1]}"
    if output.expectation is Expectation.CLASS_LOGITS and output.loss_name == FOCAL and letter in "ER":
        return Harm.COSTLY, code
    if letter == "R":
        return (Harm.COSTLY if output.behind else Harm.BROKEN), code
    if (
        output.expectation is Expectation.RATE
        and output.range is OutputRange.RECTIFIED
        and output.function.bounds[0] < 0
    ):
        return Harm.BROKEN, code
    if cell == RIGHT and output.function.name in BLUNT and output.expectation in WITH_A_SLOPE:
        return Harm.UNUSUAL, "O202"
    return HARMS.get(letter), code


def _alone(output: OutputHead) -> Misfit | None:
    """One unit where the loss compares several."""
    if output.units > 1 or output.range is OutputRange.SHARES:
        return None
    if output.expectation in OF_CLASSES:
        return Misfit(
            "O202",
            Harm.BROKEN,
            f"{output.loss_label} compares several units, and the output has one",
            "With a single unit there is nothing to compare it with: the loss says the same whatever the answer, or "
            "drives it the same way on every row.",
            Remedy(
                "for two classes in one column take binary cross-entropy",
                f'{output.with_activation("sigmoid")}; loss="binary_crossentropy"',
            ),
            void=True,
        )
    if output.expectation is Expectation.DIRECTION:
        return Misfit(
            "O202",
            Harm.BROKEN,
            "the direction of a single number is its sign",
            "Cosine similarity of one unit is 1 or -1, so that its gradient is 0 everywhere.",
            Remedy("for numbers take a squared error", 'loss="mse"'),
            void=True,
        )
    return None
