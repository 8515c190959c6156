"""O208: metrics that say nothing about these predictions."""

from collections.abc import Iterator

from mlpdoctor.core.check import Stage, check
from mlpdoctor.core.finding import Certainty, Evidence, Remedy, Severity
from mlpdoctor.core.network import Network
from mlpdoctor.core.text import listing
from mlpdoctor.facts.outputs.contract import Contract
from mlpdoctor.facts.outputs.labels import Kind, Labels
from mlpdoctor.nn.expectation import Expectation, OutputRange
from mlpdoctor.nn.output_head import OutputHead

OF_CLASSES = {
    "acc",
    "accuracy",
    "binaryaccuracy",
    "categoricalaccuracy",
    "sparsecategoricalaccuracy",
    "topkcategoricalaccuracy",
    "sparsetopkcategoricalaccuracy",
    "auc",
    "precision",
    "recall",
    "f1score",
    "fbetascore",
    "truepositives",
    "falsepositives",
    "truenegatives",
    "falsenegatives",
}
"""Metrics that count right classes, as ``_plain`` spells them."""
AMOUNTS = (Kind.COUNTS, Kind.POSITIVE, Kind.REAL, Kind.UNIT)
OF_AMOUNTS = (Expectation.NUMBER, Expectation.POSITIVE_NUMBER, Expectation.RATE, Expectation.DIRECTION)
THRESHOLD = ("accuracy", "acc", "binaryaccuracy")


@check(
    "O208",
    Severity.NOTE,
    "{metric} says nothing about {output}: {what}",
    stage=Stage.CONTRACT,
    untreatable="a metric is only shown; the loss does not depend on it",
)
def wrong_metric(network: Network, contract: Contract) -> Iterator[Evidence]:
    """A metric that says nothing about these predictions.

    Why it matters
        Accuracy counts predictions that hit a class. Of amounts it counts the rows where rounding happens to agree,
        a number near 0 however good the model is. Training does not use it: a stuck accuracy is then no sign of
        a stuck model.
    How to fix it
        For amounts mae, or R2Score; for classes the accuracy that goes with the labels, which
        metrics=["accuracy"] chooses by itself.
    When it stays silent
        Errors as metrics of a classifier; accuracy of labels 0 and 1 whatever the loss.
    How sure
        Measured: the metrics are read in the file.
    """
    if len(network.metrics) != len(network.output_names):
        return
    of_output = dict(zip(network.output_names, network.metrics, strict=True))
    for clause in contract.clauses:
        output, labels = clause.output, clause.labels
        by_reason: dict[tuple[str, str, str], list[str]] = {}
        for metric in of_output.get(output.name, ()):
            reason = _reason(metric, output, labels)
            if reason is not None:
                by_reason.setdefault(reason, []).append(metric)
        for (what, text, code), named in by_reason.items():
            yield Evidence(
                numbers={"metric": listing(named), "output": output.name, "what": what, "loss": output.loss_label},
                certainty=Certainty.MEASURED,
                why="It changes nothing in training, which follows the loss: the model may be fine.",
                remedy=Remedy(text, code),
                strength=0.5,
            )


def _plain(metric: str) -> str:
    return metric.replace("_", "").lower()


def _reason(metric: str, output: OutputHead, labels: Labels | None) -> tuple[str, str, str] | None:
    """What is wrong, what to do and the code for it; None when the metric means what it says."""
    plain = _plain(metric)
    if plain in OF_CLASSES and _amounts(output, labels):
        return "its targets are amounts, and no class to hit", "measure the error", 'metrics=["mae"]'
    if metric == "Accuracy":
        return (
            "the class Accuracy counts predictions that equal the label to the last digit",
            "take the accuracy that rounds first",
            'metrics=["accuracy"]',
        )
    if plain == "categoricalaccuracy" and output.units == 1:
        return (
            "it compares several units, and of a single one the largest is always the first",
            "take the accuracy of two classes",
            'metrics=["binary_accuracy"]',
        )
    if plain == "binaryaccuracy" and output.range is OutputRange.SHARES and output.units > 1:
        return (
            "it counts each unit of the softmax by itself, so that rows with no right prediction count as mostly right",
            "take the accuracy of classes",
            'metrics=["accuracy"]',
        )
    if plain in THRESHOLD and output.expectation is Expectation.LOGIT and output.range is OutputRange.LINEAR:
        return (
            "it takes predictions above 0.5 for a yes, and a logit says yes from 0 up",
            "give it the threshold of logits",
            "metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)]",
        )
    if plain in THRESHOLD and labels is not None and labels.kind is Kind.SIGNS:
        return (
            "it compares with 0 and 1, and the labels are -1 and 1",
            "give labels 0 and 1, or count signs yourself",
            "np.mean(np.sign(model.predict(x)) == y)",
        )
    return None


def _amounts(output: OutputHead, labels: Labels | None) -> bool:
    if output.expectation not in OF_AMOUNTS:
        return False
    if labels is None:
        return output.range is OutputRange.LINEAR
    return labels.kind in AMOUNTS or (labels.kind is Kind.SHIFTED and labels.columns == 1)
