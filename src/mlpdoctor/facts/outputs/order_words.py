"""How predictions go with the targets, in words: measured, with what chance alone would give."""

from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.text import DUST, coefficient, percent, quoted, short
from mlpdoctor.facts.ladder.linear_floor import ConstantFloor
from mlpdoctor.facts.ladder.loss_position import LossPosition
from mlpdoctor.facts.outputs.prediction_order import CHANCE, PartOrder, PredictionOrder
from mlpdoctor.facts.outputs.prediction_spread import ClippedAnswer

FLAT = 0.1
"""Predictions that vary less than a tenth as much as the targets are all but one prediction."""
PART = 0.5
"""A rank correlation below one half leaves most of the order to chance."""
MOSTLY = 0.5
"""What alone brings half of all that calibration brings is what is wrong."""
CAUSES = Remedy("check that this file holds the inputs the model was trained on, on the same scale")


def answer(best: ConstantFloor) -> str:
    """The best constant."""
    if len(best.answers) != 1:
        return "one value for all rows" if len(best.fits) == 1 else "the best constant for each target"
    (found,) = best.answers
    if len(found) != 1:
        return "the share of each class"
    return short(0.0 if abs(found[0]) <= DUST * abs(best.fits[0].value) else found[0])


def measured(order: PredictionOrder) -> str:
    """The measure with its value: ``AUC 0.76``, ``rank correlation 0.02``."""
    return f"AUC {short((1 + order.value) / 2, 2)}" if order.classes else f"rank correlation {short(order.value, 2)}"


def by_chance(order: PredictionOrder) -> str:
    """What chance alone gives, two standard errors wide: ``chance alone gives -0.12 to 0.12``."""
    reach = min(CHANCE * order.error, 1.0)
    low, high = ((1 - reach) / 2, (1 + reach) / 2) if order.classes else (-reach, reach)
    return f"chance alone gives {short(low, 2)} to {short(high, 2)}"


def seen(order: PredictionOrder | None, clipped: ClippedAnswer | None) -> str:
    """What the predictions do; nothing where they were not looked at."""
    if clipped is not None:
        always = f"{short(clipped.loss)} is the price of predicting {short(clipped.answer)} for every row"
        return (
            f"{always}: {percent(clipped.wrong)} of them are of the other class and cost {short(clipped.each)} each, "
            "the most that Keras's clipping allows."
        )
    if order is None:
        return ""
    bracket = f"{measured(order)}; {by_chance(order)}"
    if order.spread < FLAT:
        (first, *others) = order.parts
        about = f": all are near {short(first.levels[0])}" if not others and len(first.levels) == 1 else ""
        also = f" What little they vary goes with the targets ({bracket})." if order.ordered else ""
        return f"Its predictions hardly differ from row to row{about}.{also}"
    vary = f"Its predictions vary {short(order.spread, 2)} times as much as the targets"
    if order.unordered:
        return f"{vary}, but not with them: {bracket}."
    if order.value < 0:
        return f"{vary}, and against them: {bracket}."
    return f"{vary}, and {'only in part ' if order.value < PART else ''}with them: {bracket}."


def known(position: LossPosition) -> str:
    """What is known to do better than the constant."""
    if position.whole:
        return f"On so few rows a network can reach {short(position.reach)}."
    if position.affine is None or position.reach < position.affine:
        found = f"A quick nonlinear fit reaches about {short(position.reach, 2)} on unseen rows."
        return found if position.reach < position.constant else ""
    return f"The best linear model reaches {short(position.affine)} on these rows."


def verdict(
    position: LossPosition,
    constant: str,
    clipped: ClippedAnswer | None,
    order: PredictionOrder | None,
    compared: str,
    *,
    learned: bool,
) -> str:
    """The first sentence, where this leads the report."""
    loss, best = short(position.model), short(position.constant)
    if clipped is not None:
        return (
            f"The loss, {loss}, is the price of predicting {short(clipped.answer)} for every row; always predicting "
            f"{constant} would give {best}."
        )
    worse = f"its loss, {loss}, is {compared} than that of always predicting {constant}, {best}"
    if order is None:
        return f"The model is {compared} than a constant: {worse}."
    if not learned:
        if order.spread < FLAT:
            return f"The model predicts nearly the same for every row: {worse}."
        if order.unordered and CHANCE * order.error < 1:  # of a few rows any order is one that chance gives
            return f"The model's predictions do not go with the targets ({measured(order)}): {worse}."
        return f"The model's predictions are {compared} than a constant ({measured(order)}): {worse}."
    part, wrong = _main(order)
    if not part.classes:
        return f"{misplaced(order)[:-1]}: {worse}. With {_line(part)} it would be far lower."
    if wrong == "level":
        return f"{misplaced(order)} So {worse}."
    return f"{misplaced(order)[:-1]}, and {worse}. With its logits times {short(part.factor, 2)} it would be below."


def misplaced(order: PredictionOrder) -> str:
    """Predictions of the right order and the wrong level or size, as a sentence."""
    part, wrong = _main(order)
    if not part.classes:
        return f"The predictions go with the targets ({measured(order)}), but on the wrong scale."
    ranks = f"The model has learned to rank the rows ({measured(order)})"
    if wrong == "level":
        unit, level, goal = _unit(part)
        named = f"of class {unit}" if len(part.levels) > 1 else "of class 1"
        high = "high" if level > goal else "low"
        return (
            f"{ranks}, but its probabilities are too {high}: {short(level, 2)} on average, where {short(goal, 2)} of "
            f"the rows are {named}."
        )
    return f"{ranks}, but is {'too sure of itself' if part.factor < 1 else 'not sure enough'}."


def correction(order: PredictionOrder) -> Remedy:
    """What puts level or size right."""
    part, wrong = _main(order)
    if not part.classes:
        return Remedy(
            "train with the targets on the scale of this file, or turn predictions into it; this line fits these rows",
            f"y = {coefficient(part.factor)} * model.predict(x) + {coefficient(part.shift[0])}",
        )
    if wrong == "level":
        text = (
            "the model was probably trained with class_weight, sample_weight or repeated rows: judge it by its ranking "
            "(AUC) and choose the threshold for it, train without them, or move the last bias back"
        )
        moved = ", ".join(coefficient(one) for one in part.shift)
        code = None if part.layer is None else f"model.get_layer({quoted(part.layer)}).bias.assign_add([{moved}])"
        return Remedy(text, code)
    return Remedy(
        f"calibrate it: multiply its logits by {short(part.factor, 2)}; next time stop at the lowest validation loss",
        "keras.callbacks.EarlyStopping(monitor='val_loss', patience=5, restore_best_weights=True)",
    )


def _main(order: PredictionOrder) -> tuple[PartOrder, str]:
    """The part in which calibration saves most, and what is wrong there: its level or its size."""
    part = max(order.parts, key=lambda one: one.model - one.calibrated)
    saved = part.model - part.calibrated
    level = part.model - part.shifted >= MOSTLY * saved and part.shifted <= part.scaled
    return part, "level" if level else "size"


def _unit(part: PartOrder) -> tuple[int, float, float]:
    """The class whose mean probability is farthest from its share."""
    unit = max(range(len(part.levels)), key=lambda k: abs(part.levels[k] - part.goals[k]))
    return unit, part.levels[unit], part.goals[unit]


def _line(part: PartOrder) -> str:
    shift = coefficient(abs(part.shift[0]))
    return f"{coefficient(part.factor)} x prediction {'-' if part.shift[0] < 0 else '+'} {shift}"
