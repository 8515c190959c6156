"""Metrics that do not say what they seem to of the predictions of an output."""

from mlpdoctor.core.fast_dataclass import dataclass
from mlpdoctor.core.finding import Remedy
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


@dataclass(frozen=True)
class MetricMisfit:
    """Why a metric says nothing of an output, and what to measure instead."""

    what: str
    remedy: Remedy


def _plain(metric: str) -> str:
    return metric.replace("_", "").lower()


def metric_misfit(metric: str, output: OutputHead, labels: Labels | None) -> MetricMisfit | None:
    """What is wrong with a metric, as the file spells it; None when it means what it says."""
    plain = _plain(metric)
    if plain in OF_CLASSES and _amounts(output, labels):
        return MetricMisfit(
            "its targets are amounts, and no class to hit", Remedy("measure the error", 'metrics=["mae"]')
        )
    if metric == "Accuracy":
        return MetricMisfit(
            "the class Accuracy counts predictions that equal the label to the last digit",
            Remedy("take the accuracy that rounds first", 'metrics=["accuracy"]'),
        )
    if plain == "categoricalaccuracy" and output.units == 1:
        return MetricMisfit(
            "it compares several units, and of a single one the largest is always the first",
            Remedy("take the accuracy of two classes", 'metrics=["binary_accuracy"]'),
        )
    if plain == "binaryaccuracy" and output.range is OutputRange.SHARES and output.units > 1:
        return MetricMisfit(
            "it counts each unit of the softmax by itself, so that rows with no right prediction count as mostly right",
            Remedy("take the accuracy of classes", 'metrics=["accuracy"]'),
        )
    if plain in THRESHOLD and output.expectation is Expectation.LOGIT and output.range is OutputRange.LINEAR:
        return MetricMisfit(
            "it takes predictions above 0.5 for a yes, and a logit says yes from 0 up",
            Remedy("give it the threshold of logits", "metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)]"),
        )
    if plain in THRESHOLD and labels is not None and labels.kind is Kind.SIGNS:
        return MetricMisfit(
            "it compares with 0 and 1, and the labels are -1 and 1",
            Remedy("give labels 0 and 1, or count signs yourself", "np.mean(np.sign(model.predict(x)) == y)"),
        )
    return None


def _amounts(output: OutputHead, labels: Labels | None) -> bool:
    if output.expectation not in OF_AMOUNTS:
        return False
    if labels is None:
        return output.range is OutputRange.LINEAR
    return labels.kind in AMOUNTS or (labels.kind is Kind.SHIFTED and labels.columns == 1)
