"""How an activation that does not go with its loss is told, and fixed."""

import math

from mlpdoctor.core.finding import Remedy
from mlpdoctor.core.text import percent
from mlpdoctor.nn.expectation import Expectation, OutputRange
from mlpdoctor.nn.output_head import CLASS_NAMES, OutputHead


def words(output: OutputHead, code: str, *, blunt: bool) -> tuple[str, str]:
    """What does not fit, and what it does.

    Args:
        output: with its loss.
        code: the rule that reports it.
        blunt: whether the activation is right but for its flat ends.
    """
    name, label, answers = output.function.name, output.loss_label, output.range
    if code == "O203":
        return _logits_words(output)
    if blunt:
        return (
            f"{name} is flat at its ends",
            "A prediction that is wrong and sure gets no gradient, and no cross-entropy finds logits behind it.",
        )
    takes = f"{label} needs {output.expectation.value}"
    gives = f"your last layer ({name}) outputs {answers.value}"
    what = f"{takes}, but {gives}"
    return what, {
        Expectation.PROBABILITY: _probability,
        Expectation.LOGIT: _logit,
        Expectation.CLASSES: _classes,
        Expectation.CLASS_LOGITS: _class_logits,
    }.get(output.expectation, _others)(output)


def _probability(output: OutputHead) -> str:
    if output.range is OutputRange.SHARES:
        return (
            "On TensorFlow Keras trains each unit as a logistic regression of its own, from the logits behind the "
            "softmax; what the model predicts afterwards is the softmax of them, which was never trained."
        )
    return "Keras clips every prediction to the span from 1e-7 to 1 - 1e-7; beyond it there is no gradient."


def _logit(output: OutputHead) -> str:
    low, high = (_sigmoid(bound) for bound in output.function.bounds)
    if (low, high) == (0.0, 1.0):
        return "A logit has to reach far on both sides; without an activation it does."
    return f"The sigmoid in the loss makes probabilities between {percent(low)} and {percent(high)} of it, never more."


def _classes(output: OutputHead) -> str:
    if output.range is OutputRange.PROBABILITY:
        return (
            "Each sigmoid works by itself, so the predictions of a row do not add up to 1. On TensorFlow Keras trains "
            "the logits behind them as a softmax would: the order of the classes is learned, their shares are not."
        )
    if output.range is OutputRange.POSITIVE:
        return "Keras divides the predictions by their sum, which works; a softmax does the same and is what is meant."
    return "Keras clips predictions at 1e-7 and divides by their sum: at or below 0 there is no gradient."


def _class_logits(output: OutputHead) -> str:
    if output.range is OutputRange.CENTRED:
        most = 1 / (1 + (output.units - 1) * math.exp(-2))
        return f"With {output.units} classes the softmax of such logits gives no class more than {percent(most)}."
    if output.range in (OutputRange.RECTIFIED, OutputRange.DIPPING):
        return "A class can be pushed down to the least output and no further, and there its unit gets no gradient."
    return "The softmax in the loss takes any numbers; without an activation they are free."


def _others(output: OutputHead) -> str:
    expectation, answers = output.expectation, output.range
    if expectation is Expectation.DISTRIBUTION:
        return "The larger all predictions are, the lower the loss: it has no lowest value that means anything."
    if expectation is Expectation.RATE and answers in (OutputRange.PROBABILITY, OutputRange.SHARES):
        return "A rate above 1 is out of its reach."
    if expectation is Expectation.RATE:
        return "The logarithm of a prediction below 0 is not a number, and at 0 there is no gradient."
    if answers is OutputRange.SHARES and expectation in (Expectation.NUMBER, Expectation.POSITIVE_NUMBER):
        return (
            "Where the softmax is sure and wrong its slope is near 0 and the error bounded, so that such rows "
            "hardly learn; a cross-entropy cancels the slope."
        )
    if expectation is Expectation.MARGIN and answers not in (OutputRange.WIDE, OutputRange.DIPPING):
        return "The sign of the prediction is the class, and only one sign can be predicted."
    if expectation is Expectation.OVERLAP:
        return "Predictions outside of 0 to 1 make an overlap that is no share."
    return "It works, within what such predictions can say; without an activation they are free."


def _logits_words(output: OutputHead) -> tuple[str, str]:
    name = output.function.name
    if output.expectation in (Expectation.PROBABILITY, Expectation.CLASSES):
        raw = "logarithms of shares" if output.range is OutputRange.LOG_SHARES else "raw scores"
        return (
            f"{output.loss_label} without from_logits needs probabilities, but the output gives {raw}",
            "Keras does not complain: it clips the scores to the span from 1e-7 to 1 - 1e-7, where all gradient ends.",
        )
    gives = f"your last layer ({name}) outputs {output.range.value}"
    what = f"{output.loss_label} with from_logits=True needs raw scores, but {gives}"
    if output.behind:
        return what, (
            "TensorFlow's Keras warns once and reads the logits behind the activation, so that training works; on JAX "
            "and PyTorch the probabilities themselves are taken for logits, and the loss cannot get low."
        )
    return what, (
        "Keras takes these predictions for logits and squeezes them once more. No class can get a share near 0 or 1, "
        "and the loss cannot get low."
    )


def remedy(output: OutputHead, code: str) -> Remedy:
    """What to write instead."""
    linear = output.with_activation(None)
    if code == "O203" and output.loss_name in CLASS_NAMES:
        if output.expectation in (Expectation.LOGIT, Expectation.CLASS_LOGITS):
            return Remedy("leave out from_logits, or the activation", output.with_logits(from_logits=False))
        return Remedy("tell the loss that it gets raw scores", output.with_logits(from_logits=True))
    text, line = {
        Expectation.PROBABILITY: _probability_remedy(output),
        Expectation.LOGIT: ("remove the activation of the output", linear),
        Expectation.CLASSES: ("use a softmax at the output", output.with_activation("softmax")),
        Expectation.CLASS_LOGITS: ("remove the activation of the output", linear),
        Expectation.DISTRIBUTION: ("use a softmax at the output", output.with_activation("softmax")),
        Expectation.RATE: ("give the output an exponential", output.with_activation("exponential")),
        Expectation.NUMBER: ("for classes take a cross-entropy", 'loss="categorical_crossentropy"'),
        Expectation.POSITIVE_NUMBER: ("remove the activation of the output", linear),
        Expectation.MARGIN: ("predict both signs", output.with_activation("tanh")),
        Expectation.CLASS_SCORES: ("remove the activation of the output", linear),
        Expectation.DIRECTION: ("remove the activation of the output", linear),
        Expectation.OVERLAP: (
            "predict shares from 0 to 1",
            output.with_activation("sigmoid"),
        ),
    }[output.expectation]
    return Remedy(text, line)


def _probability_remedy(output: OutputHead) -> tuple[str, str]:
    if output.range is OutputRange.SHARES:
        return "for one of several classes take categorical cross-entropy", 'loss="categorical_crossentropy"'
    return "use a sigmoid at the output", output.with_activation("sigmoid")


def _sigmoid(z: float) -> float:
    return 0.0 if z == -math.inf else 1 / (1 + math.exp(-z))
